"""The private way in: a load balancer that speaks TLS alone, behind a web application firewall."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import IngressPort
from blueprint.types import Dialect, KeyPurpose, Layer
from components.foundation.web_acl import web_acl

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.foundation.ingress_spec import IngressSpec

TLS_POLICIES: Mapping[tuple[str, bool], str] = {
    ("1.2", False): "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    ("1.2", True): "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
    ("1.3", False): "ELBSecurityPolicy-TLS13-1-3-2021-06",
    ("1.3", True): "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
}
"""(Oldest version, validated cryptography) -> AWS policy; all offer 1.3, and 1.2 with authenticated ciphers only."""

HTTPS = 443
INNER = 8443
"""Port of agents: no network is admitted to it."""
UNPRIVILEGED = (1024, 65535)
IDLE_SECONDS = 300
"""A model may think long before its first token."""
YEAR_SECONDS = 31_536_000
DAY_SECONDS = 86_400
RENEWAL_DAYS = 45
"""Certificate Manager starts to renew 60 days before the end."""


class Ingress(Component):
    """Creates load balancer, HTTPS listener, security group and web ACL with its log; with agents, a listener of their own.

    Not created: an HTTP listener, a public address, a way of any network to the agents' listener.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: IngressSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        network: NetworkPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._network = spec, network
        group = self._security_group()
        balancer = aws.lb.LoadBalancer(
            self.named("balancer"), load_balancer_type="application", internal=True, security_groups=[group.id],
            subnets=list(network.workload_subnet_ids), enable_deletion_protection=spec.keep, drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive", enable_waf_fail_open=False, idle_timeout=IDLE_SECONDS,
            access_logs={"bucket": audit.access_log_bucket, "prefix": self.named("access"), "enabled": True},
            connection_logs={"bucket": audit.access_log_bucket, "prefix": self.named("connections"), "enabled": True},
            tags=self.tags(), opts=self.within(protect=spec.keep),
        )  # fmt: skip
        listener = self._listener(balancer, "https", HTTPS)
        inner = self._listener(balancer, "inner", INNER) if self._agents() else None
        self._guard(balancer, keys)
        self._warn_of_expiry(audit)
        self.ports = {
            "ingress": IngressPort(
                provider=noun, balancer_arn=balancer.arn, listener_arn=listener.arn, security_group_id=group.id,
                host=spec.host, inner_listener_arn=None if inner is None else inner.arn,
            )
        }  # fmt: skip
        self.finish(dns_name=balancer.dns_name)

    def _security_group(self) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            self.named("security-group"), vpc_id=self._network.vpc_id, description="Private way in: HTTPS from named networks",
            tags={**self.tags(), "Name": f"{self.platform.label}-ingress"}, opts=self.inside,
        )  # fmt: skip
        for number, cidr in enumerate(self._spec.allowed_cidrs or (self._network.vpc_cidr,)):
            aws.vpc.SecurityGroupIngressRule(
                self.named("https", str(number)), security_group_id=group.id, description="HTTPS from a named network",
                ip_protocol="tcp", from_port=HTTPS, to_port=HTTPS, cidr_ipv4=cidr, tags=self.tags(), opts=self.inside,
            )  # fmt: skip
        aws.vpc.SecurityGroupEgressRule(
            self.named("to-pods"), security_group_id=group.id, description="To pods, which listen on unprivileged ports",
            ip_protocol="tcp", from_port=UNPRIVILEGED[0], to_port=UNPRIVILEGED[1], cidr_ipv4=self._network.vpc_cidr,
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return group

    def _agents(self) -> bool:
        """Whether any component is an agent, called or not."""
        needs = self.platform.wiring.needs.values()
        return any(offer.dialect is Dialect.AGENT for each in needs for offer in each.offers)

    def _listener(self, balancer: aws.lb.LoadBalancer, part: str, port: int) -> aws.lb.Listener:
        """Answers 404 to whatever no component has claimed."""
        posture, classes = self.platform.posture, self.platform.classes(self.noun)
        oldest = self._spec.tls_min_version or max(posture.tls_min_version(classes), "1.2")
        validated = posture.fips_validated_crypto(classes) != "off"
        return aws.lb.Listener(
            self.named(part), load_balancer_arn=balancer.arn, port=port, protocol="HTTPS",
            ssl_policy=TLS_POLICIES[oldest, validated], certificate_arn=self._spec.certificate_arn,
            default_actions=[{
                "type": "fixed-response",
                "fixed_response": {"content_type": "text/plain", "message_body": "not found", "status_code": "404"},
            }],
            routing_http_response_server_enabled=False,
            routing_http_response_strict_transport_security_header_value=f"max-age={YEAR_SECONDS}; includeSubDomains",
            routing_http_response_x_content_type_options_header_value="nosniff",
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _guard(self, balancer: aws.lb.LoadBalancer, keys: KeysPort) -> None:
        acl = web_acl(
            self, "ingress", requests_per_five_minutes=self._spec.requests_per_five_minutes,
            key_arn=keys.arns[KeyPurpose.LOGS], keep=self._spec.keep,
        )  # fmt: skip
        aws.wafv2.WebAclAssociation(
            self.named("guarded"), resource_arn=balancer.arn, web_acl_arn=acl.arn, opts=self.inside
        )

    def _warn_of_expiry(self, audit: AuditPort) -> None:
        """Certificate Manager renews by itself; when it could not, people have six weeks."""
        aws.cloudwatch.MetricAlarm(
            self.named("certificate-expires"), name=f"{self.platform.label}-certificate-expires",
            alarm_description="The certificate of the private way in was not renewed in time",
            namespace="AWS/CertificateManager", metric_name="DaysToExpiry", statistic="Minimum", period=DAY_SECONDS,
            evaluation_periods=1, comparison_operator="LessThanThreshold", threshold=RENEWAL_DAYS,
            dimensions={"CertificateArn": self._spec.certificate_arn}, treat_missing_data="breaching",
            alarm_actions=[audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
        )  # fmt: skip

"""Load balancers, listeners, web application firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.entry import Listener, LoadBalancer, TargetGroup, WebAcl
from compliance.facts.leaf import mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import MISSING, Reading

Tls: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]
_MINUTE = 60
_ENCRYPTED = frozenset({"HTTPS", "TLS"})


def load_balancer(balancer: Reading) -> LoadBalancer:
    """Fold a load balancer."""
    return LoadBalancer(
        id=balancer.id("LoadBalancer"),
        urns=(balancer.urn,),
        data_classes=balancer.classes(),
        internal=balancer.flag("internal"),
        application=mapped(balancer.text("loadBalancerType"), lambda kind: kind == "application"),
        access_logged=balancer.flag("accessLogs.enabled"),
        deletion_protected=balancer.flag("enableDeletionProtection"),
        drops_invalid_headers=balancer.flag("dropInvalidHeaderFields"),
        ambiguity_refused=mapped(
            balancer.text("desyncMitigationMode"), lambda mode: mode in {"defensive", "strictest"}
        ),
        web_acl=_web_acl(balancer),
        idle_minutes=mapped(balancer.number("idleTimeout"), lambda seconds: -(-seconds // _MINUTE)),
    )


def listener(port: Reading) -> Listener:
    """Fold a listener; one that only redirects to HTTPS counts as encrypted."""
    protocol = port.text("protocol")
    return Listener(
        id=port.id("Listener"),
        urns=(port.urn,),
        data_classes=port.classes(),
        encrypted=some([mapped(protocol, lambda name: name in _ENCRYPTED), _redirects(port)]),
        terminates_tls=mapped(protocol, lambda name: name in _ENCRYPTED),
        tls_min_version=mapped(port.text("sslPolicy"), tls_of),
        fips=mapped(port.text("sslPolicy"), lambda policy: "require" if "FIPS" in policy.upper() else "off"),
    )


def target_group(targets: Reading) -> TargetGroup:
    """Fold a target group."""
    return TargetGroup(
        id=targets.id("TargetGroup"),
        urns=(targets.urn,),
        data_classes=targets.classes(),
        encrypted=mapped(targets.text("protocol"), lambda name: name in _ENCRYPTED),
    )


def web_acl(wall: Reading) -> WebAcl:
    """Fold a web ACL with its logging."""
    logging = wall.satellite("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "resourceArn")
    blocks = wall.present("defaultAction.block")
    return WebAcl(
        id=wall.id("WebAcl"),
        urns=(wall.urn, *((logging.urn,) if logging else ())),
        data_classes=wall.classes(),
        default_block_or_rules=some([_written(wall, "defaultAction.block"), wall.present("rules"), blocks]),
        managed_rules=_managed(wall),
        logged=logging.present("logDestinationConfigs") if logging else wall.absent_flag("webAclLoggingConfiguration"),
        rate_limited=some([*(_written(wall, f"{path}.statement.rateBasedStatement") for path in wall.items("rules")),
                           wall.known("rules", value=False)]),
    )  # fmt: skip


def tls_of(policy: str) -> Tls:
    """The oldest version that a security policy of Elastic Load Balancing speaks, as its name says."""
    if "TLS13-1-3" in policy:
        return "1.3"
    if "TLS13-1-1" in policy or "TLS-1-1" in policy:
        return "1.1"
    if "TLS13-1-0" in policy:
        return "1.0"
    return "1.2" if "TLS13-1-2" in policy or "TLS-1-2" in policy or "FS-1-2" in policy else "1.0"


def _web_acl(balancer: Reading) -> Leaf[Ref | None]:
    association = balancer.satellite("aws:wafv2/webAclAssociation:WebAclAssociation", "resourceArn")
    return (
        association.link("webAclArn") if association else mapped(balancer.absent("webAclAssociation"), lambda _: None)
    )


def _redirects(port: Reading) -> Leaf[bool]:
    actions = port.items("defaultActions")
    if not actions:
        return port.known("defaultActions", value=False)
    redirect = [
        port.text(f"{path}.redirect.protocol")
        for path in actions
        if port.raw(f"{path}.redirect.protocol") is not MISSING
    ]
    if len(redirect) < len(actions):
        return port.known("defaultActions", value=False)
    unknown = next((leaf for leaf in redirect if isinstance(leaf, Unknown)), None)
    return unknown or Known(
        all(isinstance(leaf, Known) and leaf.value == "HTTPS" for leaf in redirect), redirect[0].origin
    )


def _written(wall: Reading, path: str) -> Leaf[bool]:
    """Whether a key is there at all; an empty object is how WAF writes "yes, without settings"."""
    told = wall.present(path)
    return told if isinstance(told, Unknown) else wall.known(path, wall.raw(path) is not MISSING)


def _managed(wall: Reading) -> Leaf[frozenset[str]]:
    if wall.resource.external:
        return Unknown("existing", wall.origin("rules"))
    names = list(_names(wall))
    unknown = next((leaf for leaf in names if isinstance(leaf, Unknown)), None)
    return unknown or wall.known("rules", frozenset(leaf.value for leaf in names if isinstance(leaf, Known)))


def _names(wall: Reading) -> Iterator[Leaf[str]]:
    for path in wall.items("rules"):
        group = f"{path}.statement.managedRuleGroupStatement.name"
        counts = wall.raw(f"{path}.overrideAction.count") is not MISSING
        if wall.raw(group) is not MISSING and not counts:
            yield wall.text(group)


ADAPTERS = (
    Adapter("aws:lb/loadBalancer:LoadBalancer", load_balancer),
    Adapter("aws:lb/listener:Listener", listener),
    Adapter("aws:lb/targetGroup:TargetGroup", target_group),
    Adapter("aws:wafv2/webAcl:WebAcl", web_acl),
)

"""Secrets that components asked for, and who renews them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.errors import DocumentError, Problem, nearest
from blueprint.ports import SecretsPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from blueprint.wiring import slug
from components.foundation.random_rotator import RandomRotator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.foundation.secrets_spec import SecretStoreSpec


class SecretStore(Component):
    """Creates each secret of the wiring without a value, its policy, its rotation, whose first run fills it, and the
    right of its owner's workloads to read it.

    Raises DocumentError when the document names a rotator for a secret that nobody asked for.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: SecretStoreSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        identity: IdentityPort,
        network: NetworkPort | None = None,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._key_arn = spec, keys.arns[KeyPurpose.SECRETS]
        owners = {f"{owner}/{name}": owner for owner, needs in platform.wiring.needs.items() for name in needs.secrets}
        _refuse_unknown(noun, spec, owners)
        secrets = {name: self._secret(name, owners[name]) for name in sorted(owners)}
        ours = {name: secret for name, secret in secrets.items() if spec.rotators.get(name, "random") == "random"}
        if ours:
            rotator = RandomRotator(
                f"{noun}/rotator", platform=platform, key_arn=self._key_arn, log_key_arn=keys.arns[KeyPurpose.LOGS],
                secret_arns=[secret.arn for secret in ours.values()], network=network, opts=self.inside,
            )  # fmt: skip
            for name, secret in ours.items():
                self._rotate(name, secret, rotator.function_arn, after=[rotator])
        for name, secret in secrets.items():
            function_arn = spec.rotators.get(name, "random")
            if function_arn not in {"random", "none"}:
                self._rotate(name, secret, function_arn, after=[])
        for owner in sorted(set(owners.values())):
            self._admit(owner, [secrets[name].arn for name in sorted(secrets) if owners[name] == owner], identity)
        self.ports = {
            "secrets": SecretsPort(provider=noun, arns={name: secret.arn for name, secret in secrets.items()})
        }
        self.finish()

    def _secret(self, name: str, owner: Noun) -> aws.secretsmanager.Secret:
        platform = self.platform
        prefix = platform.wiring.needs[owner].prefixes.get(name.removeprefix(f"{owner}/"))
        secret = aws.secretsmanager.Secret(
            self.named(slug(name)), name=f"{platform.label}/{name}", description=f"Asked for by {owner}",
            kms_key_id=self._key_arn, recovery_window_in_days=self._spec.recovery_days,
            tags=platform.tags(self.LAYER, owner, more={Tag.VALUE_PREFIX: prefix} if prefix else None), opts=self.inside,
        )  # fmt: skip
        aws.secretsmanager.SecretPolicy(
            self.named(slug(name), "policy"), secret_arn=secret.arn, block_public_policy=True,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
                     "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
                    {"Sid": "OwnAccountOnly", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*",
                     "Resource": "*", "Condition": {
                         "StringNotEquals": {"aws:PrincipalAccount": platform.account},
                         "Bool": {"aws:PrincipalIsAWSService": "false"},
                     }},
                ],
            }),
            opts=self.inside,
        )  # fmt: skip
        return secret

    def _rotate(
        self,
        name: str,
        secret: aws.secretsmanager.Secret,
        function_arn: pulumi.Input[str],
        *,
        after: list[pulumi.Resource],
    ) -> None:
        owner, _, _ = name.rpartition("/")
        days = self._spec.rotation_days or self.platform.posture.access_key_max_age_days(self.platform.classes(owner))
        aws.secretsmanager.SecretRotation(
            self.named(slug(name), "rotation"), secret_id=secret.id, rotation_lambda_arn=function_arn,
            rotate_immediately=True, rotation_rules={"automatically_after_days": days},
            opts=self.within(depends_on=after),
        )  # fmt: skip

    def _admit(self, owner: Noun, secret_arns: list[pulumi.Output[str]], identity: IdentityPort) -> None:
        """A component's own workloads read the component's own secrets; others are admitted by whoever offers a port."""
        through = {"kms:ViaService": f"secretsmanager.{self.platform.region}.amazonaws.com"}
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "OwnSecrets", "Effect": "Allow", "Resource": secret_arns,
                 "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]},
                {"Sid": "TheirKey", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": self._key_arn,
                 "Condition": {"StringEquals": through}},
            ],
        }  # fmt: skip
        for (noun, workload), who in sorted(identity.workloads.items()):
            if noun == owner:
                aws.iam.RolePolicy(
                    self.named(slug(owner), workload, "reads"), role=who.role_name,
                    policy=pulumi.Output.json_dumps(document), opts=self.inside,
                )  # fmt: skip


def _refuse_unknown(noun: Noun, spec: SecretStoreSpec, owners: Mapping[str, Noun]) -> None:
    problems = [
        Problem(
            what=f"names a rotator for the secret {name!r}, which no component asks for",
            why="nothing would be rotated, although the document says so",
            path=(noun, "rotators", name), value=name, allowed=", ".join(sorted(owners)) or "no component asks for any",
            fix=nearest(name, owners) if owners else "leave rotators out",
        )
        for name in sorted(spec.rotators.keys() - owners.keys())
    ]  # fmt: skip
    if problems:
        raise DocumentError(problems)

"""In which region and account each resource lives: its own input, else its provider's, else the stack's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from blueprint.graph import Resource, Urn, embedded_json
from blueprint.types import Partition

PROVIDERS = "pulumi:providers:"


@dataclass(frozen=True)
class Place:
    """Where a stack is, as its document says."""

    account: str
    region: str
    partition: Partition = Partition.AWS
    zones: tuple[str, ...] = ()


def placed(resources: Iterable[Resource], home: Place | None) -> tuple[Resource, ...]:
    """Fill region and account of everything a provider manages; without a home, what nothing tells stays None.

    Default providers are the engine's own: they place their resources and are left out of the result.
    """
    found = tuple(resources)
    providers = {one.urn: one.inputs for one in found if one.type.startswith(PROVIDERS)}
    return tuple(_placed(one, providers, home) for one in found if not is_default_provider(one.urn))


def is_default_provider(urn: Urn) -> bool:
    """Whether the engine made this provider because the program named none."""
    return f"::{PROVIDERS}" in urn and urn.rsplit("::", 1)[-1].startswith("default")


def region_of(inputs: Mapping[str, JsonValue]) -> str | None:
    """The region that the inputs of a provider, or of a resource with its own, name."""
    region = inputs.get("region")
    return region if isinstance(region, str) else None


def account_of(inputs: Mapping[str, JsonValue]) -> str | None:
    """The one account that the inputs of an AWS provider allow, or whose role they assume."""
    match embedded_json(inputs.get("allowedAccountIds")):
        case [str(only)]:
            return only
    match embedded_json(inputs.get("assumeRoles")):
        case [*_, {"roleArn": str(arn)} | {"role_arn": str(arn)}] if arn.count(":") >= 5:
            return arn.split(":")[4]
    return None


def _placed(resource: Resource, providers: Mapping[Urn, Mapping[str, JsonValue]], home: Place | None) -> Resource:
    if not resource.custom:
        return resource
    own = resource.inputs
    provider = own if resource.type.startswith(PROVIDERS) else providers.get(resource.provider or "", {})
    return replace(
        resource,
        region=(region_of(own) if resource.type.startswith("aws:") else None)
        or region_of(provider)
        or (home.region if home else None),
        account=account_of(provider) or (home.account if home else None),
        provider=None if is_default_provider(resource.provider or "") else resource.provider,
    )

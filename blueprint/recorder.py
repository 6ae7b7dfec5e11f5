"""The engine's side of a synth: answers registrations as a preview does and keeps what was said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import alias_pb2, engine_pb2, resource_pb2, source_pb2
from pydantic import JsonValue

from blueprint.declared import declared
from blueprint.errors import ProgramError, nearest
from blueprint.graph import Resource, ResourceGraph, Urn
from blueprint.links import linked
from blueprint.placement import Place, account_of, placed, region_of
from blueprint.symbols import Symbols

STACK = "pulumi:pulumi:Stack"

_logger = logging.getLogger("blueprint.synth")


class Log:
    """The engine's log: warnings and errors go to Python's logging, the rest is dropped."""

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802  the call's own name
        """Take one message."""
        if request.severity == engine_pb2.WARNING:
            _logger.warning(request.message)
        elif request.severity == engine_pb2.ERROR:
            _logger.error(request.message)
        return empty_pb2.Empty()


class Recorder:
    """A resource monitor without a server. The request is the record.

    `symbolic`: text that only the cloud decides is answered with a symbol, so that policies built from it keep their
    shape; else it stays unknown, as in the engine's own preview.
    """

    def __init__(self, *, project: str, stack: str, place: Place, symbolic: bool) -> None:
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._stack = stack
        self._place = place
        self._symbols = Symbols(enabled=symbolic)
        self._resources: dict[Urn, Resource] = {}

    def graph(self) -> ResourceGraph:
        """Everything that was registered."""
        existing = {urn: {"id": one.id} for urn, one in self._resources.items() if one.external and one.id}
        resources = linked(placed(self._resources.values(), self._place), existing)
        return ResourceGraph(stack=self._stack, resources=resources)

    # The calls of pulumirpc.ResourceMonitor, by their own names.

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Record a resource; answer its inputs, and symbols for what the cloud will add."""
        urn = self._urn(request.parent, request.type, request.name)
        self._keep(
            Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                id=request.importId or None,
                custom=request.custom,
                parent=request.parent or None,
                provider=_without_id(request.provider),
                inputs=self._symbols.read(request.object),
                dependencies=tuple(sorted(request.dependencies)),
                property_dependencies={
                    name: tuple(sorted(found.urns))
                    for name, found in sorted(request.propertyDependencies.items())
                    if found.urns
                },
                protect=request.protect,
                retain_on_delete=request.retainOnDelete,
                ignore_changes=tuple(sorted(request.ignoreChanges)),
                aliases=tuple(sorted({*request.aliasURNs, *(self._alias(one, request) for one in request.aliases)})),
                source=_source(request.sourcePosition),
            )
        )
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        answer = self._symbols.answer(
            urn, request.object, declared(request.type), secret=request.additionalSecretOutputs
        )
        return resource_pb2.RegisterResourceResponse(urn=urn, id=self._symbols.token(urn, "id"), object=answer)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Record a resource that exists already; nothing but its identifier is known of it."""
        urn = self._urn(request.parent, request.type, request.name)
        self._keep(
            Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                id=request.id,
                external=True,
                parent=request.parent or None,
                provider=_without_id(request.provider),
                inputs=self._symbols.read(request.properties),
                dependencies=tuple(sorted(request.dependencies)),
                source=_source(request.sourcePosition),
            )
        )
        answer = self._symbols.answer(
            urn, request.properties, declared(request.type), secret=request.additionalSecretOutputs
        )
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=answer)

    def RegisterResourceOutputs(  # noqa: N802
        self, _request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Outputs of components repeat what their children were told."""
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Answer what programs ask AWS about themselves from the stack's own document."""
        provider = self._resources.get(_without_id(request.provider) or "")
        inputs = provider.inputs if provider else {}
        place = Place(
            account=account_of(inputs) or self._place.account,
            region=region_of(inputs) or self._place.region,
            partition=self._place.partition,
            zones=self._place.zones,
        )
        answer = ANSWERS.get(request.tok)
        if answer is None:
            known = nearest(request.tok, ANSWERS)
            raise ProgramError(
                f"the program asks {request.tok}, which nobody answers offline ({known}); "
                "state the value in the stack document"
            )
        found = struct_pb2.Struct()
        found.update(answer(place))
        return resource_pb2.ResourceInvokeResponse(**{"return": found})  # type: ignore[arg-type]  # return is a keyword

    def Call(self, request: resource_pb2.ResourceCallRequest) -> None:  # noqa: N802
        """Refuse methods of remote components: nobody runs them offline."""
        raise ProgramError(f"the program calls {request.tok}, which only a running provider can answer")

    def GetDeploymentInfo(self, _request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Say what a registration may carry.

        Left out: outputs as values, so that requests hold plain ones; transforms and hooks, which only the engine runs,
        so that the SDK refuses a program that has them.
        """
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterPackage(  # noqa: N802
        self, request: resource_pb2.RegisterPackageRequest
    ) -> resource_pb2.RegisterPackageResponse:
        """Name a package by what it is."""
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, _request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802
        """Nothing to wait for."""
        return empty_pb2.Empty()

    def _keep(self, resource: Resource) -> None:
        if resource.urn in self._resources:
            first = self._resources[resource.urn].source
            raise ProgramError(
                f"two resources are called {resource.name!r} in the same place: {resource.urn} "
                f"(first at {first}, again at {resource.source})"
            )
        self._resources[resource.urn] = resource

    def _urn(self, parent: Urn, token: str, name: str) -> Urn:
        chain = parent.split("::")[2] if parent else STACK
        return f"{self._prefix}{'' if chain == STACK else chain + '$'}{token}::{name}"

    def _alias(self, alias: alias_pb2.Alias, request: resource_pb2.RegisterResourceRequest) -> Urn:
        if alias.urn:
            return alias.urn
        spec = alias.spec
        parent = "" if spec.noParent else spec.parentUrn or request.parent
        urn = self._urn(parent, spec.type or request.type, spec.name or request.name)
        stack, project, rest = urn.removeprefix("urn:pulumi:").split("::", 2)
        return f"urn:pulumi:{spec.stack or stack}::{spec.project or project}::{rest}"


def _without_id(provider: str) -> Urn | None:
    return provider.rsplit("::", 1)[0] or None


def _source(position: source_pb2.SourcePosition) -> str | None:
    return f"{position.uri.removeprefix('file://')}:{position.line}" if position.uri else None


def _identity(place: Place) -> dict[str, JsonValue]:
    role = f"arn:{place.partition}:iam::{place.account}:role/deployer"
    return {"accountId": place.account, "arn": role, "id": place.account, "userId": "deployer"}


def _region(place: Place) -> dict[str, JsonValue]:
    endpoint = f"ec2.{place.region}.{_dns(place)}"
    return {"region": place.region, "name": place.region, "id": place.region, "endpoint": endpoint, "description": ""}


def _partition(place: Place) -> dict[str, JsonValue]:
    suffix = _dns(place)
    reverse = ".".join(reversed(suffix.split(".")))
    return {"partition": place.partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse, "id": place.partition}


def _zones(place: Place) -> dict[str, JsonValue]:
    if not place.zones:
        raise ProgramError("the program asks which zones the region has; name them in the stack document")
    return {"names": list(place.zones), "zoneIds": [], "groupNames": [place.region], "id": place.region}


def _dns(place: Place) -> str:
    return "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"


ANSWERS: Mapping[str, Callable[[Place], dict[str, JsonValue]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
}

_FEATURES: Iterable[resource_pb2.ResourceMonitorFeature.ValueType] = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
)

"""A cloud that exists in memory: one provider server for AWS and Kubernetes, attached to a real engine.

It accepts every type, gives each resource the outputs that the SDK's class declares, and remembers every call.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pulumi_aws
import pulumi_kubernetes
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from blueprint.declared import Declared, Shape, declared
from blueprint.placement import Place
from blueprint.recorder import ANSWERS
from blueprint.wire import SIGNATURE, UNKNOWN_TEXT

PACKAGES = {"aws": pulumi_aws.__name__, "kubernetes": pulumi_kubernetes.__name__}
ACCOUNT, REGION = "111122223333", "us-east-1"
_HERE = Place(account=ACCOUNT, region=REGION, zones=tuple(f"{REGION}{letter}" for letter in "abc"))

Check = provider_pb2.CheckRequest | provider_pb2.DiffRequest


class SimulatedCloud(provider_pb2_grpc.ResourceProviderServicer):
    """The provider. `calls` are (method, URN) in order; creating a resource whose name is in `failing` fails."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.failing: set[str] = set()
        self._lazy_imports = threading.Lock()

    def made(self, method: str) -> list[str]:
        """URNs for which a method was called, in order."""
        return [urn for name, urn in self.calls if name == method]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port of this machine; gives the value of PULUMI_DEBUG_PROVIDERS."""
        server = grpc.server(ThreadPoolExecutor(16))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield ",".join(f"{name}:{port}" for name in PACKAGES)
        finally:
            server.stop(0).wait()

    def Handshake(self, _request: object, _context: object) -> provider_pb2.ProviderHandshakeResponse:
        """Accept the engine; secrets stay wrapped, so that they stay encrypted in the state."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, _request: object, _context: object) -> empty_pb2.Empty:
        """Called because the server runs already."""
        return empty_pb2.Empty()

    def Cancel(self, _request: object, _context: object) -> empty_pb2.Empty:
        """Nothing runs that could be cancelled."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, _request: object, _context: object) -> plugin_pb2.PluginInfo:
        """Any version will do."""
        return plugin_pb2.PluginInfo(version="7.51.1")

    def CheckConfig(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:
        """Accept any configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, _context: object) -> provider_pb2.DiffResponse:
        """Tell what changed."""
        return _difference(request)

    def Configure(self, request: provider_pb2.ConfigureRequest, _context: object) -> provider_pb2.ConfigureResponse:
        """Remember that a provider was started."""
        self.calls.append(("Configure", request.urn))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:
        """Accept any inputs as they are: secrets and unknowns survive."""
        self.calls.append(("Check", request.urn))
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: provider_pb2.DiffRequest, _context: object) -> provider_pb2.DiffResponse:
        """Tell which inputs changed."""
        return _difference(request)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Give an identifier and the declared outputs; a preview gives neither, and leaves open what it will complete."""
        made = struct_pb2.Struct()
        made.CopyFrom(request.properties)
        if request.preview:
            for _, value in self._left_open(made, request.urn):
                value.string_value = UNKNOWN_TEXT
            return provider_pb2.CreateResponse(properties=made)
        self.calls.append(("Create", request.urn))
        name = request.urn.rsplit("::", 1)[-1]
        if name in self.failing:
            context.abort(grpc.StatusCode.UNKNOWN, f"{name} was told to fail")
        identifier = _identifier(request.urn)
        self._complete(made, request.urn, identifier)
        return provider_pb2.CreateResponse(id=identifier, properties=made)

    def Update(self, request: provider_pb2.UpdateRequest, _context: object) -> provider_pb2.UpdateResponse:
        """Keep what was, changed by what is new; in a preview too, or every output would become unknown."""
        if not request.preview:
            self.calls.append(("Update", request.urn))
        made = struct_pb2.Struct()
        made.CopyFrom(request.olds)
        for name, value in request.news.fields.items():
            made.fields[name].CopyFrom(value)
        return provider_pb2.UpdateResponse(properties=made)

    def Read(self, request: provider_pb2.ReadRequest, _context: object) -> provider_pb2.ReadResponse:
        """Find what is asked for, as it was."""
        self.calls.append(("Read", request.urn))
        found = struct_pb2.Struct()
        found.CopyFrom(request.properties)
        self._complete(found, request.urn, request.id)
        return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, _context: object) -> empty_pb2.Empty:
        """Remember what went."""
        self.calls.append(("Delete", request.urn))
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Answer what a program may ask offline as well; a new question fails loudly."""
        answer = ANSWERS.get(request.tok)
        if answer is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the simulated cloud does not answer {request.tok}")
            return provider_pb2.InvokeResponse()
        found = struct_pb2.Struct()
        found.update(answer(_HERE))
        return provider_pb2.InvokeResponse(**{"return": found})  # type: ignore[arg-type]  # return is a keyword

    def _complete(self, made: struct_pb2.Struct, urn: str, identifier: str) -> None:
        """Add what the type declares and the inputs do not say."""
        token, outputs, fields = _token(urn), self._declared(urn), made.fields
        for name in outputs.texts:
            if name not in fields:
                fields[name].string_value = _text(token, name, identifier)
        for name in outputs.numbers:
            if name not in fields:
                fields[name].number_value = 1
        for name, shape in outputs.computed.items():
            if name not in fields:
                _fill(fields[name], shape, token, name, identifier)
        for member, value in self._left_open(made, urn):
            value.string_value = _text(token, member, identifier)

    def _left_open(self, made: struct_pb2.Struct, urn: str) -> Iterator[tuple[str, struct_pb2.Value]]:
        """Members of objects that the inputs begin and the cloud completes, by name."""
        for name, members in self._declared(urn).partly.items():
            begun = made.fields[name].struct_value.fields if name in made.fields else {}
            for member in members if begun and SIGNATURE not in begun else ():
                if member not in begun and members[member] == "":
                    yield member, begun[member]

    def _declared(self, urn: str) -> Declared:
        with self._lazy_imports:
            return declared(_token(urn))


def _fill(value: struct_pb2.Value, shape: Shape, token: str, name: str, identifier: str) -> None:
    match shape:
        case str():
            value.string_value = _text(token, name, identifier)
        case dict():
            value.struct_value.SetInParent()  # one without any member that is text is still an object
            for inner, below in shape.items():
                if below is not None:
                    _fill(value.struct_value.fields[inner], below, token, inner, identifier)
        case [None]:
            value.list_value.SetInParent()
        case [only]:
            _fill(value.list_value.values.add(), only, token, name, identifier)


def _token(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _identifier(urn: str) -> str:
    return f"{urn.rsplit('::', 1)[-1]}-{hashlib.sha256(urn.encode()).hexdigest()[:7]}"


def _text(token: str, name: str, identifier: str) -> str:
    """Something of the shape that the property's name promises."""
    service = token.split(":")[1].split("/", maxsplit=1)[0]
    match name.lower():
        case "region":
            return REGION
        case "ownerid" | "accountid" | "registryid" | "owner":
            return ACCOUNT
        case arn if arn.endswith("arn"):
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name.removesuffix('arn').removesuffix('Arn')}{identifier}"
        case "name" | "bucket":
            return identifier
    return f"{identifier}.{name}.example.internal"


def _difference(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    old, new = request.old_inputs.fields, request.news.fields
    ignored = {path.split(".")[0].split("[")[0] for path in request.ignoreChanges}
    changed = sorted(
        name for name in {*old, *new} - ignored if name != "__defaults" and _of(old, name) != _of(new, name)
    )
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=some, diffs=changed)


def _of(fields: Mapping[str, struct_pb2.Value], name: str) -> struct_pb2.Value | None:
    return fields.get(name)

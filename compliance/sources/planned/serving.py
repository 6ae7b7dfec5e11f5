"""Model servers and the catalogue."""

from __future__ import annotations

from pydantic import JsonValue

from blueprint.graph import Ref, as_ref, is_unknown, parts
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, mapped, some
from compliance.facts.serving import Model, ModelServer
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.mounts import inside_only, secret_names
from compliance.sources.planned.pods import PODS, Pod
from compliance.sources.planned.reading import Reading

SERVERS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
IMAGE = "vllm"
CATALOGUE = "blueprint.model/1"
"""What an entry of the catalogue says it is."""
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_SILENT = ("HF_HUB_OFFLINE", "VLLM_NO_USAGE_STATS")
_TRUE = frozenset({"1", "true", "yes", "on"})


def model_server(reading: Reading) -> ModelServer | None:
    """Fold a workload whose main container runs vLLM; what it shares with other workloads is its Workload."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if runs(reading, each, IMAGE)), None)
    if container is None:
        return None
    told = pod.arguments(container)
    return ModelServer(
        id=reading.id("ModelServer"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        own_bucket=_own_bucket(pod),
        verified=_verified(pod),
        authenticated=_authenticated(pod, container, told),
        encrypted=some((_given(told, "--ssl-certfile"), speaks_tls(reading, container))),
        offline=every(switched_on(pod, container, name) for name in _SILENT),
        remote_code=_given(told, "--trust-remote-code"),
        logs_prompts=some((_given(told, "--enable-log-requests"), _given(told, "--enable-log-outputs"))),
        traces=_given(told, "--otlp-traces-endpoint"),
        private=inside_only(pod),
    )


def model(reading: Reading) -> Model | None:
    """Fold an object of a bucket that is an entry of the catalogue; the other objects are no subjects."""
    found = reading.document("content")
    entry = found.value if isinstance(found, Known) else None
    if not isinstance(entry, dict) or entry.get("schema") != CATALOGUE:
        return None
    owner, approver = entry.get("owner"), entry.get("approved_by")
    return Model(
        id=reading.id("Model"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        owner=_stated(reading, entry, "owner"),
        licence=_stated(reading, entry, "licence"),
        risk_class=_stated(reading, entry, "risk_class"),
        origin_known=reading.known("content.source", bool(entry.get("source")) and bool(entry.get("revision"))),
        approved=reading.known(
            "content.approved_by", bool(approver) and approver != owner and bool(entry.get("approved_on"))
        ),
        digest=_stated(reading, entry, "digest"),
    )


def runs(reading: Reading, container: str, image: str) -> bool:
    """Whether a container's image is of that repository."""
    pieces = parts(reading.raw(f"{container}.image")) or ()  # type: ignore[arg-type]
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return image in text.partition("@")[0].rpartition(":")[0].rpartition("/")[2]


def switched_on(pod: Pod, container: str, name: str) -> Leaf[bool]:
    """Whether a variable of the container is set to something that means yes."""
    path, value = pod.environment(container).get(name, (f"{container}.env", None))
    if is_unknown(value):
        return Unknown("cloud_decides", pod.reading.origin(path))
    return pod.reading.known(path, value=isinstance(value, str) and value.lower() in _TRUE)


def speaks_tls(reading: Reading, container: str) -> Leaf[bool]:
    """Whether the container is ready only when it answers over TLS."""
    path = f"{container}.readinessProbe.httpGet.scheme"
    return reading.known(path, value=reading.raw(path) == "HTTPS")


def _given(told: Leaf[tuple[str, ...]], name: str) -> Leaf[bool]:
    return mapped(told, lambda words: any(word == name or word.startswith(f"{name}=") for word in words))


def _authenticated(pod: Pod, container: str, told: Leaf[tuple[str, ...]]) -> Leaf[bool]:
    """A key is mounted, named by a variable, or given as an argument."""
    mounted = next((path for name, path in secret_names(pod).items() if "api-key" in name), None)
    if mounted is not None:
        return pod.reading.known(mounted, value=True)
    path = pod.environment(container).get("VLLM_API_KEY", (None,))[0]
    if path is not None:
        return pod.reading.known(path, value=True)
    given = _given(told, "--api-key")
    return given if isinstance(given, Known) and given.value else pod.reading.doubt(f"{pod.spec}.volumes") or given


def _own_bucket(pod: Pod) -> Leaf[bool]:
    """Whether what fetches the weights, or the server itself, is told a bucket of the graph."""
    buckets = pod.reading.links.derived(_buckets)
    untold: Leaf[bool] | None = None
    for container in pod.all_containers:
        for path, value in pod.environment(container).values():
            if _names_bucket(value, buckets):
                return pod.reading.known(f"{path}.value", value=True)
            if is_unknown(value):
                untold = Unknown("cloud_decides", pod.reading.origin(f"{path}.value"))
        for path in pod.reading.items(f"{container}.args"):
            if _names_bucket(pod.reading.raw(path), buckets):  # type: ignore[arg-type]
                return pod.reading.known(path, value=True)
    return untold or pod.reading.none(f"{pod.spec}.initContainers")


def _names_bucket(value: JsonValue, buckets: frozenset[str]) -> bool:
    """A reference to a bucket, its name, or an address inside it."""
    for piece in parts(value) or ():
        if isinstance(piece, Ref):
            if piece.urn in buckets:
                return True
        elif piece in buckets or piece.removeprefix("s3://").partition("/")[0] in buckets:
            return True
    return False


def _verified(pod: Pod) -> Leaf[bool]:
    """Whether something that runs before the server is told the digest to hold the weights against."""
    for container in pod.reading.items(f"{pod.spec}.initContainers"):
        for name, (path, value) in pod.environment(container).items():
            if "DIGEST" in name:
                known = isinstance(value, str) and value.startswith("sha256:")
                return pod.reading.known(f"{path}.value", known)
    return pod.reading.known(f"{pod.spec}.initContainers", value=False)


def _buckets(links: Links) -> frozenset[str]:
    """URNs and names of the graph's buckets."""
    found = links.graph.of(*BUCKETS)
    names = (name for each in found if isinstance(name := each.inputs.get("bucket"), str))
    return frozenset((*(each.urn for each in found), *names))


def _stated(reading: Reading, entry: dict[str, JsonValue], key: str) -> Leaf[str | None]:
    value = entry.get(key)
    origin = reading.origin(f"content.{key}")
    if is_unknown(value) or as_ref(value):
        return Unknown("cloud_decides", origin)
    return Known(value if isinstance(value, str) and value else None, origin)


ADAPTERS = (
    *(Adapter(token, model_server) for token in SERVERS if token in PODS),
    Adapter("aws:s3/bucketObjectv2:BucketObjectv2", model),
)

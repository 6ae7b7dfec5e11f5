"""Names that several layers must agree on without asking each other."""

from __future__ import annotations

import hashlib

from blueprint.types import Layer, Noun
from blueprint.wiring import slug

PREFIX = "blueprint"


def token(layer: Layer, noun: str) -> str:
    """Type token of a component; part of every URN, so a change needs an alias and an ADR."""
    return f"{PREFIX}:{layer.value}:{noun}"


def namespace(noun: Noun) -> str:
    """Kubernetes namespace of a component's workloads: one for each component."""
    return slug(noun)


def service_account(workload: str) -> str:
    """Kubernetes service account of one workload, inside its component's namespace."""
    return workload


def labels(noun: Noun, workload: str) -> dict[str, str]:
    """Labels by which a workload's pods are selected; network policies rest on them."""
    return {"app.kubernetes.io/name": workload, "app.kubernetes.io/part-of": slug(noun)}


def fitted(name: str, longest: int) -> str:
    """A name of at most so many characters, still different for different names."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

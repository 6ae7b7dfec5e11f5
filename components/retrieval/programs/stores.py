"""The store that a pod is told, by its kind."""

from __future__ import annotations

import os
from importlib import import_module

from components.retrieval.programs.contract import Store

KINDS = frozenset({"opensearch", "pgvector", "qdrant"})


def store() -> Store:
    """Open it. Raises KeyError for a kind that there is no program for."""
    kind = os.environ["STORE_KIND"]
    if kind not in KINDS:
        raise KeyError(kind)
    opened: Store = import_module(f"components.retrieval.programs.{kind}").store()
    return opened

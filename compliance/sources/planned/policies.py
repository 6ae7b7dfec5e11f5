"""Leaves that are answers about a policy document."""

from __future__ import annotations

from collections.abc import Callable

from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.policy import Statement, statements
from compliance.sources.planned.reading import Reading


def asked(holder: Reading | None, path: str, question: Callable[[tuple[Statement, ...]], bool], without: Leaf[bool]) -> Leaf[bool]:
    """What a document says; `without` where there is none."""
    if holder is None:
        return without
    document = holder.document(path)
    if isinstance(document, Unknown):
        return without if document.reason == "no_default" else document
    found = statements(document.value)
    return Unknown("cloud_decides", document.origin) if found is None else Known(question(found), document.origin)

"""Leaves that are answers about a policy document."""

from __future__ import annotations

from collections.abc import Callable

from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import mapped
from compliance.facts.policy import Statement, statements
from compliance.sources.planned.reading import Reading


def asked(
    holder: Reading | None, path: str, question: Callable[[tuple[Statement, ...]], bool], without: Leaf[bool]
) -> Leaf[bool]:
    """What a document says; `without` where there is none."""
    if holder is None:
        return without
    found = _statements(holder, path)
    return without if isinstance(found, Unknown) and found.reason == "no_default" else mapped(found, question)


def _statements(holder: Reading, path: str) -> Leaf[tuple[Statement, ...]]:
    place = (holder.urn, path)
    found = holder.links.policies.get(place)
    if found is None:
        found = holder.links.policies[place] = _read(holder, path)
    return found


def _read(holder: Reading, path: str) -> Leaf[tuple[Statement, ...]]:
    document = holder.document(path)
    if isinstance(document, Unknown):
        return document
    found = statements(document.value)
    return Unknown("cloud_decides", document.origin) if found is None else Known(found, document.origin)

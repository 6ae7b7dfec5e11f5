"""Host names as firewall and proxy take them: a name, or a leading dot for everything below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def allow_list(names: Iterable[str]) -> tuple[str, ...]:
    """Sorted, without names that another one covers: Squid refuses a list that says the same twice.

    "*.example.org" becomes ".example.org", which in both tools also covers example.org itself.
    """
    dotted = {name.removeprefix("*") for name in names}
    return tuple(sorted(name for name in dotted if not any(_covers(other, name) for other in dotted - {name})))


def _covers(other: str, name: str) -> bool:
    return other.startswith(".") and (name == other[1:] or name.endswith(other))

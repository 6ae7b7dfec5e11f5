"""Verdicts of predicates, from the leaves that they looked at."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from compliance.facts.base import Known, Leaf, Unknown
from compliance.findings import Outcome, Verdict
from compliance.reads import read, told


def all_hold(leaves: Mapping[str, tuple[Leaf[Hashable], bool]], *, parameter: str | None = None) -> Verdict:
    """PASS when every leaf is known and holds: one that does not decides, else one that cannot be told.

    leaves: name -> the leaf, and whether its value is what is asked (ignored while the leaf is unknown).
    """
    failing = [name for name, (leaf, holds) in leaves.items() if isinstance(leaf, Known) and not holds]
    unknown = [name for name, (leaf, _) in leaves.items() if isinstance(leaf, Unknown)]
    deciding = failing or unknown or list(leaves)
    outcome = Outcome.FAIL if failing else Outcome.UNKNOWN if unknown else Outcome.PASS
    return Verdict(
        outcome=outcome,
        because="; ".join(told(name, leaves[name][0]) for name in deciding),
        reads=tuple(read(leaf, parameter=parameter, decides=name in deciding) for name, (leaf, _) in leaves.items()),
    )


def because(outcome: Outcome, sentence: str, *leaves: Leaf[Hashable]) -> Verdict:
    """A verdict with its own sentence, resting on these leaves."""
    return Verdict(outcome=outcome, because=sentence, reads=tuple(read(leaf) for leaf in leaves))

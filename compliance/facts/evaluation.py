"""How the quality of answers is watched."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class Evaluation(Subject):
    """Runs that measure answers: a schedule folded with its settings and with the alerts on its results."""

    scheduled: Leaf[bool]
    """Whether runs come by themselves."""
    overlaps: Leaf[bool]
    """Whether a run may begin while another one goes on."""
    dataset_pinned: Leaf[bool]
    """Whether the questions are named by their digest."""
    thresholds: Leaf[frozenset[str]]
    """Measures of which something is asked."""
    alarmed: Leaf[bool]
    """Whether a low score raises an alert, and silence does."""
    own_key: Leaf[bool]
    """Whether it calls the gateway with a key of its own."""

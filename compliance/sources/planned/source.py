"""The subjects of a resource graph."""

from __future__ import annotations

from blueprint.graph import ResourceGraph
from compliance.facts.base import Subject
from compliance.facts.subjects import Subjects
from compliance.sources.planned.adapter import adapters
from compliance.sources.planned.links import Links
from compliance.sources.planned.platform import platform
from compliance.sources.planned.reading import Reading


def subjects(graph: ResourceGraph) -> Subjects:
    """Fold every resource that an adapter knows, then take the inventory.

    The rest of the graph is met through links only.
    """
    links = Links(graph)
    found: list[Subject] = []
    for token, folds in adapters().items():
        for resource in graph.by_type.get(token, ()):
            reading = Reading(resource, links)
            found.extend(subject for fold in folds if (subject := fold(reading)) is not None)
    return Subjects(found, links.components, whole=not graph.incomplete).plus(platform(links, Subjects(found)))

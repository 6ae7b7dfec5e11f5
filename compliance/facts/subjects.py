"""All subjects of one source, and how they are linked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from compliance.facts.base import Ref, Subject

S = TypeVar("S", bound=Subject)


class Subjects:
    """The estate: subjects by kind, by resource, and by the component that made them."""

    def __init__(
        self, subjects: Iterable[Subject], components: Mapping[str, str] | None = None, *, whole: bool = True
    ) -> None:
        """components: resource URN -> name of its component. whole: False where some subjects may not have been read."""
        self.whole = whole
        self._given = tuple(subjects)
        self._components = components or {}
        self._kinds: dict[type[Subject], tuple[Subject, ...]] = {}
        self._places: dict[str, Subject] = {}
        groups: dict[type[Subject], list[Subject]] = {}
        for subject in _distinct(self._given):
            groups.setdefault(type(subject), []).append(subject)
            for urn in subject.urns:
                self._places.setdefault(urn, subject)
        for kind, group in groups.items():
            self._kinds[kind] = tuple(sorted(group, key=lambda subject: subject.id))

    def plus(self, *more: Subject) -> Subjects:
        """These subjects and some more."""
        return Subjects((*self._given, *more), self._components, whole=self.whole)

    def __len__(self) -> int:
        return sum(len(group) for group in self._kinds.values())

    def all(self, kind: type[S]) -> tuple[S, ...]:
        """Subjects of one kind, sorted by id."""
        return self._kinds.get(kind, ())  # type: ignore[return-value]

    def at(self, ref: Ref) -> Subject | None:
        """The subject that a link leads to; None where nothing of ours stands there."""
        return self._places.get(ref.urn)

    def component(self, subject: Subject) -> str | None:
        """Name of the component that a subject belongs to; None outside of any."""
        return next((self._components[urn] for urn in subject.urns if urn in self._components), None)


def _distinct(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """Two resources of one name under two components are told apart by their type chains."""
    twice = {name for name, count in Counter(subject.id for subject in subjects).items() if count > 1}
    return tuple(
        replace(subject, id=f"{subject.id} ({subject.urns[0].split('::')[2]})") if subject.id in twice else subject
        for subject in subjects
    )

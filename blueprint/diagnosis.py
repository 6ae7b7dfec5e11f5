"""A document against the models: every mismatch as a problem at its own place, and all that is sound besides."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from blueprint.document import platform_spec, slot_adapter
from blueprint.errors import Problem, nearest
from blueprint.slots import FUTURE, slots, spec_of
from blueprint.source import Path_, Source
from blueprint.spec import Spec
from blueprint.types import Noun

_INSERTED = frozenset({"error", "reason", "tag", "discriminator", "class_name"})
_PLAIN = {
    "string_type": "is not text", "int_type": "is not a whole number", "bool_type": "is neither true nor false",
    "tuple_type": "is not a list", "dict_type": "is not a mapping", "model_type": "is not a mapping",
    "model_attributes_type": "is not a mapping", "frozen_set_type": "is not a list",
}  # fmt: skip


class Diagnosis:
    """What is sound in a document and what is not."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data: dict[str, JsonValue] = source.data if isinstance(source.data, dict) else {}
        self.problems: list[Problem] = [*source.problems, *self._not_yet()]
        self.unsound: set[Noun] = set()
        self.specs = dict(self._specs())
        """Noun -> (slot, spec) of every component that is sound by itself, in the order in which they are made."""

    def document(self) -> BaseModel | None:
        """The whole document as a model, or None with its problems noted."""
        try:
            return platform_spec().model_validate({key: value for key, value in self.data.items() if key not in FUTURE})
        except ValidationError as error:
            self.problems += [self._problem(found) for found in error.errors(include_url=False)]
        return None

    def path(self, noun: Noun) -> Path_:
        """Where a component stands in the document."""
        slot, _, name = noun.partition("/")
        value = self.data.get(slot)
        if name and isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict) and item.get("name") == name:
                    return (slot, index)
        return (slot,)

    def word(self, noun: Noun, word: str) -> Path_:
        """Where inside a component a word stands, or what of it follows the last slash; else the component itself."""
        base = self.path(noun)
        inside = [path for path in self.source.values if path[: len(base)] == base and path[-1:] != ("name",)]
        wanted = [each for each in (word, word.rpartition("/")[2]) if each]
        return next((path for each in wanted for path in inside if self.source.at(path) == each), base)

    def _not_yet(self) -> Iterator[Problem]:
        for key in sorted(self.data.keys() & FUTURE.keys()):
            yield Problem(what=f"{FUTURE[key]} has no code yet", path=(key,), position=self.source.position((key,), key=True),
                          allowed=", ".join(sorted(slots())), why="this release does not build that layer", fix=f"remove {key}")  # fmt: skip

    def _specs(self) -> Iterator[tuple[Noun, tuple[str, Spec]]]:
        seen: set[Noun] = set()
        for name, slot in slots().items():
            for index, item in self._items(name):
                label = item.get("name") if slot.many and isinstance(item, dict) else None
                noun = f"{name}/{label}" if slot.many else name
                if slot.many and label is not None and noun in seen:
                    path = (name, index, "name")
                    self.problems.append(
                        Problem(
                            what=f"the name {label!r} is used twice",
                            path=path,
                            position=self.source.position(path),
                            value=str(label),
                            why="edges, exceptions and messages call a component by it",
                            fix="give one of them another name",
                        )
                    )
                    continue
                seen.add(noun)
                try:
                    yield noun, (name, slot_adapter(name).validate_python(item))
                except ValidationError:
                    self.unsound.add(noun)

    def _items(self, slot: str) -> list[tuple[int, JsonValue]]:
        value = self.data.get(slot, {} if slots()[slot].always else None)
        if slots()[slot].many:
            return list(enumerate(value)) if isinstance(value, list) else []
        return [] if value is None else [(0, value)]

    def _problem(self, error: ErrorDetails) -> Problem:
        path = self._real(error["loc"])
        kind, context = error["type"], error.get("ctx", {})
        if kind == "extra_forbidden":
            known = self._known(path[:-1])
            return Problem(what="unknown key", path=path, position=self.source.position(path, key=True), allowed=", ".join(sorted(known)),
                           why="a key that nothing reads would be ignored in silence", fix=nearest(str(path[-1]), known))  # fmt: skip
        if kind == "missing":
            return Problem(what="is missing", path=path, position=self.source.position(path), value="",
                           why="no default fits everyone", fix=f"add `{path[-1]}:`" if path else "add it")  # fmt: skip
        if kind == "union_tag_invalid":
            path, word = (*path, "kind"), str(context.get("tag"))
            kinds = slots()[str(path[0])].kinds
            return Problem(what="no such kind", path=path, position=self.source.position(path), value=word,
                           allowed=", ".join(kinds), why="the kind chooses the implementation", fix=nearest(word, kinds))  # fmt: skip
        message = _PLAIN.get(kind) or error["msg"].removeprefix("Value error, ").removeprefix("Input ")
        what, _, fix = message.partition("; fix: ")
        allowed = ", ".join(
            f"{name.replace('_', ' ')} {bound}" for name, bound in context.items() if name not in _INSERTED
        )
        value = error.get("input")
        shown = "" if isinstance(value, dict | list | BaseModel) else str(value)[:80]
        return Problem(what=what[:1].lower() + what[1:], path=path, position=self.source.position(path), value=shown, allowed=allowed, fix=fix)  # fmt: skip

    def _real(self, loc: tuple[str | int, ...]) -> Path_:
        """The path inside the document; the tag that a union inserts is dropped."""
        path: list[str | int] = []
        here: JsonValue = self.data
        for part in loc:
            if isinstance(here, dict) and isinstance(part, str):
                if part not in here and len(path) <= 2 and path and part in slots()[str(path[0])].kinds:
                    continue
                path.append(part)
                here = here.get(part)
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                path.append(part)
                here = here[part]
        return tuple(path)

    def _known(self, path: Path_) -> frozenset[str]:
        """Keys that the mapping at a path may have."""
        model: type[BaseModel] | None = platform_spec()
        rest = path
        if path and (slot := slots().get(str(path[0]))) is not None:
            depth = 2 if slot.many else 1
            item = self.source.at(path[:depth])
            kind = item.get("kind") if isinstance(item, dict) else None
            model, rest = spec_of(str(path[0]), kind if isinstance(kind, str) else next(iter(slot.kinds))), path[depth:]
        for part in rest:
            if isinstance(part, str) and model is not None:
                found = model.model_fields.get(part)
                model = _model_in(found.annotation) if found else None
        return frozenset(model.model_fields) if model else frozenset()


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model that a field holds, directly or inside a list, mapping or union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, types.UnionType, tuple, list, dict, Mapping, frozenset} or get_args(
        annotation
    ):
        return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)
    return None

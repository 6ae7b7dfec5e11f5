"""What a quantised checkpoint leaves in 16 bits, by the list of modules that it keeps."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from blueprint.planner.families import Family
from blueprint.planner.groups import compiles
from blueprint.planner.modules import modules_of
from blueprint.planner.settings import Refused
from blueprint.types import Frozen

LISTS = ("ignore", "modules_to_not_convert", "exclude_modules", "llm_int8_skip_modules", "ignored_layers", "exclude")
"""Where ways of packing keep it; GPTQ has `dynamic` and AutoRound `extra_config` instead."""
_STEM = "model.layers"
_STEMS = ("model.language_model.layers", "language_model.model.layers", "backbone.layers")
"""What checkpoints call the layers, the first of them nearly all."""
_ENDLESS = re.compile(r"\)[*+{]|[*+?}][*+{]")
"""A pattern that may take for ever: it repeats what repeats."""
_NUMBER = re.compile(r"\d")
_NO_NUMBER = re.compile(r"\[0-9\]|\\d|w\\?\[?123\]?|w[123]")
MOST_REPEATS, WHOLE_BITS = 8, 16


class Spared(Frozen):
    """Shares of the weights of each part, 0 to 1, that stay in 16 bits when the rest is quantised."""

    attention: float = 0.0
    dense: float = 0.0
    experts: float = 0.0
    states: float = 1.0
    """Of linear layers: as long as no checkpoint says that it converts them."""


class _Excluded(NamedTuple):
    """Names that exclude what they are a run of dotted words of, and patterns from the start of a name."""

    names: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]
    stems: tuple[str, ...]

    def holds(self, layer: int, module: str) -> bool:
        """Whether a module of a layer is excluded."""
        words = f"{_STEM}.{layer}.{module}".split(".")
        ends = range(len(words) + 1)
        if self.names and any(".".join(words[i:j]) in self.names for i in ends for j in ends[i + 1 :]):
            return True
        return any(each.match(f"{stem}.{layer}.{module}") for each in self.patterns for stem in self.stems)


def spared_of(
    told: Mapping[str, object], family: Family, depth: int, having: Mapping[str, int], refused: Refused
) -> Spared:
    """Read the list of a model with `depth` layers, `having` that many with each part. A pattern that is not tried is refused."""
    listed = tuple(_listed(told))
    names = frozenset(_plain(each) for each in listed if _pattern(each) is None)
    patterns = tuple(pattern for each in listed if (pattern := _pattern(each)) is not None)
    untried = [each for each in patterns if not _tried(each)]
    for each in untried:
        refused.say("quantization_config", "leaves out modules by a pattern that is not tried", value=each[:60],
                    allowed=f"patterns of at most {MOST_REPEATS} repeats, none of them repeated")  # fmt: skip
    if untried or not listed:
        return Spared(states=0.0)
    spoken = " ".join(listed).replace("\\", "")
    excluded = _Excluded(
        names, tuple(re.compile(each) for each in dict.fromkeys(patterns)),
        (_STEM, *(each for each in _STEMS if each.rpartition(".")[0] in spoken)),
    )  # fmt: skip
    numbered = any(_NUMBER.search(_NO_NUMBER.sub("", each)) for each in (*names, *patterns))
    shares: dict[str, float] = {"states": 0.0}
    for part, layers in having.items():
        found = (
            [_of_layer(excluded, part, family, layer) for layer in range(depth if numbered else 1)] if layers else []
        )
        shares[part] = min(1.0, sum(found) / layers) if numbered and layers else sum(found)
    return Spared.model_validate(shares)


def _of_layer(excluded: _Excluded, part: str, family: Family, layer: int) -> float:
    """Share of the modules of a part in one layer."""
    containers, named = modules_of(part, family)
    modules = [
        any(excluded.holds(layer, f"{container}.{name}") for container in containers for name in names)
        for names in named
    ]
    return sum(modules) / len(modules)


def _listed(told: Mapping[str, object]) -> Iterator[str]:
    for key in LISTS:
        each = told.get(key)
        yield from (str(name) for name in each) if isinstance(each, list | tuple) else ()
    by_pattern, by_name = told.get("dynamic"), told.get("extra_config")
    if isinstance(by_pattern, Mapping):
        yield from (f"re:{name[2:]}" for name in map(str, by_pattern) if name.startswith("-:"))
    if isinstance(by_name, Mapping):
        yield from (str(name) for name, own in by_name.items() if isinstance(own, Mapping) and _whole(own.get("bits")))


def _whole(bits: object) -> bool:
    return isinstance(bits, int) and bits >= WHOLE_BITS


def _pattern(entry: str) -> str | None:
    """As a regular expression; None for a plain name."""
    if entry.startswith("re:"):
        return entry.removeprefix("re:")
    return fnmatch.translate(entry) if "*" in entry else None


def _plain(name: str) -> str:
    """A name as the first of the stems has it."""
    stem = next((each for each in _STEMS if name.startswith(f"{each}.")), _STEM)
    return (_STEM + name.removeprefix(stem) if name.startswith(stem) else name).removesuffix(".weight")


def _tried(pattern: str) -> bool:
    """Whether it ends in no time and can be read at all."""
    return not _ENDLESS.search(pattern) and len(re.findall(r"[*+{]", pattern)) <= MOST_REPEATS and compiles(pattern)

"""The planner's tables: YAML files beside it, each with its date and sources."""

from __future__ import annotations

from importlib.resources import files

import yaml


def table(name: str) -> object:
    """What the file of that name holds, not yet checked."""
    return yaml.load(files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

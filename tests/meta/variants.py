"""Stacks of the project with a change to their document, planned as the command line plans them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from blueprint.config import load
from blueprint.document import ENVELOPE
from blueprint.plan import Plan, make_plan
from tests.conftest import DAY, ROOT


def variant(folder: Path, stack: str, change: Callable[[dict[str, Any]], None]) -> Plan:
    """The plan of a stack after a change to its document; exceptions and extensions stay those of the stack."""
    whole = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    document = whole
    for key in ENVELOPE:
        document = document[key]
    change(document)
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return make_plan(load(file, stack), ROOT, as_of=DAY)

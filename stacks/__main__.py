"""The program that `pulumi up` runs: the gate first, then every component of the stack's document."""

from pathlib import Path

from blueprint.gate import passed
from blueprint.platform import compose

compose(passed(Path(__file__)))

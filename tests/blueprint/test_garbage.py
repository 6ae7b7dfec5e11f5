"""The collector neither works while a command runs nor when it ends."""

from __future__ import annotations

import subprocess
import sys

CHILD = """
import atexit, gc
from blueprint.garbage import leave_garbage
atexit.register(lambda: print("frozen at the end:", gc.get_freeze_count() > 1000))  # what is registered first runs last
leave_garbage()
print("collects:", gc.isenabled())
"""


def test_nothing_is_collected_until_the_end_and_nothing_then() -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines() == ["collects: False", "frozen at the end: True"]

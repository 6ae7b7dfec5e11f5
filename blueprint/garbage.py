"""What a process that lives for seconds does with its garbage: it leaves it to the system."""

from __future__ import annotations

import atexit
import gc


def leave_garbage() -> None:
    """Collect nothing until the process ends, and nothing then.

    Collecting while the SDK loads is a fifth of a command's time. An interpreter that shuts down collects several times
    over, whether it may or not, unless the objects are frozen: two seconds after a synth, for memory that the system
    takes back at once. Buffers are still flushed and what ends with the process still ends.
    """
    gc.disable()
    atexit.register(gc.freeze)

# SPDX-License-Identifier: MIT
"""Lines for the user, on stderr: stdout belongs to the command in the lab."""

import sys
import time

_started = time.monotonic()


def elapsed() -> float:
    """Seconds since the lab was started."""
    return time.monotonic() - _started


def progress(text: str) -> None:
    _line(f"lab: {elapsed():6.1f} s  {text}")


def error(text: str) -> None:
    _line(f"lab: error: {text}")


def _line(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        pass

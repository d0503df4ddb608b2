# SPDX-License-Identifier: MIT
"""Entry point: options in, exit status out."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from . import options, run, say
from .errors import STATUS_LAB_FAILED, LabError


class Interrupted(Exception):
    """A signal asked us to end; the cleaning up happens on the way out."""


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["faults"]:
        from .faults import main as faults

        chosen = faults.parse(arguments[1:])
        return _guarded(lambda: faults.run(chosen))
    given = options.parse(arguments)
    if given.action == "shell":
        from . import shell  # needs a terminal, which `run` does without

        return _guarded(lambda: shell.shell(given))
    return _guarded(lambda: run.run(given))


def _guarded(action: Callable[[], int]) -> int:
    """The action's status; a failure of the lab is one line and a status of its own."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return action()
    except LabError as error:
        say.error(str(error))
        return STATUS_LAB_FAILED
    except OSError as error:
        # Never status 1, which could be the command's.
        say.error(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
        return STATUS_LAB_FAILED
    except Interrupted as interrupted:
        say.error(f"ended by {interrupted}")
        number = signal.Signals[str(interrupted)]
        return 128 + number


def _interrupt(number: int, _: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

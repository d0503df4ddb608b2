# SPDX-License-Identifier: MIT
"""Entry point: options in, exit status out."""

import signal
import sys
from types import FrameType

from . import exitcost, matrix, options, oraclerun, run, say, soak
from .errors import STATUS_LAB_FAILED, LabError
from .faults import main as faults

# Actions that boot lab hosts themselves and judge what comes out; each has options of its own.
JUDGES = {"oracle": oraclerun.main, "soak": soak.main, "faults": faults.main, "matrix": matrix.main, "exit-cost": exitcost.main}


class Interrupted(Exception):
    """A signal asked us to end; the cleaning up happens on the way out."""


def main(arguments: list[str]) -> int:
    judge = JUDGES.get(arguments[0]) if arguments else None
    given = None if judge else options.parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if judge is not None:
            return judge(arguments[1:])
        assert given is not None
        if given.action == "shell":
            from . import shell  # needs a terminal, which `run` does without

            return shell.shell(given)
        return run.run(given)
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

# SPDX-License-Identifier: MIT
"""What actions share that boot lab hosts and judge: exit statuses, their command line, their files."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from .errors import STATUS_TIMED_OUT, LabError
from .paths import BINARIES

AGREES, DISAGREES, CANNOT_TELL, BAD_USAGE = 0, 1, 2, 64


class Parser(argparse.ArgumentParser):
    """Status 2 is a verdict here, so a command line that makes no sense has another."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; --help lists the options", file=sys.stderr)
        sys.exit(BAD_USAGE)


def natural(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"not a number above 0: {text}")
    return int(text)


def existing(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text}: no such file")
    return path


def need_binaries() -> None:
    for name in ("exitledger", "exitledger-guest"):
        if not (BINARIES / name).exists():
            raise LabError(f"{BINARIES / name} is missing: ./dev build")


def fresh(out: Path, name: str) -> Path:
    """The result's file, not there: what an earlier run found must not stand for this one."""
    out.mkdir(parents=True, exist_ok=True)
    (out / name).unlink(missing_ok=True)
    return out / name


def require_success(status: int, timeout_s: float, what: str) -> None:
    """`status`: that of a command in a lab host; one that is judged by what it left must have come to its end."""
    if status == STATUS_TIMED_OUT:
        raise LabError(f"{what}: no end within {timeout_s:g} s")
    if status != 0:
        raise LabError(f"{what} ended with status {status}")


def load(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise LabError(f"{path}: {error}") from error


def store(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")

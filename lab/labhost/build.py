# SPDX-License-Identifier: MIT
"""A build command with its log; whatever ends the lab ends all of the command's processes."""

import os
import signal
import subprocess
from pathlib import Path
from typing import BinaryIO

from .errors import LabError


def run(command: list[str], sink: BinaryIO) -> int:
    """The command's status. It has a session of its own: a signal to the lab alone would leave its children at work."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def failure(what: str, log: Path) -> LabError:
    last = " ".join(log.read_text(errors="replace").strip().splitlines()[-1:])
    return LabError(f"{what} failed: {last} (log: {log})")

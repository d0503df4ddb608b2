# SPDX-License-Identifier: MIT
"""A running emulator: started on a terminal of its own, ended by process id, and never outliving the lab."""

import contextlib
import ctypes
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

from .errors import LabError

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Emulator:
    """`screen` is the descriptor that its display must be read from, or it blocks."""

    def __init__(self, command: list[str], work: Path) -> None:
        self.screen, terminal = pty.openpty()
        os.set_blocking(self.screen, False)
        try:
            self._process = subprocess.Popen(
                command,
                cwd=work,
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env={**os.environ, "TERM": "xterm"},
            )
        except FileNotFoundError as error:
            raise LabError(f"{command[0]} is not installed") from error
        finally:
            os.close(terminal)

    def drain_screen(self) -> bytes:
        """What it drew since; empty at the end, too."""
        try:
            return os.read(self.screen, 65536)
        except OSError:
            return b""

    def threads(self) -> str:
        """Name, state and share of a CPU within one second of each thread: does it run, or does it wait?"""
        before = self._thread_states()
        time.sleep(1)
        after = self._thread_states()
        ticks = os.sysconf("SC_CLK_TCK")
        return ", ".join(
            f"{name} {state} {100 * (used - before[thread][2]) // ticks} %"
            for thread, (name, state, used) in after.items()
            if thread in before
        )

    def _thread_states(self) -> dict[str, tuple[str, str, int]]:
        states = {}
        for thread in Path("/proc", str(self._process.pid), "task").glob("*"):
            with contextlib.suppress(OSError):
                name, _, rest = (thread / "stat").read_text().partition("(")[2].rpartition(")")
                fields = rest.split()
                states[thread.name] = (name, fields[0], int(fields[11]) + int(fields[12]))
        return states

    def ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        """At once: the caller has what it wants, and Bochs takes no hint while its CPU runs. May be called twice."""
        if not self.ended():
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self.screen >= 0:
            os.close(self.screen)
            self.screen = -1


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

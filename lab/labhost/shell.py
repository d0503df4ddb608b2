# SPDX-License-Identifier: MIT
"""`lab shell`: the user's terminal on the lab host's third serial port."""

import contextlib
import os
import pty
import selectors
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from . import say
from .errors import STATUS_TIMED_OUT, LabError
from .options import Options
from .run import Watch, read, write_all
from .session import Session, started

QUIT_KEY = b"\x1d"  # Ctrl-]
END_OF_INPUT = b"\x04"
PROMPT = b"labhost:~# "
# The port takes 16 bytes at a time; more than the emulated line can carry would be lost.
INPUT_CHUNK = 16
INPUT_PAUSE_S = 0.02


def shell(options: Options) -> int:
    """The status of the shell on the lab host; STATUS_TIMED_OUT after --timeout-s."""
    ours, theirs = pty.openpty()
    size = shutil.get_terminal_size()
    config = {"LAB_ROWS": str(size.lines), "LAB_COLUMNS": str(size.columns), "LAB_TERM": os.environ.get("TERM", "linux")}
    try:
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        with started(options, Path(os.ttyname(theirs)), config) as session:
            say.progress("Ctrl-] ends the lab host at once, exit leaves it")
            watch = Watch(session)
            try:
                status = _bridge(session, watch, ours)
            finally:
                watch.close()
            session.emulator.stop()
            if status is not None:
                session.collect_out()
                return status
            return STATUS_TIMED_OUT
    finally:
        os.close(ours)
        os.close(theirs)


def _bridge(session: Session, watch: Watch, port: int) -> int | None:
    """Until the shell has ended; None on time-out."""
    pending = b""
    greeting = b""
    # Not epoll: it takes no files and no /dev/null, which stdin may be.
    with _raw_terminal(), selectors.SelectSelector() as selector:
        for name in ("console", "control", "stderr"):
            selector.register(session.readers[name], selectors.EVENT_READ, name)
        selector.register(session.emulator.screen, selectors.EVENT_READ, "screen")
        selector.register(port, selectors.EVENT_READ, "port")
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ, "user")
        while not watch.timed_out():
            for key, _ in selector.select(INPUT_PAUSE_S if pending else 0.2):
                if watch.take(key, selector):
                    continue
                if key.data == "stderr":
                    write_all(2, read(key.fd))
                elif key.data == "port":
                    output = read(key.fd)
                    if PROMPT not in greeting:
                        greeting += output
                    write_all(1, output)
                else:
                    typed = os.read(key.fd, 4096)
                    if QUIT_KEY in typed:
                        raise LabError("ended by Ctrl-]")
                    if not typed:
                        selector.unregister(key.fd)
                    pending += typed or END_OF_INPUT
            # What comes before the shell reads would be lost.
            if pending and watch.ready and PROMPT in greeting:
                os.write(port, pending[:INPUT_CHUNK])
                pending = pending[INPUT_CHUNK:]
                time.sleep(INPUT_PAUSE_S)
            watch.check()
            if watch.done:
                return watch.status or 0
    return None


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Every key goes to the lab host, Ctrl-C too. Nothing to do if stdin is no terminal."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stderr.write("\r\n")

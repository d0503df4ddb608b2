# SPDX-License-Identifier: MIT
"""The emulated processor's own record of its VM exits, picked out of Bochs' log while it is written.

Bochs (2.7, cpu/vmx.cc) leaves guest mode in one function, VMexit(), which writes one line with the basic reason; each
VMLAUNCH and VMRESUME writes one before anything can fail. A failed entry is an exit with a line, too; an instruction
that fails (VMfail) leaves an entry without an exit, and so does a guest that executes one of the two, which exits for it.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

from .errors import LabError

# Of a processor's line: "00123d[CPU0  ] VMEXIT reason = 10 (CPUID) qualification=0x0".
MARK = b"[CPU0  ] VM"
EXIT = b"EXIT reason = "
ENTRIES = (b"LAUNCH VMCS ptr", b"RESUME VMCS ptr")
PANIC = b">>PANIC<<"
VMLAUNCH, VMRESUME = 20, 24
# Bochs flushes each line. A reader that waits gathers thousands of them, and one that does not is woken for each.
PAUSE_S = 0.004
PIPE_BYTES = 1 << 20


class ExitLog:
    """Bytes of the log in; `exits` has one byte per VM exit, its basic reason, in the processor's order."""

    def __init__(self) -> None:
        self.exits = bytearray()
        self.panics: list[str] = []
        self.bytes_read = 0
        self.objection = ""
        self._entries = 0  # since the last exit
        self._rest = b""

    def feed(self, data: bytes) -> None:
        self.bytes_read += len(data)
        whole = data.rfind(b"\n") + 1
        if not whole:
            self._rest += data
            return
        text = self._rest + data[:whole]
        self._rest = data[whole:]
        at = text.find(MARK)
        while at >= 0:
            self._line(text, at + len(MARK))
            at = text.find(MARK, at + len(MARK))
        if PANIC in text:
            self.panics += [line[line.find(b"[") :].decode(errors="replace") for line in text.split(b"\n") if PANIC in line]

    def _line(self, text: bytes, at: int) -> None:
        if text.startswith(EXIT, at):
            start = at + len(EXIT)
            self._exit(int(text[start : text.index(b" ", start)]))
        elif text.startswith(ENTRIES, at):
            self._entries += 1

    def _exit(self, reason: int) -> None:
        wanted = 2 if reason in (VMLAUNCH, VMRESUME) else 1
        if self._entries != wanted and not self.objection:
            at = f"exit {len(self.exits) + 1} of the record (reason {reason})"
            self.objection = f"{at} came after {self._entries} entries, not {wanted}"
        self._entries = 0
        self.exits.append(reason)


class ExitLogReader:
    """Feeds an ExitLog from a FIFO that Bochs writes to, in a thread of its own."""

    def __init__(self, fifo: Path) -> None:
        self.log = ExitLog()
        os.mkfifo(fifo)
        # Both ends: no end of file before the emulator has opened its own.
        self._descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._ending = False
        self._error: ValueError | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def finish(self) -> ExitLog:
        """To be called when the emulator is gone: all that it wrote is in the pipe."""
        self.close()
        if self._error is not None:
            raise LabError(f"the processor's record: {self._error}")
        return self.log

    def close(self) -> None:
        """May be called twice, and after finish()."""
        self._ending = True
        self._thread.join()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _follow(self) -> None:
        while True:
            ending = self._ending
            try:
                data = os.read(self._descriptor, PIPE_BYTES)
            except BlockingIOError:
                if ending:
                    return
            else:
                self._feed(data)
            time.sleep(PAUSE_S)

    def _feed(self, data: bytes) -> None:
        """Reading goes on after an error: a full pipe would stop the emulator, and hide why."""
        if self._error is not None:
            return
        try:
            self.log.feed(data)
        except ValueError as error:
            self._error = error

# SPDX-License-Identifier: MIT
"""Reads the lab host's console and finds the kernel's own words that something broke."""

import re

# "[   12.345678] ", and "[ T123] " where the kernel adds the caller.
_PREFIX = re.compile(r"^(<\d+>)?(\[\s*\d+\.\d+\]\s?)?(\[\s*[TC]\d+\]\s?)?")
_CUT_HERE = re.compile(r"^-+\[ cut here \]-+$")
_TROUBLE = re.compile(
    r"^(Kernel panic - not syncing|Oops: |Oops\b.*\[#\d+\]|general protection fault|kernel BUG at |WARNING: CPU: |"
    r"(watchdog: )?BUG: |double fault:)"
)
# Bochs' Haswell says 1 logical processor in CPUID leaf 1 and 4 cores in leaf 4, which Linux from 6.9 on warns of.
_OF_THE_EMULATOR = re.compile(r"^WARNING: CPU: 0 PID: 0 at arch/x86/kernel/cpu/topology_common\.c:\d+ parse_legacy\+")
_END_OF_PANIC = re.compile(r"^---\[ end Kernel panic")


class ConsoleScanner:
    """Fed the console as it comes; remembers every line that says what broke."""

    def __init__(self) -> None:
        self.causes: list[str] = []
        self.panic_ended = False
        self._rest = b""
        self._cut = ""  # a "cut here" whose next line is still to come

    @property
    def failed(self) -> bool:
        return bool(self.causes)

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.decode(errors="replace").rstrip("\r"))

    def finish(self) -> None:
        """The console has ended: judge an unfinished last line too."""
        self.feed(b"\n")

    def summary(self) -> str:
        """The first cause; a bare "cut here" gives way to the line that says more."""
        telling = [cause for cause in self.causes if not _CUT_HERE.match(cause)]
        return (telling or self.causes or [""])[0]

    def _line(self, line: str) -> None:
        text = _PREFIX.sub("", line, count=1)
        if self._cut and not _OF_THE_EMULATOR.match(text):
            self.causes.append(self._cut)
        self._cut = text if _CUT_HERE.match(text) else ""
        if _END_OF_PANIC.match(text):
            self.panic_ended = True
        elif _TROUBLE.match(text) and not _OF_THE_EMULATOR.match(text):
            self.causes.append(text)

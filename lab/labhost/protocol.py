# SPDX-License-Identifier: MIT
"""What the lab host's init tells us on the control port, and where the command's streams end.

Every control line is `LAB NONCE WORD REST`. The nonce is new for each run and the command has no
descriptor of that port, so nothing that it prints can be taken for a status.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    word: str
    rest: str


class ControlParser:
    """Bytes of the control port in, events out; anything else is dropped."""

    def __init__(self, nonce: str) -> None:
        self._head = f"LAB {nonce} "
        self._rest = b""

    def feed(self, data: bytes) -> list[Event]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        events = []
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            if text.startswith(self._head):
                word, _, rest = text[len(self._head) :].partition(" ")
                events.append(Event(word, rest))
        return events


class MarkedStream:
    """Passes a stream on until its end mark, which no more than a part of is ever held back."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._held = b""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """What may be passed on now."""
        if self.ended:
            return b""
        data = self._held + data
        position = data.find(self._mark)
        if position >= 0:
            self.ended, self._held = True, b""
            return data[:position]
        keep = self._partial(data)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def flush(self) -> bytes:
        """The stream broke off: what was held back was no mark."""
        data, self._held = self._held, b""
        return data

    def _partial(self, data: bytes) -> int:
        for length in range(min(len(self._mark) - 1, len(data)), 0, -1):
            if data.endswith(self._mark[:length]):
                return length
        return 0


class WholeLines:
    """Holds the unfinished line of a stream back, so that two streams on one terminal do not mix within a line.
    A line that stays unfinished is passed on after a while: it may be a prompt."""

    UNFINISHED_S = 0.5

    def __init__(self) -> None:
        self._held = b""
        self._since = 0.0

    def feed(self, data: bytes, now: float) -> bytes:
        """What may be passed on now; feed nothing to ask again."""
        if data:
            self._held += data
            self._since = now
        cut = len(self._held) if now - self._since > self.UNFINISHED_S else self._held.rfind(b"\n") + 1
        ready, self._held = self._held[:cut], self._held[cut:]
        return ready

    def flush(self) -> bytes:
        data, self._held = self._held, b""
        return data


def end_mark(nonce: str) -> bytes:
    return f"LAB-END-{nonce}\n".encode()


def parse_facts(rest: str) -> dict[str, str]:
    """"a=1 b=2" of an event."""
    return dict(item.split("=", 1) for item in rest.split() if "=" in item)

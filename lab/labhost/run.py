# SPDX-License-Identifier: MIT
"""`lab run`: one command in a lab host, its streams and its status passed on."""

import os
import selectors
import time

from . import say
from .errors import STATUS_TIMED_OUT, LabError
from .exitlog import ExitLog
from .options import Options
from .protocol import ControlParser, Event, MarkedStream, WholeLines, end_mark, parse_facts
from .scan import ConsoleScanner
from .session import Session, started

# After the first sign of trouble: time for the rest of a trace to reach the console.
LAST_LINES_S = 10.0
# After the last report: the two streams are separate ports and may be behind it.
STREAMS_BEHIND_S = 20.0


class Watch:
    """Follows one session's ports until its end is known. Used by `run` and `shell`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.scanner = ConsoleScanner()
        self.status: int | None = None
        self.ready = False
        self.done = False
        self._control = ControlParser(session.nonce)
        self._failed_at: float | None = None
        self._deadline = time.monotonic() + session.options.timeout_s
        self._log = session.console_log.open("wb", buffering=0)

    def timed_out(self) -> bool:
        return time.monotonic() > self._deadline

    def take(self, key: selectors.SelectorKey, selector: selectors.BaseSelector) -> bool:
        """Read what both actions treat alike; False if this descriptor is the caller's."""
        if key.data == "screen":
            if not self.session.emulator.drain_screen():
                selector.unregister(self.session.emulator.screen)
        elif key.data == "console":
            self._console(read(key.fd))
        elif key.data == "control":
            for event in self._control.feed(read(key.fd)):
                self._event(event)
        else:
            return False
        return True

    def _console(self, data: bytes) -> None:
        self._log.write(data)
        self.scanner.feed(data)

    def check(self) -> None:
        """Raise if the lab has failed."""
        if self.scanner.failed:
            self._failed_at = self._failed_at or time.monotonic()
            if self.scanner.panic_ended or time.monotonic() > self._failed_at + LAST_LINES_S:
                self._raise_cause()
        if self.session.emulator.ended() and not self.done:
            self._drain()
            if self.scanner.failed:
                self._raise_cause()
            words = self.session.last_words()
            raise LabError(f"the emulator ended by itself: {words}")

    def close(self) -> None:
        self._log.close()

    def _raise_cause(self) -> None:
        for line in self.scanner.causes[1:6]:
            say.error(f"host kernel: {line}")
        raise LabError(f"the lab host's kernel failed: {self.scanner.summary()}")

    def _drain(self) -> None:
        data = read(self.session.readers["console"])
        self._console(data)
        self.scanner.finish()

    def _event(self, event: Event) -> None:
        if event.word == "failed":
            raise LabError(event.rest)
        if event.word == "ready":
            self.ready = True
            facts = parse_facts(event.rest)
            modules = "no KVM module"
            if facts.get("modules") != "none":
                modules = f"{facts.get('modules')} modules, {facts.get('paging')}"
            say.progress(f"the host is up: {facts.get('cpus')} CPU with {facts.get('flag')}, {modules}")
        elif event.word == "exit":
            self.status = int(event.rest)
        elif event.word == "done":
            self.done = True


def run(options: Options) -> int:
    """The command's status, or STATUS_TIMED_OUT; LabError if the lab failed."""
    return run_recorded(options)[0]


def run_recorded(options: Options) -> tuple[int, ExitLog]:
    """The same, and what the processor said of itself: nothing unless options.exit_record asks for it."""
    with started(options) as session:
        watch = Watch(session)
        try:
            status = _follow(session, watch)
        finally:
            watch.close()
        if status is None:
            say.error(f"time-out after {options.timeout_s:g} s; console: {session.console_log}")
            say.error(f"the emulator's threads: {session.emulator.threads()}")
            if state := session.host.state(session.machine):
                registers = session.console_log.with_suffix(".registers")
                registers.write_text(state)
                say.error(f"the processors' registers: {registers}")
                for line in state.splitlines():
                    if line.startswith(("CPU#", "RIP=", "dumping", "Timer", "ISR", "IRR")):
                        say.error(line.replace("\t", " "))
            for line in session.console_log.read_text(errors="replace").splitlines()[-5:]:
                say.error(f"console: {line}")
            return STATUS_TIMED_OUT, ExitLog()
        session.emulator.stop()
        session.collect_out()
        record = session.collect_record()
        say.progress(f"status {status}")
        return status, record


class Output:
    """One of the command's streams, up to its end mark, in whole lines."""

    def __init__(self, target: int, mark: bytes) -> None:
        self._target = target
        self._stream = MarkedStream(mark)
        self._lines = WholeLines()

    @property
    def ended(self) -> bool:
        return self._stream.ended

    def feed(self, data: bytes) -> None:
        write_all(self._target, self._lines.feed(self._stream.feed(data), time.monotonic()))

    def flush(self) -> None:
        write_all(self._target, self._lines.flush() + self._stream.flush())


def _follow(session: Session, watch: Watch) -> int | None:
    """Until the command's status and all its output are here; None on time-out."""
    mark = end_mark(session.nonce)
    outputs = {"stdout": Output(1, mark), "stderr": Output(2, mark)}
    try:
        return _until_done(session, watch, outputs)
    finally:
        for output in outputs.values():
            output.flush()


def _until_done(session: Session, watch: Watch, outputs: dict[str, Output]) -> int | None:
    done_at = 0.0
    with selectors.DefaultSelector() as selector:
        for name, descriptor in session.readers.items():
            selector.register(descriptor, selectors.EVENT_READ, name)
        selector.register(session.emulator.screen, selectors.EVENT_READ, "screen")
        while True:
            fresh = {name: b"" for name in outputs}
            for key, _ in selector.select(0.2):
                if not watch.take(key, selector):
                    fresh[key.data] = read(key.fd)
            for name, data in fresh.items():
                outputs[name].feed(data)
            watch.check()
            if watch.done and not watch.scanner.failed:
                done_at = done_at or time.monotonic()
                if all(output.ended for output in outputs.values()):
                    return watch.status
                if time.monotonic() > done_at + STREAMS_BEHIND_S:
                    raise LabError("the command's output has no end")
            if watch.timed_out():
                return None


def read(descriptor: int) -> bytes:
    """What is there now."""
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            time.sleep(0.01)
        except BrokenPipeError as error:
            raise LabError("nobody reads the command's output any more") from error

# SPDX-License-Identifier: MIT
"""One boot of a lab host, from the first file made to the last one removed."""

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import image, kernel, modules, outdisk, say
from .bochs import BochsHost
from .emulator import Emulator
from .errors import LabError
from .exitlog import ExitLog, ExitLogReader
from .host import KERNEL_ARGUMENTS, PORTS, Host, Machine
from .options import Options
from .paths import LOGS, RUNS
from .qemu import QemuHost

HOSTS: dict[str, type[Host]] = {"intel": BochsHost, "amd": QemuHost}


@dataclass
class Session:
    """A started emulator with the reading ends of its ports."""

    options: Options
    host: Host
    machine: Machine
    emulator: Emulator
    nonce: str
    readers: dict[str, int]
    console_log: Path
    exit_log: ExitLogReader | None = None

    def last_words(self) -> str:
        """Why the emulator ended by itself, as far as it said."""
        panics = self.exit_log.finish().panics if self.exit_log else []
        return panics[0] if panics else self.host.last_words(self.machine)

    def collect_out(self) -> None:
        if self.machine.out_disk and self.options.out:
            count = outdisk.extract(self.machine.out_disk, self.options.out)
            say.progress(f"{count} files from /out are in {self.options.out}")

    def collect_record(self) -> ExitLog:
        """The processor's record, once the emulator has been stopped; also to the file that was asked for."""
        if self.exit_log is None or self.options.exit_record is None:
            return ExitLog()
        log = self.exit_log.finish()
        self.options.exit_record.write_bytes(log.exits)
        read = f"{log.bytes_read >> 20} MiB of log read"
        say.progress(f"the processor recorded {len(log.exits)} VM exits ({read}): {self.options.exit_record}")
        return log


@contextlib.contextmanager
def started(options: Options, terminal: Path | None = None, extra_config: dict[str, str] | None = None) -> Iterator[Session]:
    """Boot what the options ask for; end it and clean up whatever happens. `terminal` takes the place of stdout's port."""
    host = HOSTS[options.host]()
    nonce = secrets.token_hex(16)
    work, console_log = _directories()
    readers: dict[str, int] = {}
    emulator: Emulator | None = None
    exit_log: ExitLogReader | None = None
    try:
        ports = {name: work / f"{name}.port" for name in PORTS}
        for path in ports.values():
            os.mkfifo(path)
        # Both ends in one descriptor: no end of file before the emulator opens its own.
        readers.update({name: os.open(path, os.O_RDWR | os.O_NONBLOCK) for name, path in ports.items()})
        if terminal is not None:
            ports["stdout"] = terminal
        machine = Machine(
            work=work,
            kernel=_kernel(options),
            initramfs=[],
            cpus=options.cpus,
            network=options.network,
            ports=ports,
            out_disk=work / "out.disk" if options.out else None,
            forwards=options.forwards,
            arguments=f"{KERNEL_ARGUMENTS} {options.kernel_arguments}".strip(),
            ticks_per_second=options.ticks_per_second,
        )
        if options.exit_record is not None:
            machine.exit_log = work / "exits.fifo"
            exit_log = ExitLogReader(machine.exit_log)
        machine.initramfs = _initramfs(options, host, machine.kernel, nonce, extra_config or {})
        if machine.out_disk:
            outdisk.create(machine.out_disk)
        with _prepared_by_one():
            command = host.command(machine)
        machine.initramfs = []
        say.progress(f"booting an {options.host} host, {options.cpus} CPU, {machine.kernel.release}; console: {console_log}")
        emulator = Emulator(command, work)
        yield Session(options, host, machine, emulator, nonce, readers, console_log, exit_log)
    finally:
        if emulator is not None:
            emulator.stop()
        if exit_log is not None:
            exit_log.close()
        for descriptor in readers.values():
            os.close(descriptor)
        shutil.rmtree(work, ignore_errors=True)


def _kernel(options: Options) -> kernel.Kernel:
    with _prepared_by_one():
        return kernel.resolve(options.kernel)


def _initramfs(options: Options, host: Host, its: kernel.Kernel, nonce: str, extra: dict[str, str]) -> list[bytes]:
    with _prepared_by_one():
        sets = {"stock": modules.stock(its)}
        try:
            if options.modules_dir is not None:
                sets["patched"] = modules.given(its, options.modules_dir)
            else:
                sets["patched"] = modules.patched(its, options.extra_patches)
        except LabError as error:
            if options.modules == "patched" or options.modules_dir is not None:
                raise
            say.progress(f"without the patched modules: {error}")
        for name, patches in options.module_sets.items():
            sets[name] = modules.patched(its, patches)
        network_driver = host.network_driver(its) if options.network else None
        base = image.host_archive(its, sets)
    config = {
        "LAB_NONCE": nonce,
        "LAB_MODE": options.action,
        "LAB_CPUS": str(options.cpus),
        "LAB_CPU_FLAG": host.cpu_flag,
        "LAB_MODULES": options.modules,
        "LAB_PAGING": options.paging,
        "LAB_NETWORK": "1" if options.network else "0",
        "LAB_OUT": "1" if options.out else "0",
        **extra,
    }
    return [base, image.run_archive(config, options.command or ["true"], options.files, network_driver)]


@contextlib.contextmanager
def _prepared_by_one() -> Iterator[None]:
    """Labs run side by side; what they share in .cache is made by one at a time."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with (RUNS.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _directories() -> tuple[Path, Path]:
    RUNS.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    remove_leftovers(RUNS)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    work = RUNS / name
    work.mkdir()
    hold(work)
    return work, LOGS / f"{name}.log"


def hold(work: Path) -> None:
    """Marks a run's directory as in use for as long as this process lives, also for labs in other PID namespaces."""
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def remove_leftovers(runs: Path) -> None:
    """What labs left that were killed: directories that nobody holds. One that was made this minute may be held soon."""
    for directory in runs.iterdir():
        if not directory.is_dir() or time.time() - directory.stat().st_mtime < 60:
            continue
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)

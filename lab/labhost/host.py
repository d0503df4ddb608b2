# SPDX-License-Identifier: MIT
"""A kind of lab host: an emulator and what is particular about the machine that it shows."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from .kernel import Kernel
from .options import Forward

MEMORY_MIB = 1024
# console: the kernel's; control: init's reports; the rest belongs to the command, or to the shell.
PORTS = ("console", "control", "stdout", "stderr")

KERNEL_ARGUMENTS = (
    "console=ttyS0,115200 loglevel=5 "
    # A WARN in the host must never pass: it becomes a panic, and the scanner ends the run with its line.
    "panic_on_warn=1 oops=panic panic=0 "
    # Self tests of the crypto layer and checking the kernel's own certificates: a third of an emulated boot.
    "cryptomgr.notests initcall_blacklist=load_system_certificate_list "
    "nokaslr tsc=reliable rcupdate.rcu_expedited=1 nowatchdog random.trust_cpu=on"
)


@dataclass
class Machine:
    """What an emulator is to run. Paths in `ports` are FIFOs or terminals; `work` is this run's own directory."""

    work: Path
    kernel: Kernel
    initramfs: list[bytes]
    cpus: int
    network: bool
    ports: dict[str, Path]
    out_disk: Path | None = None
    forwards: list[Forward] = field(default_factory=list)
    arguments: str = field(default=KERNEL_ARGUMENTS)
    ticks_per_second: int | None = None  # of the emulated clock; None: what suits most runs
    exit_log: Path | None = None  # a FIFO that takes what the processor says of itself, each VM exit included


class Host(ABC):
    """One instance per run."""

    cpu_flag: str

    @abstractmethod
    def command(self, machine: Machine) -> list[str]:
        """Write what the emulator needs into machine.work; return its command line, to be run in there."""

    def network_driver(self, kernel: Kernel) -> Path | None:
        """The module for the network card, if it is not among the kernel's own."""
        return None

    def state(self, machine: Machine) -> str:
        """What the processors of a running machine are at, as far as the emulator tells; "" if it does not."""
        return ""

    @abstractmethod
    def last_words(self, machine: Machine) -> str:
        """Why the emulator ended by itself, as far as its log tells."""

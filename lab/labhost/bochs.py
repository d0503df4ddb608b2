# SPDX-License-Identifier: MIT
"""The Intel host: Bochs, the only emulator in Debian that shows VMX with EPT."""

import re
from pathlib import Path

from . import bootdisk, netdriver, network
from .errors import LabError
from .host import MEMORY_MIB, Host, Machine
from .kernel import Kernel
from .options import Forward
from .vmlinux import extract

BIOS = Path("/usr/share/bochs/BIOS-bochs-latest")
VGA_BIOS = Path("/usr/share/bochs/VGABIOS-lgpl-latest")
# Emulated instructions per emulated second. How fast Bochs is does not depend on it, but time in which nothing happens
# does: it passes in ticks of this length. With one CPU ten at a time and cheaply; with several, Debian's build (it has
# the debugger) goes round all of them for each tick, so there they are made longer.
TICKS_PER_SECOND = 50_000_000
TICKS_PER_SECOND_SMP = 20_000_000
# The lab's clock starts here, each time: with sync=none the same run is the same run.
TIME_AT_START = 1_700_000_000


# A CPU of Bochs that sleeps in MWAIT is not woken by another's write, only by its own next timer: what one CPU waits
# for the other to do took minutes. HLT is woken by an interrupt.
ARGUMENTS = "idle=halt"

LOG = "bochs.log"
SLIRP = "slirp.conf"
# The card, by which nothing but the forwards is reached. Even a restricted slirp serves TFTP, for reading and writing, from
# the directory `ethdev`, and an empty one is this machine's root: nothing can be below /dev/null.
CARD = f"e1000: enabled=1, mac=52:54:00:12:34:56, ethmod=slirp, ethdev=/dev/null, script={SLIRP}"


class BochsHost(Host):
    cpu_flag = "vmx"

    def command(self, machine: Machine) -> list[str]:
        for path in (BIOS, VGA_BIOS):
            if not path.exists():
                raise LabError(f"{path} is missing (packages bochs, bochsbios, bochs-term)")
        disk = machine.work / "boot.disk"
        rom = machine.work / "loader.rom"
        shape = bootdisk.write(disk, extract(machine.kernel.vmlinuz), machine.initramfs, f"{machine.arguments} {ARGUMENTS}")
        bootdisk.assemble_loader(rom)
        ticks = machine.ticks_per_second or (TICKS_PER_SECOND if machine.cpus == 1 else TICKS_PER_SECOND_SMP)
        lines = [
            f"cpu: model=corei7_haswell_4770, count={machine.cpus}, ips={ticks}, reset_on_triple_fault=0",
            f"memory: guest={MEMORY_MIB}, host={MEMORY_MIB}",
            f"romimage: file={BIOS}, options=fastboot",
            f"vgaromimage: file={VGA_BIOS}",
            f"optromimage1: file={rom.name}, address=0xd0000",
            "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
            f"ata0-master: {_disk(disk, shape)}",
            "boot: disk",
            f"clock: sync=none, time0={TIME_AT_START}",
            "vga: extension=none, realtime=0, update_freq=1",
            "display_library: term",
            f"log: {machine.exit_log.name if machine.exit_log else LOG}",
            "panic: action=fatal",
            "error: action=ignore",
            "info: action=ignore",
            # Lines of its debug level are a processor's doings; of any other device they are noise.
            f"debug: action=ignore{', cpu0=report' if machine.exit_log else ''}",
        ]
        if machine.out_disk:
            out_shape = bootdisk.geometry(machine.out_disk.stat().st_size)
            lines.append("ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15")
            lines.append(f"ata1-master: {_disk(machine.out_disk, out_shape)}")
        if machine.network:
            network.require_free(machine.forwards)
            (machine.work / SLIRP).write_text(slirp_configuration(machine.forwards))
            lines.append("pci: enabled=1, chipset=i440fx, slot1=e1000")
            lines.append(CARD)
        for number, port in enumerate(machine.ports.values(), start=1):
            lines.append(_port(number, port, machine.work))
        (machine.work / "bochsrc").write_text("\n".join(lines) + "\n")
        # Debian's Bochs is the one with the debugger, which waits to be told to continue.
        (machine.work / "debugger").write_text("c\n")
        return ["bochs-bin", "-q", "-f", "bochsrc", "-rc", "debugger"]

    def network_driver(self, kernel: Kernel) -> Path:
        return netdriver.built(kernel)

    def last_words(self, machine: Machine) -> str:
        log = machine.work / LOG
        text = log.read_text(errors="replace") if log.exists() else ""
        panics = re.findall(r"^\d+p(\[.*)$", text, re.MULTILINE)
        return panics[0] if panics else (text.strip().splitlines() or ["nothing in its log"])[-1]


def slirp_configuration(forwards: list[Forward]) -> str:
    """User-mode networking as on the AMD host: 10.0.2.15, reaching neither us nor the world. The first line is a must."""
    lines = ["# slirp config", "restricted = 1"]
    lines += [f"hostfwd = {network.rule(forward)}" for forward in forwards]
    return "\n".join(lines) + "\n"


def _disk(image: Path, shape: bootdisk.Geometry) -> str:
    # Names without a directory: a path with a comma or a blank would not survive Bochs' parser.
    return (
        f"type=disk, mode=flat, path={image.name}, "
        f"cylinders={shape.cylinders}, heads={shape.heads}, spt={shape.sectors}"
    )


def _port(number: int, port: Path, work: Path) -> str:
    if port.parent == work:
        return f"com{number}: enabled=1, mode=file, dev={port.name}"
    return f"com{number}: enabled=1, mode=term, dev={port}"

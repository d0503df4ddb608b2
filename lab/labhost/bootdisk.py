# SPDX-License-Identifier: MIT
"""The disk that lab/boot/loader.S boots from: a table of chunks, then the chunks."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import vmlinux
from .errors import LabError
from .paths import LAB

SECTOR = 512
MAGIC = 0x4C4C4231
MAX_CHUNKS = (SECTOR - 16) // 12
# Free on a PC until the kernel owns it, and above the loader's own stack and tables.
START_INFO = 0x10000
COMMAND_LINE = 0x10100
INITRAMFS = 0x8000000
START_INFO_MAGIC = 0x336EC578
HEADS, SECTORS_PER_TRACK = 16, 63


@dataclass(frozen=True)
class Geometry:
    """What Bochs wants to know of a flat disk image."""

    cylinders: int
    heads: int = HEADS
    sectors: int = SECTORS_PER_TRACK


def geometry(size_bytes: int) -> Geometry:
    """The smallest geometry that holds so many bytes."""
    cylinder = HEADS * SECTORS_PER_TRACK * SECTOR
    return Geometry((size_bytes + cylinder - 1) // cylinder)


def geometry_bytes(shape: Geometry) -> int:
    return shape.cylinders * shape.heads * shape.sectors * SECTOR


def write(disk: Path, kernel: bytes, initramfs: list[bytes], command_line: str) -> Geometry:
    """Lay kernel, start info and initramfs (parts, joined) on a new disk image."""
    archive = sum(len(part) for part in initramfs)
    if len(command_line) > 2000:
        raise LabError("the kernel's command line is too long for the boot disk")
    start_info = struct.pack("<IIIIQQQQII", START_INFO_MAGIC, 1, 0, 1, START_INFO + 64, COMMAND_LINE, 0, 0, 0, 0)
    start_info = start_info.ljust(64, b"\0") + struct.pack("<QQQQ", INITRAMFS, archive, 0, 0)
    start_info = start_info.ljust(COMMAND_LINE - START_INFO, b"\0") + command_line.encode() + b"\0"
    chunks = [(START_INFO, [start_info])]
    for segment in vmlinux.segments(kernel):
        if segment.address + len(segment.data) > INITRAMFS:
            raise LabError("the kernel reaches into the place of the initramfs")
        chunks.append((segment.address, [segment.data]))
    chunks.append((INITRAMFS, initramfs))
    if len(chunks) > MAX_CHUNKS:
        raise LabError("the kernel has too many segments for the boot disk")

    table = struct.pack("<IIII", MAGIC, vmlinux.pvh_entry(kernel), START_INFO, len(chunks))
    next_sector = 1
    places = []
    for address, parts in chunks:
        sectors = (sum(map(len, parts)) + SECTOR - 1) // SECTOR
        table += struct.pack("<III", next_sector, sectors, address)
        places.append(next_sector)
        next_sector += sectors
    shape = geometry(next_sector * SECTOR)
    with disk.open("wb") as out:
        out.truncate(geometry_bytes(shape))
        out.write(table)
        for place, (_, parts) in zip(places, chunks):
            out.seek(place * SECTOR)
            for part in parts:
                out.write(part)
    return shape


def assemble_loader(rom: Path) -> None:
    """loader.S to an option ROM; the BIOS calls it only if its bytes sum to 0."""
    source = LAB / "boot" / "loader.S"
    work = rom.with_suffix(".o")
    for command in (
        ["as", "--32", "-o", str(work), str(source)],
        ["ld", "-m", "elf_i386", "-Ttext=0xd0000", "--oformat", "binary", "-o", str(rom), str(work)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"{source}: {command[0]}: {done.stderr.strip().splitlines()[-1:]}")
    work.unlink()
    data = bytearray(rom.read_bytes())
    if data[-1] != 0:
        raise LabError(f"{source}: no room for the check sum")
    data[-1] = -sum(data) & 0xFF
    rom.write_bytes(data)

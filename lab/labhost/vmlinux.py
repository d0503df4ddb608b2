# SPDX-License-Identifier: MIT
"""The ELF kernel inside a bzImage, and what a loader must know of it."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

PT_LOAD, PT_NOTE = 1, 4
XEN_ELFNOTE_PHYS32_ENTRY = 18
LZ4_LEGACY_MAGIC = bytes.fromhex("02214c18")
DECOMPRESSORS = {
    LZ4_LEGACY_MAGIC: ["lz4", "-dc"],
    bytes.fromhex("28b52ffd"): ["zstd", "-dc"],
    bytes.fromhex("fd377a58"): ["xz", "-dc"],
    bytes.fromhex("1f8b0800"): ["gzip", "-dc"],
}


@dataclass(frozen=True)
class Segment:
    """Bytes and the physical address where they belong."""

    address: int
    data: bytes


def extract(vmlinuz: Path) -> bytes:
    """The decompressed kernel; the offsets are those of the boot protocol (Documentation/x86/boot.rst)."""
    image = vmlinuz.read_bytes()
    if image[0x202:0x206] != b"HdrS":
        raise LabError(f"{vmlinuz}: not a bzImage")
    setup_bytes = ((image[0x1F1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[setup_bytes + offset : setup_bytes + offset + length]
    command = DECOMPRESSORS.get(payload[:4])
    if command is None:
        raise LabError(f"{vmlinuz}: unknown compression {payload[:4].hex()}")
    # The last four bytes are the size, appended by the kernel's build.
    size = struct.unpack("<I", payload[-4:])[0]
    done = subprocess.run(command, input=payload[:-4], capture_output=True, check=False)
    if len(done.stdout) != size:
        raise LabError(f"{vmlinuz}: {command[0]} gave {len(done.stdout)} bytes of {size}")
    return done.stdout


def segments(elf: bytes) -> list[Segment]:
    """What must be in memory, without trailing zeros (emulated memory starts as zeros)."""
    found = []
    for kind, offset, address, size in _program_headers(elf):
        if kind == PT_LOAD:
            data = elf[offset : offset + size].rstrip(b"\0")
            if data:
                found.append(Segment(address, data))
    return found


def pvh_entry(elf: bytes) -> int:
    """Physical address of the 32-bit entry that takes a hvm_start_info (CONFIG_PVH)."""
    for kind, offset, _, size in _program_headers(elf):
        if kind != PT_NOTE:
            continue
        position, end = offset, offset + size
        while position + 12 <= end:
            name_size, data_size, note = struct.unpack_from("<III", elf, position)
            data = position + 12 + _aligned(name_size)
            if elf[position + 12 : position + 16] == b"Xen\0" and note == XEN_ELFNOTE_PHYS32_ENTRY:
                return int.from_bytes(elf[data : data + data_size], "little")
            position = data + _aligned(data_size)
    raise LabError("the kernel has no PVH entry point (CONFIG_PVH)")


def _program_headers(elf: bytes) -> list[tuple[int, int, int, int]]:
    """(type, file offset, physical address, file size) of each."""
    if elf[:5] != b"\x7fELF\x02":
        raise LabError("the kernel's payload is not a 64-bit ELF")
    table = struct.unpack_from("<Q", elf, 32)[0]
    entry_size, count = struct.unpack_from("<HH", elf, 54)
    headers = []
    for index in range(count):
        kind, _, offset, _, address, size = struct.unpack_from("<IIQQQQ", elf, table + index * entry_size)
        headers.append((kind, offset, address, size))
    return headers


def _aligned(size: int) -> int:
    return (size + 3) & ~3

# SPDX-License-Identifier: MIT
"""The disk on which a lab host leaves its /out, as a tar from the first byte on."""

import tarfile
from pathlib import Path, PurePosixPath

from . import bootdisk
from .errors import LabError

SIGNATURE = b"exitledger-lab-out:"
SIZE_BYTES = 512 << 20


def create(path: Path) -> None:
    """Sparse; the signature tells the lab host which of its disks this is."""
    with path.open("wb") as disk:
        disk.truncate(bootdisk.geometry_bytes(bootdisk.geometry(SIZE_BYTES)))
        disk.write(SIGNATURE)


def extract(disk: Path, target: Path) -> int:
    """Unpack to `target`, refusing names that lead out of it. The number of files."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with tarfile.open(disk, "r:") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if name.is_absolute() or ".." in name.parts:
                    raise LabError(f"/out holds a file with a name that leads out of it: {member.name}")
                destination = target / name
                if member.isdir():
                    destination.mkdir(parents=True, exist_ok=True)
                elif member.isfile():
                    source = archive.extractfile(member)
                    assert source is not None  # it is a file
                    destination.write_bytes(source.read())
                    destination.chmod(member.mode & 0o777)
                    count += 1
    except tarfile.TarError as error:
        raise LabError(f"what came back from /out is no tar: {error}") from error
    return count

# SPDX-License-Identifier: MIT
"""A writer of initramfs archives (cpio "newc"), so that no file need be owned by root or made twice."""

import os
import stat
from pathlib import Path


class Archive:
    """Grows in memory; parents are made when first needed, later entries of the same name win."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._directories: set[str] = set()
        self._inode = 1

    def directory(self, name: str, mode: int = 0o755) -> None:
        name = name.strip("/")
        if name and name not in self._directories:
            self._parents(name)
            self._directories.add(name)
            self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, source: Path, name: str) -> None:
        """A host file under another name, with its mode bits."""
        self.file(name, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def tree(self, source: Path, name: str) -> None:
        """A host directory, symbolic links as such."""
        self.directory(name)
        for path in sorted(source.rglob("*")):
            below = f"{name}/{path.relative_to(source)}"
            if path.is_symlink():
                self.symlink(below, os.readlink(path))
            elif path.is_dir():
                self.directory(below)
            else:
                self.copy(path, below)

    def symlink(self, name: str, target: str) -> None:
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name: str, major: int, minor: int, mode: int = 0o600) -> None:
        """A character device."""
        self._parents(name)
        self._entry(name, stat.S_IFCHR | mode, b"", major, minor)

    def close(self) -> bytes:
        """The whole archive, padded so that another may follow it."""
        self._entry("TRAILER!!!", 0, b"")
        data = b"".join(self._parts)
        return data + b"\0" * (-len(data) % 512)

    def _parents(self, name: str) -> None:
        parent = str(Path(name.strip("/")).parent)
        if parent != ".":
            self.directory(parent)

    def _entry(self, name: str, mode: int, data: bytes, major: int = 0, minor: int = 0) -> None:
        encoded = name.strip("/").encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(encoded), 0)
        self._inode += 1
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._parts.append(header + encoded + b"\0" * (-(len(header) + len(encoded)) % 4))
        self._parts.append(data + b"\0" * (-len(data) % 4))

# SPDX-License-Identifier: MIT
"""The AMD host's QEMU, made by lab/qemu/build and kept by what went into it."""

import hashlib
import os
import tempfile
from pathlib import Path

from . import build, say
from .paths import CACHE, LAB, ROOT

SOURCES = LAB / "qemu"


def program() -> Path:
    """Built unless the same patches and options were built before; then no network is needed."""
    target = CACHE / "qemu" / _key() / "qemu-system-x86_64"
    if not target.exists():
        _build(target)
    return target


def _build(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    log = target.parent / "build.log"
    say.progress(f"building the AMD host's emulator (log: {log.relative_to(ROOT)})")
    (CACHE / "work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qemu-", dir=CACHE / "work") as work, log.open("wb") as sink:
        status = build.run([str(SOURCES / "build"), "--work", work, "--out", str(target)], sink)
    if status != 0 or not os.access(target, os.X_OK):
        raise build.failure("lab/qemu/build", log)
    say.progress("the AMD host's emulator is built")


def _key() -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCES.iterdir()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]

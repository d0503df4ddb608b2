# SPDX-License-Identifier: MIT
"""The small static C programs that run inside guests."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from .errors import LabError
from .paths import CACHE, LAB

FLAGS = ["-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s"]


def compiled(sources: str) -> dict[str, Path]:
    """Name to binary of what is in lab/SOURCES, compiled when its source is new."""
    directory = CACHE / "lab" / "programs"
    directory.mkdir(parents=True, exist_ok=True)
    made = {}
    for source in sorted((LAB / sources).glob("*.c")):
        key = hashlib.sha256(" ".join(FLAGS).encode() + source.read_bytes()).hexdigest()[:16]
        target = directory / f"{source.stem}-{key}"
        if not target.exists():
            _compile(source, target)
        made[source.stem] = target
    return made


def _compile(source: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        out = Path(work) / "out"
        done = subprocess.run(
            ["gcc", *FLAGS, "-o", str(out), str(source)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise LabError(f"{source}: {(done.stderr.strip().splitlines() or ['gcc failed'])[0]}")
        os.rename(out, target)

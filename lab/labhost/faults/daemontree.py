# SPDX-License-Identifier: MIT
"""A daemon with a fault: built from a copy of the tree, kept by what went into it."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .. import build, say
from ..errors import LabError
from ..paths import CACHE, ROOT

KEPT = CACHE / "faults"
# What a daemon is made of, and what its build needs.
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "bench", "bpf", "cmake", "daemon", "guest", "lab", "man", "packaging", "systemd", "tools")


def patched(patch: Path) -> Path:
    """A directory named like the patch with the program in it."""
    target = KEPT / _key(patch) / patch.stem
    if not (target / "exitledger").exists():
        _build(patch, target)
    return target


def _build(patch: Path, target: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    log = KEPT / f"{patch.stem}.log"
    say.progress(f"building exitledger with {patch.name} (log: {log})")
    with tempfile.TemporaryDirectory(prefix="tree-", dir=KEPT) as work, log.open("wb") as sink:
        tree = Path(work)
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, tree / name)
        done = subprocess.run(
            ["patch", "-p1", "--no-backup-if-mismatch", "-i", str(patch)], cwd=tree, stdout=sink, stderr=sink, check=False
        )
        if done.returncode != 0:
            raise build.failure(f"{patch} does not apply to this tree: patch", log)
        if build.run([str(tree / "tools" / "build.sh"), "release", "exitledger"], sink) != 0:
            raise build.failure(f"exitledger with {patch.name}: build", log)
        staged = tree / "staged"
        staged.mkdir()
        program = tree / "build" / "release" / "bin" / "exitledger"
        strip = subprocess.run(["strip", "-g", "-o", str(staged / "exitledger"), str(program)], check=False)
        if strip.returncode != 0:
            raise LabError(f"strip {program} failed")
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(staged, target)


def _key(patch: Path) -> str:
    digest = hashlib.sha256(patch.read_bytes())
    for top in ("CMakeLists.txt", "CMakePresets.json", "bpf", "cmake", "daemon"):
        paths = [ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*"))
        for path in paths:
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

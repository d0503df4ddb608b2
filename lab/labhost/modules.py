# SPDX-License-Identifier: MIT
"""The KVM modules for a kernel: Debian's own, and those that kvm-patch/build makes, kept by what went into them."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from . import build as build_command
from . import kernel as kernels
from . import say
from .errors import LabError
from .kernel import Kernel
from .paths import CACHE, KVM_PATCH, MODULES, ROOT

NAMES = ("kvm.ko", "kvm-intel.ko", "kvm-amd.ko")


def stock(kernel: Kernel) -> dict[str, Path]:
    directory = kernel.modules / "kernel" / "arch" / "x86" / "kvm"
    return {name: directory / name for name in NAMES}


def given(kernel: Kernel, directory: Path) -> dict[str, Path]:
    """Modules that somebody else built, for this kernel."""
    for name in NAMES:
        path = directory / name
        if not path.exists():
            raise LabError(f"{directory} has no {name}")
        if f"vermagic={kernel.release} ".encode() not in path.read_bytes():
            raise LabError(f"{path} is not for {kernel.release}")
    return {name: directory / name for name in NAMES}


def patched(kernel: Kernel, extra_patches: list[Path]) -> dict[str, Path]:
    """Build them unless the same inputs were built before."""
    build = KVM_PATCH / "build"
    if not os.access(build, os.X_OK):
        raise LabError(f"{build.relative_to(ROOT)} is missing: no patched modules (try --modules stock)")
    if not (KVM_PATCH / "series" / kernel.line).is_dir():
        raise LabError(f"there is no patch series for {kernel.line} yet (try --modules stock)")
    kernels.require_build_packages(kernel)
    target = MODULES / _key(kernel, extra_patches)
    if not target.exists():
        _build(build, kernel, extra_patches, target)
    return {name: target / name for name in NAMES if (target / name).exists()}


def _build(build: Path, kernel: Kernel, extra_patches: list[Path], target: Path) -> None:
    MODULES.mkdir(parents=True, exist_ok=True)
    command = [str(build), "--headers", str(kernel.headers), "--source", str(kernel.source)]
    command += ["--vmlinuz", str(kernel.vmlinuz), "--line", kernel.line]
    for patch in extra_patches:
        command += ["--extra-patch", str(patch)]
    with tempfile.TemporaryDirectory(prefix="kvm-", dir=_work_directory()) as work:
        out = Path(work) / "out"
        out.mkdir()
        log = MODULES / f"{target.name}.log"
        say.progress(f"building the patched modules for {kernel.release} (log: {log.relative_to(ROOT)})")
        with log.open("wb") as sink:
            status = build_command.run([*command, "--work", str(Path(work) / "work"), "--out", str(out)], sink)
        if status != 0:
            raise build_command.failure("kvm-patch/build", log)
        for name in ("kvm.ko", "kvm-intel.ko"):
            if not (out / name).exists():
                raise LabError(f"kvm-patch/build left no {name} (log: {log})")
        # One rename, so that another lab never sees half a set.
        staged = Path(work) / "staged"
        staged.mkdir()
        for name in NAMES:
            if (out / name).exists():
                shutil.copy2(out / name, staged / name)
        os.rename(staged, target)
        say.progress("patched modules built")


def _work_directory() -> Path:
    work = CACHE / "work"
    work.mkdir(parents=True, exist_ok=True)
    return work


def _key(kernel: Kernel, extra_patches: list[Path]) -> str:
    digest = hashlib.sha256()
    for text in (kernel.line, kernel.version, kernel.release):
        digest.update(text.encode() + b"\0")
    series = KVM_PATCH / "series" / kernel.line
    inputs = [KVM_PATCH / "build", KVM_PATCH / "lib.sh", *(path for path in sorted(series.rglob("*")) if path.is_file())]
    for path in inputs:
        digest.update(str(path.relative_to(KVM_PATCH)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for path in extra_patches:
        digest.update(b"extra" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

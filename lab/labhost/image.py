# SPDX-License-Identifier: MIT
"""What is in a lab host: an initramfs in two parts, one the same for every run, one of this run's own."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import elfdeps, programs
from .cpio import Archive
from .errors import LabError
from .kernel import Kernel
from .paths import BINARIES, LAB

BUSYBOX = Path("/bin/busybox")
QEMU = "qemu-system-x86_64"
QBOOT = Path("/usr/share/qemu/qboot.rom")
# Loaded on demand in the lab host, with what they depend on.
KERNEL_MODULES = ("irqbypass", "ata_piix", "sd_mod", "tun", "loop", "virtio_pci", "virtio_net")


def host_archive(kernel: Kernel, modules: dict[str, dict[str, Path]]) -> bytes:
    """`modules` maps a set's name ("stock") to file names and paths."""
    archive = Archive()
    for directory in ("proc", "sys", "dev", "tmp", "run", "out", "files", "root", "var", "usr/bin", "usr/sbin", "sbin"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    _busybox(archive)
    archive.tree(LAB / "host-root" / "etc", "etc")
    archive.tree(LAB / "host-root" / "bin", "usr/local/bin")
    archive.copy(LAB / "host-root" / "init", "init")
    for name, files in modules.items():
        for file_name, path in files.items():
            archive.copy(path, f"lib/modules-{name}/{file_name}")
    _kernel_modules(archive, kernel)
    seen: set[Path] = set()
    _program(archive, _installed("jq"), "usr/bin/jq", seen)
    _program(archive, _installed(QEMU), f"usr/bin/{QEMU}", seen)
    if not QBOOT.exists():
        raise LabError(f"{QBOOT} is missing (package qemu-system-data)")
    archive.copy(QBOOT, "usr/share/qemu/qboot.rom")
    for name in ("exitledger", "exitledger-guest"):
        if (BINARIES / name).exists():
            _program(archive, BINARIES / name, f"usr/bin/{name}", seen)
    archive.copy(kernel.vmlinuz, "lib/guest/vmlinuz")
    archive.file("lib/guest/initramfs", guest_archive())
    return archive.close()


def guest_archive() -> bytes:
    """The Linux guest's initramfs; boot-guest appends the run's own part."""
    archive = Archive()
    for directory in ("proc", "sys", "dev", "tmp", "run", "guest", "usr/bin", "usr/sbin", "sbin"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    _busybox(archive)
    archive.tree(LAB / "guest-root", "")
    for name, path in programs.compiled("guest-workload").items():
        archive.copy(path, f"bin/{name}")
    if (BINARIES / "exitledger-guest").exists():
        _program(archive, BINARIES / "exitledger-guest", "bin/exitledger-guest", set())
    return archive.close()


def run_archive(config: dict[str, str], command: list[str], files: list[Path], network_driver: Path | None = None) -> bytes:
    """The part of one run: its configuration, its command, its --file arguments, a module that only this run needs."""
    archive = Archive()
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in config.items()]
    archive.file("lab/config", "".join(lines).encode())
    archive.file("lab/command", ("exec " + shlex.join(command) + "\n").encode())
    if network_driver is not None:
        archive.copy(network_driver, "lab/network.ko")
    seen: set[Path] = set()
    for path in files:
        if path.is_dir():
            archive.tree(path, f"files/{path.resolve().name}")
        elif os.access(path, os.X_OK):
            _program(archive, path, f"files/{path.name}", seen)
        else:
            archive.copy(path, f"files/{path.name}")
    return archive.close()


def _busybox(archive: Archive) -> None:
    if elfdeps.closure(BUSYBOX):
        raise LabError(f"{BUSYBOX} is not static (package busybox-static)")
    archive.copy(BUSYBOX, "bin/busybox")
    listed = subprocess.run([str(BUSYBOX), "--list-full"], capture_output=True, text=True, check=True).stdout
    for name in listed.split():
        if name != "bin/busybox" and re.fullmatch(r"(usr/)?s?bin/[^/]+", name):
            archive.symlink(name, "/bin/busybox")


def _program(archive: Archive, path: Path, name: str, seen: set[Path]) -> None:
    archive.file(name, _without_debug_info(path), 0o755)
    for library in elfdeps.closure(path):
        if library not in seen:
            seen.add(library)
            archive.copy(library, str(library))


def _without_debug_info(path: Path) -> bytes:
    """Both archives live in memory, the guest's in little of it: debug information is most of a program."""
    data = path.read_bytes()
    if not data.startswith(b"\x7fELF"):
        return data
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["strip", "-g", "-o", out.name, str(path)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"strip {path}: {done.stderr.strip()}")
        return Path(out.name).read_bytes()


def _installed(program: str) -> Path:
    found = shutil.which(program)
    if found is None:
        raise LabError(f"{program} is not installed")
    return Path(found)


def _kernel_modules(archive: Archive, kernel: Kernel) -> None:
    """Copy the wanted modules with their dependencies, and a modules.dep of only those."""
    directory = kernel.modules
    if not (directory / "modules.dep").exists():
        done = subprocess.run(
            ["/sbin/depmod", "-b", kernel.root, kernel.release], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise LabError(f"depmod: {done.stderr.strip()[:200]} (package kmod)")
    dependencies = parse_modules_dep((directory / "modules.dep").read_text())
    by_name = {Path(path).stem.replace("-", "_"): path for path in dependencies}
    wanted: dict[str, list[str]] = {}
    for name in KERNEL_MODULES:
        if name not in by_name:
            continue  # built in, in this kernel
        path = by_name[name]
        for module in [path, *dependencies[path]]:
            wanted[module] = dependencies[module]
    for module in wanted:
        archive.copy(directory / module, f"lib/modules/{kernel.release}/{module}")
    lines = [f"{module}: {' '.join(needs)}\n" for module, needs in wanted.items()]
    archive.file(f"lib/modules/{kernel.release}/modules.dep", "".join(lines).encode())
    for empty in ("modules.alias", "modules.symbols"):
        archive.file(f"lib/modules/{kernel.release}/{empty}", b"")


def parse_modules_dep(text: str) -> dict[str, list[str]]:
    found = {}
    for line in text.splitlines():
        module, _, needs = line.partition(":")
        found[module.strip()] = needs.split()
    return found

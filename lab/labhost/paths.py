# SPDX-License-Identifier: MIT
"""Where things are: the tree, what is kept between runs, what a run leaves."""

from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
ROOT = LAB.parent
CACHE = ROOT / ".cache"
DEBS = CACHE / "debs"
KERNELS = CACHE / "kernels"
MODULES = CACHE / "modules"
IMAGES = CACHE / "lab" / "images"
RUNS = CACHE / "lab" / "runs"
LOGS = CACHE / "lab" / "logs"
BINARIES = ROOT / "build" / "release" / "bin"
KVM_PATCH = ROOT / "kvm-patch"

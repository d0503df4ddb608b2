# SPDX-License-Identifier: MIT
"""A driver for Bochs' network card, which the cloud kernel lacks: from Debian's kernel source, kept by what went into it."""

import hashlib
import os
import tempfile
from pathlib import Path

from . import build
from . import kernel as kernels
from . import say
from .kernel import Kernel
from .paths import CACHE, ROOT

SOURCES = "drivers/net/ethernet/intel/e1000"
OPTION = "CONFIG_E1000=m"
NAME = "e1000.ko"


def built(kernel: Kernel) -> Path:
    """Built unless it was before, for this kernel."""
    kernels.require_build_packages(kernel)
    target = CACHE / "netdriver" / key(kernel) / NAME
    if not target.exists():
        _build(kernel, target)
    return target


def key(kernel: Kernel) -> str:
    """The kernel's version is that of its source and headers, too."""
    words = (kernel.line, kernel.version, kernel.release, SOURCES, OPTION, NAME)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def _build(kernel: Kernel, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    log = target.parent / "build.log"
    say.progress(f"building the driver of the network card for {kernel.release} (log: {log.relative_to(ROOT)})")
    (CACHE / "work").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="netdriver-", dir=CACHE / "work") as work, log.open("wb") as sink:
        top = f"linux-source-{kernel.line}"
        made = Path(work) / top / SOURCES
        for command in (
            ["tar", "-xf", str(kernel.source), "-C", work, f"{top}/{SOURCES}"],
            ["make", "-C", str(kernel.headers), f"-j{os.cpu_count()}", f"M={made}", OPTION, "modules"],
            ["strip", "-g", str(made / NAME)],
        ):
            if build.run(command, sink) != 0:
                raise build.failure(f"no {NAME}: {command[0]}", log)
        os.rename(made / NAME, target)
    say.progress("the driver of the network card is built")

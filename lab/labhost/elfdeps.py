# SPDX-License-Identifier: MIT
"""Which shared libraries a program needs, so that it can be copied to a lab host."""

import re
import subprocess
from pathlib import Path

from .errors import LabError


def closure(program: Path) -> list[Path]:
    """The libraries and the loader by the names under which they are looked for. Empty for scripts and static programs."""
    with program.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return []
    done = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return []  # "not a dynamic executable"
    return parse_ldd(done.stdout, program)


def parse_ldd(text: str, program: Path) -> list[Path]:
    found = []
    for line in text.splitlines():
        if "not found" in line:
            raise LabError(f"{program}: library not found: {line.split()[0]}")
        match = re.search(r"(?:=>\s*)?(/\S+)\s+\(0x[0-9a-f]+\)$", line.strip())
        if match:
            found.append(Path(match.group(1)))
    return found

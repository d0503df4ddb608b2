# SPDX-License-Identifier: MIT
"""What one case left: documents of the product with their exit status, logs, and evidence of other origin."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a command of the product said. `json` is empty if it said nothing on stdout."""

    status: int
    json: dict[str, Any]
    error: str


@dataclass(frozen=True)
class Facts:
    """Read when asked for: not every case leaves everything."""

    directory: Path

    @property
    def complete(self) -> bool:
        return (self.directory / "complete").exists()

    def answer(self, name: str) -> Answer:
        """`name`.json, .status and .err of the case. A command that was never run is a failure of the case, not an answer."""
        text = self.text(f"{name}.json")
        return Answer(
            int(self.text(f"{name}.status")),
            json.loads(text) if text.strip() else {},
            self.text(f"{name}.err").strip(),
        )

    def text(self, name: str) -> str:
        return (self.directory / name).read_text(errors="replace")

    def has(self, name: str) -> bool:
        return (self.directory / name).exists()

    def metric(self, name: str) -> int:
        """A series without labels."""
        for line in self.text("metrics.prom").splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == name:
                return int(float(words[1]))
        raise KeyError(name)

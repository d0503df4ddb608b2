# SPDX-License-Identifier: MIT
"""What a program's --help says, as values: the one source of the completions and of the checks of the man pages."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# The library prints no placeholder for its own option that reads a configuration file.
TAKES_A_VALUE_UNSAID = ("--config.file",)


@dataclass(frozen=True)
class Option:
    """One line of "Options:"."""

    name: str  # "--json"
    short: str  # "-h", or ""
    takes_value: bool
    values: tuple[str, ...]  # the only ones that are taken; empty: any
    limits: tuple[str, ...]  # smallest and largest number that is taken; empty: none said
    default: str  # "" if --help names none
    text: str


@dataclass(frozen=True)
class Command:
    """A program or one of its subcommands."""

    path: tuple[str, ...]  # ("exitledger", "sessions", "list")
    text: str
    options: tuple[Option, ...]
    positionals: tuple[str, ...]
    commands: tuple["Command", ...] = field(default_factory=tuple)

    def walk(self) -> list["Command"]:
        return [self, *(below for command in self.commands for below in command.walk())]


def read(program: Path) -> Command:
    """The program with all that is below it; runs it once per subcommand."""
    return _read(program, (program.name,), "")


def _read(program: Path, path: tuple[str, ...], text: str) -> Command:
    done = subprocess.run([str(program), *path[1:], "--help"], capture_output=True, text=True, check=True)
    sections = _sections(done.stdout)
    commands = tuple(_read(program, (*path, name), what) for name, what in sections.get("Subcommands", []))
    return Command(
        path=path,
        text=text,
        options=tuple(parse_option(spec, what) for spec, what in sections.get("Options", [])),
        positionals=tuple(spec.split()[0] for spec, _ in sections.get("Positionals", [])),
        commands=commands,
    )


def _sections(text: str) -> dict[str, list[tuple[str, str]]]:
    """Per heading its entries: what stands left, and the text that stands right of it or on the lines below."""
    found: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z][a-z]+:", line):
            heading = line[:-1]
            found[heading] = []
        elif not line.startswith("  "):
            heading = ""
        elif heading and line.startswith("   "):
            spec, what = found[heading][-1]
            found[heading][-1] = (spec, f"{what} {line.strip()}".strip())
        elif heading:
            spec, _, what = line.strip().partition("  ")
            found[heading].append((spec, what.strip()))
    return found


def parse_option(spec: str, text: str) -> Option:
    """`spec` is for instance "-h,--help", "--json" or "--slots UINT:UINT in [1 - 9]=4 Needs: --some Excludes: --all"."""
    names, _, rest = spec.partition(" ")
    rest = re.split(r"(?:^| )(?:Needs|Excludes):", rest)[0].strip()
    names = names.replace("{false}", "")
    short, long = (names.split(",") + [""])[:2] if "," in names else ("", names)
    values = re.search(r"\{([^}]*)\}", rest)
    limits = re.search(r"in \[(\d+) - (\d+)\]", rest)
    default = re.search(r"=(\[?)([^=\s\]]+)\]?(?: \.\.\.)?$", rest)
    return Option(
        name=long,
        short=short,
        takes_value=bool(rest) or long in TAKES_A_VALUE_UNSAID,
        values=tuple(sorted(value.partition("->")[0] for value in values[1].split(","))) if values else (),
        limits=limits.groups() if limits and "DURATION" not in rest else (),
        default=default[2] if default else "",
        text=text,
    )

# SPDX-License-Identifier: MIT
"""The command line."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

PAGING = {"intel": ("ept", "shadow"), "amd": ("npt", "shadow")}
MAX_CPUS = 8
# Bochs leaves out what is beyond, with a line in its log.
MAX_FORWARDS = {"intel": 5}


# What main hands to others, which have options of their own.
JUDGES = {
    "oracle": "both books against the emulated processor's own record",
    "soak": "millions of exits through both books",
    "faults": "faults that must be caught",
    "matrix": "each host with each kernel line, paging mode and number of CPUs",
    "exit-cost": "what each way to count adds to an exit",
}


@dataclass(frozen=True)
class Forward:
    """A TCP port of this machine's loopback that leads to one of the lab host's."""

    host_port: int
    guest_port: int


@dataclass(frozen=True)
class Options:
    """What both `run` and `shell` need to know of a host."""

    action: str
    host: str = "intel"
    kernel: str = "6.1"
    paging: str = "ept"
    modules: str = "patched"
    modules_dir: Path | None = None
    cpus: int = 1
    network: bool = False
    forwards: list[Forward] = field(default_factory=list)
    extra_patches: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    out: Path | None = None
    exit_record: Path | None = None
    timeout_s: float = 1800.0
    command: list[str] = field(default_factory=list)
    # More sets of modules for use-modules: name, and what is patched on top of the series.
    module_sets: dict[str, list[Path]] = field(default_factory=dict)
    kernel_arguments: str = ""
    ticks_per_second: int | None = None  # of the Intel host's clock, in instructions


def parse(arguments: list[str]) -> Options:
    """Exits with 2 and a usage line if they make no sense."""
    parser = _parser()
    own, command = _split(arguments)
    given = parser.parse_args(own)
    if given.action == "run" and not command:
        parser.error("run: no command given after --")
    if given.action == "shell" and command:
        parser.error("shell: takes no command")
    paging = given.paging or PAGING[given.host][0]
    if paging not in PAGING[given.host]:
        parser.error(f"--paging {paging}: an {given.host} host has {' and '.join(PAGING[given.host])}")
    if given.forward and not given.network:
        parser.error("--forward needs --network")
    taken = [forward.host_port for forward in given.forward]
    if len(set(taken)) != len(taken):
        parser.error("--forward: a HOSTPORT leads to one GUESTPORT")
    if len(taken) > MAX_FORWARDS.get(given.host, len(taken)):
        parser.error(f"--forward: an {given.host} host has {MAX_FORWARDS[given.host]} at most")
    for path in [*given.file, *given.extra_patch]:
        if not path.exists():
            parser.error(f"{path}: no such file")
    if given.extra_patch and given.modules != "patched":
        parser.error("--extra-patch needs --modules patched")
    if given.modules_dir is not None and given.extra_patch:
        parser.error("--modules-dir: those modules are built, --extra-patch comes too late")
    if given.modules_dir is not None and not given.modules_dir.is_dir():
        parser.error(f"--modules-dir {given.modules_dir}: not a directory")
    if given.out is not None and given.out.exists() and not given.out.is_dir():
        parser.error(f"--out {given.out}: not a directory")
    if given.action == "run" and given.exit_record is not None and (given.host, given.cpus) != ("intel", 1):
        parser.error("--exit-record: only an intel host with one CPU keeps one")
    return Options(
        action=given.action,
        host=given.host,
        kernel=given.kernel,
        paging=paging,
        modules=given.modules,
        modules_dir=given.modules_dir,
        cpus=given.cpus,
        network=given.network,
        forwards=given.forward,
        extra_patches=given.extra_patch,
        files=given.file,
        out=given.out,
        exit_record=given.exit_record if given.action == "run" else None,
        timeout_s=given.timeout_s,
        command=command,
    )


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Everything after the first -- is the command's, untouched."""
    if "--" in arguments:
        position = arguments.index("--")
        return arguments[:position], arguments[position + 1 :]
    return arguments, []


def _parser() -> argparse.ArgumentParser:
    host = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    host.add_argument("--host", choices=sorted(PAGING), default="intel", help="intel: Bochs; amd: QEMU (default: intel)")
    host.add_argument("--kernel", choices=("6.1", "6.12"), default="6.1", help="Debian kernel line (default: 6.1)")
    host.add_argument("--paging", choices=("ept", "npt", "shadow"), help="default: ept, on amd npt")
    host.add_argument("--modules", choices=("patched", "stock", "none"), default="patched", help="default: patched")
    host.add_argument(
        "--modules-dir", type=Path, metavar="DIR", help="kvm.ko, kvm-intel.ko and kvm-amd.ko from here are the patched ones"
    )
    host.add_argument("--cpus", type=_cpus, default=1, metavar="N", help="of the lab host (default: 1)")
    host.add_argument(
        "--network", action="store_true", help="a network card in the lab host, which reaches nobody by itself"
    )
    host.add_argument(
        "--forward",
        type=_forward,
        action="append",
        default=[],
        metavar="HOSTPORT:GUESTPORT",
        help="127.0.0.1:HOSTPORT here is TCP GUESTPORT of the lab host; needs --network; repeatable (intel: up to 5)",
    )
    host.add_argument(
        "--extra-patch", type=Path, action="append", default=[], metavar="FILE", help="on top of the series; repeatable"
    )
    host.add_argument(
        "--file", type=Path, action="append", default=[], metavar="PATH", help="lands in /files; repeatable"
    )
    host.add_argument("--out", type=Path, metavar="DIR", help="what is left in /out comes back here")
    host.add_argument("--timeout-s", type=_seconds, default=1800.0, metavar="N", help="of wall time, from power-on (default: 1800)")
    parser = argparse.ArgumentParser(
        prog="lab",
        allow_abbrev=False,
        description="Emulated hosts with the patched KVM.",
        epilog="Status of run: the command's own; 124 time-out; 125 the lab failed, with the cause on stderr.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(("run", "shell", *JUDGES)))
    run = actions.add_parser(
        "run", parents=[host], allow_abbrev=False, usage="lab run [OPTION…] -- COMMAND…", help="run one command in a lab host"
    )
    run.add_argument(
        "--exit-record",
        type=Path,
        metavar="FILE",
        help="the processor's own record of its VM exits: one byte each, the basic reason, in order (intel, one CPU; slower)",
    )
    # Taken by main before; here for --help.
    for judge, what in JUDGES.items():
        actions.add_parser(judge, add_help=False, help=f"{what} (lab {judge} --help)")
    actions.add_parser("shell", parents=[host], allow_abbrev=False, help="a prompt on a lab host")
    return parser


def _cpus(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MAX_CPUS:
        raise argparse.ArgumentTypeError(f"not a number from 1 to {MAX_CPUS}: {text}")
    return int(text)


def _forward(text: str) -> Forward:
    ports = text.split(":")
    if len(ports) != 2 or not all(port.isdigit() and 0 < int(port) <= 65535 for port in ports):
        raise argparse.ArgumentTypeError(f"not HOSTPORT:GUESTPORT: {text}")
    return Forward(int(ports[0]), int(ports[1]))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 1e7:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text}")
    return seconds

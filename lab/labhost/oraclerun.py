# SPDX-License-Identifier: MIT
"""`lab oracle`: boots an Intel host per paging mode and workload, with the processor's record on, and compares."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import oracle, say
from .exitlog import ExitLog
from .judgement import AGREES, CANNOT_TELL, DISAGREES, Parser, existing, fresh, load, natural, need_binaries, require_success, store
from .options import Options
from .paths import LAB, ROOT
from .run import run_recorded

PAGING = ("ept", "shadow")
WORKLOADS = ("calibration", "guest")
TIMEOUT_S = 1500.0


@dataclass
class Comparison:
    """One boot: the books of its session against the processor's record."""

    paging: str
    workload: str
    rows: list[oracle.Row] = field(default_factory=list)
    why: str = ""  # it cannot be told

    @property
    def verdict(self) -> str:
        if self.why:
            return "cannot tell"
        return "disagrees" if any(row.wrong for row in self.rows) else "agrees"

    @property
    def reasons(self) -> list[oracle.Row]:
        return [row for row in self.rows if not oracle.is_pseudo(row.number)]

    def wrong_books(self) -> list[str]:
        return sorted({book for row in self.rows for book in row.wrong})

    def json(self) -> dict[str, Any]:
        total = {book: sum(getattr(row, book) for row in self.reasons) for book in ("processor", "ebpf", "leaf")}
        return {
            "paging": self.paging,
            "workload": self.workload,
            "verdict": self.verdict,
            "why": self.why,
            "wrong": self.wrong_books(),
            "total": total,
            "reasons": [row.json() for row in self.reasons],
            "pseudo": [row.json() for row in self.rows if oracle.is_pseudo(row.number)],
        }

    def table(self) -> str:
        lines = [f"{self.paging} paging, {self.workload}"]
        lines.append(f"{'reason':>6} {'':<20} {'processor':>12} {'eBPF':>12} {'leaf':>12}")
        for row in self.rows:
            number = "" if oracle.is_pseudo(row.number) else str(row.number)
            wrong = f"  wrong: {' and '.join(row.wrong)}" if row.wrong else ""
            lines.append(f"{number:>6} {row.name:<20} {row.processor:>12,} {row.ebpf:>12,} {row.leaf:>12,}{wrong}")
        told = self.why or (f"the processor contradicts: {' and '.join(self.wrong_books())}" if self.wrong_books() else "")
        return "\n".join([*lines, f"verdict: {self.verdict}{': ' if told else ''}{told}"])


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    need_binaries()
    result = fresh(given.out, "result.json")
    compared = []
    for workload in [given.workload] if given.workload else WORKLOADS:
        for paging in [given.paging] if given.paging else PAGING:
            compared.append(_compare(given, paging, workload))
            print(compared[-1].table(), flush=True)
            store(result, [each.json() for each in compared])
    say.progress(f"the result is in {result}")
    return status_of([each.verdict for each in compared])


def status_of(verdicts: list[str]) -> int:
    """A contradiction is one, whatever else could not be told."""
    if "disagrees" in verdicts:
        return DISAGREES
    return AGREES if verdicts and set(verdicts) == {"agrees"} else CANNOT_TELL


def compare(paging: str, workload: str, log: ExitLog, session: dict[str, Any]) -> Comparison:
    comparison = Comparison(paging, workload)
    try:
        if log.objection:
            raise oracle.Undecided(f"the processor's record is not whole: {log.objection}")
        if session["paging"] != paging:
            raise oracle.Undecided(f"the session is of {session['paging']} paging")
        comparison.rows = oracle.rows(bytes(log.exits), session)
    except oracle.Undecided as undecided:
        comparison.why = str(undecided)
    return comparison


def _compare(given: argparse.Namespace, paging: str, workload: str) -> Comparison:
    out = given.out / f"{paging}-{workload}"
    check = fresh(out, "check.json")
    count = given.forks if workload == "guest" else given.count
    status, log = run_recorded(
        Options(
            action="run",
            paging=paging,
            extra_patches=given.extra_patch,
            files=[LAB / "oracle.sh"],
            out=out,
            exit_record=out / "processor.exits",
            timeout_s=TIMEOUT_S,
            command=["/files/oracle.sh", paging, workload, str(count)],
        )
    )
    require_success(status, TIMEOUT_S, f"{paging}, {workload}: the workload")
    return compare(paging, workload, log, load(check))


def _parser() -> Parser:
    parser = Parser(
        prog="lab oracle",
        allow_abbrev=False,
        description="The emulated Intel processor's own record of its VM exits against both books, per reason.",
        epilog="Status: 0 three equal numbers everywhere, 1 a book contradicts the processor, 2 cannot tell, 64 bad usage, "
        "125 the lab failed.",
    )
    parser.add_argument("--paging", choices=PAGING, help="default: both")
    parser.add_argument("--workload", choices=WORKLOADS, help="default: both")
    parser.add_argument("--forks", type=natural, default=50, metavar="N", help="of the guest (default: 50)")
    parser.add_argument(
        "--count", type=natural, default=211, metavar="N", help="of each kind of exit in the calibration (default: 211)"
    )
    parser.add_argument(
        "--extra-patch",
        type=existing,
        action="append",
        default=[],
        metavar="FILE",
        help="on top of the series; repeatable",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "out" / "oracle",
        metavar="DIR",
        help="of result.json and the evidence (default: out/oracle)",
    )
    return parser

# SPDX-License-Identifier: MIT
"""`lab soak`: millions of exits through both books in both paging modes of one lab host, judged from the daemon's export."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import say
from .judgement import AGREES, CANNOT_TELL, DISAGREES, Parser, fresh, load, natural, need_binaries, require_success, store
from .options import PAGING, Options
from .paths import LAB, ROOT
from .run import run

# Of so many exits in all: the share of Linux guests, and what each of the most frequent reasons must have.
GUEST_SHARE, REASON_SHARE = 20, 1000
FREQUENT_REASONS = 12
TIMEOUT_S = 3600.0


@dataclass
class Judgement:
    """The sessions' sums, and whether each condition holds."""

    exits: int = 0
    from_guests: int = 0
    reasons: dict[tuple[int, str], int] = field(default_factory=dict)
    conditions: dict[str, bool] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        if "disagrees" in self.verdicts.values():
            return DISAGREES
        if set(self.verdicts.values()) != {"agrees"}:
            return CANNOT_TELL
        return AGREES if all(self.conditions.values()) else DISAGREES


def judge(sessions: list[dict[str, Any]], modes: tuple[str, ...], wanted: int) -> Judgement:
    """`sessions`: those of `exitledger sessions export`."""
    judged = Judgement()
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    for session in sessions:
        judged.verdicts[session["paging"]] = session["verdict"]
        for row in session["reasons"]:
            sums[row["number"], row["name"]] += row["ebpf"]
            judged.from_guests += row["ebpf"] - row["own"]
    judged.reasons = dict(sorted(sums.items()))
    judged.exits = sum(sums.values())
    least = wanted // REASON_SHARE
    rows = [row for session in sessions for row in session["reasons"]]
    judged.conditions = {
        f"one session of each mode, from its load on: {' and '.join(modes)}": sorted(s["paging"] for s in sessions) == sorted(modes)
        and all(s["began_at_load"] for s in sessions),
        "each agrees, nothing lost, no law broken": all(
            s["verdict"] == "agrees" and s["losses"] == 0 and not s["laws_broken"] for s in sessions
        ),
        "residual 0, eBPF and leaf equal on every reason": all(r["residual"] == 0 and r["ebpf"] == r["leaf"] for r in rows),
        f"{wanted:,} exits and more": judged.exits >= wanted,
        f"{wanted // GUEST_SHARE:,} and more of Linux guests": judged.from_guests >= wanted // GUEST_SHARE,
        f"{FREQUENT_REASONS} reasons and more above {least:,} each": sum(count > least for count in sums.values())
        >= FREQUENT_REASONS,
    }
    return judged


def table(sessions: list[dict[str, Any]], judged: Judgement) -> str:
    modes = [session["paging"] for session in sessions]
    counts = {
        (session["paging"], row["number"]): (row["ebpf"], row["leaf"]) for session in sessions for row in session["reasons"]
    }
    lines = [f"{'reason':>6} {'':<20}" + "".join(f" {mode + ' eBPF':>14} {mode + ' leaf':>14}" for mode in modes)]
    for number, name in judged.reasons:
        books = [counts.get((mode, number), (0, 0)) for mode in modes]
        lines.append(f"{number:>6} {name:<20}" + "".join(f" {ebpf:>14,} {leaf:>14,}" for ebpf, leaf in books))
    lines.append(f"{judged.exits:,} exits, {judged.from_guests:,} of Linux guests")
    return "\n".join(lines + [f"{'true: ' if holds else 'FALSE:'} {text}" for text, holds in judged.conditions.items()])


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    need_binaries()
    result = fresh(given.out, "result.json")
    exported = fresh(given.out, "sessions.json")
    # A prime: its multiples are told from sums of other things. Above what a frequent reason must have.
    count = prime_above(max(given.exits // REASON_SHARE, 100))
    shares = [str(given.exits // 2), str(given.exits // GUEST_SHARE), str(given.forks), str(count)]
    status = run(
        Options(
            action="run",
            host=given.host,
            paging=PAGING[given.host][0],
            files=[LAB / "soak.sh"],
            out=given.out,
            timeout_s=TIMEOUT_S,
            command=["/files/soak.sh", *shares],
        )
    )
    require_success(status, TIMEOUT_S, "the soak")
    sessions = load(exported)["sessions"]
    judged = judge(sessions, PAGING[given.host], given.exits)
    print(table(sessions, judged), flush=True)
    store(
        result,
        {
            "host": given.host,
            "exits": judged.exits,
            "from_guests": judged.from_guests,
            "verdicts": judged.verdicts,
            "conditions": judged.conditions,
            "reasons": [{"number": number, "name": name, "exits": n} for (number, name), n in judged.reasons.items()],
        },
    )
    say.progress(f"the result is in {result}")
    return judged.status


def prime_above(least: int) -> int:
    number = least + 1
    while any(number % divisor == 0 for divisor in range(2, math.isqrt(number) + 1)):
        number += 1
    return number


def _parser() -> Parser:
    parser = Parser(
        prog="lab soak",
        allow_abbrev=False,
        description="Many exits through both books, nested and shadow paging, Linux guests and calibrations.",
        epilog="Status: 0 no disagreement and every condition holds, 1 one does not, 2 cannot tell, 64 bad usage, "
        "124 time-out, 125 the lab failed.",
    )
    parser.add_argument("--host", choices=sorted(PAGING), default="amd", help="default: amd")
    parser.add_argument("--exits", type=natural, default=10_000_000, metavar="N", help="over both modes (default: 10 million)")
    parser.add_argument("--forks", type=natural, default=500, metavar="N", help="of each Linux guest (default: 500)")
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "out" / "soak",
        metavar="DIR",
        help="of result.json and the evidence (default: out/soak)",
    )
    return parser

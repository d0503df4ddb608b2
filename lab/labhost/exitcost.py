# SPDX-License-Identifier: MIT
"""`lab exit-cost`: instructions that each way to count adds to an exit, from the TSC of an emulated host."""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import say
from .errors import LabError
from .judgement import Parser, existing, fresh, load, natural, require_success, store
from .options import Options
from .paths import BINARIES, LAB, ROOT
from .run import run

BOOT_TIMEOUT_S, REPEAT_TIMEOUT_S = 1200.0, 600.0  # of a slow machine
# Of the emulated clock: so many that a loop is over before the kernel's next tick, most times.
TICKS_PER_SECOND = 1_000_000_000
PROGRAM = BINARIES / "bench-exits"
# Peers that run themselves; tools/bench.sh installs them.
TOOLS = (Path("/usr/bin/perf"), Path("/usr/bin/bpftrace"))
# The first is the one of the summary: the others' rows stand in the table.
EXITS = ("cpuid", "msr", "io", "page")
# What an exit for a fresh page costs follows the page allocator's state: some dozen instructions between two runs.
STEADY = EXITS[:3]
LEAF_READS = ("leaf-vcpu", "leaf-vm", "leaf-cpu", "leaf-host")
BARE, FLOOR, PAIR = "nothing", "floor", "floor_pair"
# Of what an empty program adds (point 2 of the targets in docs/cost.md), and instructions.
MOST_COUNTS, MOST_HISTOGRAM = 2.2, 2.4
MOST_PATCH, MOST_CYCLES = 12, 60
DEARER = " is dearer than "
OURS = (BARE, FLOOR, PAIR, "counts", "counts_histogram")
# A ratio may grow by so much over the recorded one before --check says so.
GROWTH = 1.03


@dataclass(frozen=True)
class Place:
    """Where one thing was measured."""

    modules: str
    paging: str
    exit: str
    attached: str


@dataclass
class Row:
    """One thing attached, for one kind of exit under one paging mode."""

    name: str
    kind: str  # floor, ours or peer
    times: bool  # it measures time, from exits to entries: compared with a pair of empty programs
    what: str
    added: float  # instructions over the bare exit, the median of the runs
    spread: float | None  # largest less smallest of the runs, if there were several
    ratio: float  # to what the floor adds, or the pair of floors
    alike: bool  # each figure was seen twice

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "added": round(self.added, 1),
            "ratio": round(self.ratio, 3),
            "to": PAIR if self.times else FLOOR,
            "spread": None if self.spread is None else round(self.spread, 1),
            "alike": self.alike,
        }


@dataclass
class Table:
    """Of one paging mode and one kind of exit."""

    paging: str
    exit: str
    bare: float
    rows: list[Row] = field(default_factory=list)
    everything: float | None = None  # an exit with the patch, cycles kept, and serve's probe: what a guest waits

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def json(self) -> dict[str, Any]:
        value = {"paging": self.paging, "exit": self.exit, "bare": round(self.bare), "rows": [row.json() for row in self.rows]}
        if self.everything is not None:
            value["everything"] = {"instructions": round(self.everything), "ratio": round(self.everything / self.bare, 3)}
        return value

    def text(self) -> str:
        lines = [f"{self.exit} exits, {self.paging} paging: {self.bare:,.0f} instructions bare"]
        lines.append(f"  {'attached':<24} {'kind':<6} {'added':>9} {'ratio':>7} {'to':<10} {'+-':>5}")
        lines += [
            f"  {row.name:<24} {row.kind:<6} {row.added:>9,.1f} {row.ratio:>7.2f} {PAIR if row.times else FLOOR:<10} {'-' if row.spread is None else format(row.spread, '.1f'):>5}{'' if row.alike else ' ?'}"
            for row in self.rows
        ]
        if self.everything is not None:
            lines.append(f"  with everything on a guest waits {self.everything:,.0f} for an exit: {self.everything / self.bare:.3f} times bare")
        return "\n".join(lines)


def tables(lines: list[dict[str, Any]]) -> list[Table]:
    """`lines`: those of bench-exits, of any number of runs."""
    ticks: defaultdict[Place, list[float]] = defaultdict(list)
    about: dict[str, dict[str, Any]] = {}
    disturbed: set[Place] = set()
    for line in lines:
        place = Place(line["modules"], line["paging"], line["exit"], line["attached"])
        ticks[place] += line["ticks_per_exit"]
        if not line["alike"]:
            disturbed.add(place)
        about[line["attached"]] = line
    made = []
    for paging in dict.fromkeys(place.paging for place in ticks):
        for kind in dict.fromkeys(place.exit for place in ticks if place.exit not in LEAF_READS):
            made.append(_table(ticks, disturbed, about, paging, kind))
    return made


def _table(ticks: dict[Place, list[float]], disturbed: set[Place], about: dict[str, dict[str, Any]], paging: str, kind: str) -> Table:
    def of(modules: str, attached: str) -> list[float]:
        return ticks[Place(modules, paging, kind, attached)]

    def alike(*things: tuple[str, str]) -> bool:
        return not any(Place(modules, paging, kind, attached) in disturbed for modules, attached in things)

    bare = statistics.median(of("stock", BARE))
    floors = {name: statistics.median(of("stock", name)) - bare for name in (FLOOR, PAIR)}
    table = Table(paging, kind, bare)

    def add(name: str, thing: tuple[str, str], over: tuple[str, str], line: dict[str, Any], what: str) -> None:
        measured = of(*thing)
        added = statistics.median(measured) - statistics.median(of(*over))
        to = PAIR if line["times"] else FLOOR
        floor = floors[to]
        spread = max(measured) - min(measured) if len(measured) > 1 else None
        table.rows.append(Row(name, line["kind"], line["times"], what, added, spread, added / floor, alike(thing, over, ("stock", to), ("stock", BARE))))

    for name, line in about.items():
        if name != BARE:
            add(name, ("stock", name), ("stock", BARE), line, line["what"])
    patch = {"kind": "ours", "times": False}
    if not of("patched", BARE):  # a kernel line without a series
        return table
    add("patch_cycles_off", ("patched", BARE), ("stock", BARE), patch, "the patch, nothing attached")
    add("patch_cycles_on", ("patched_cycles", BARE), ("stock", BARE), patch, "the patch with kvm.exit_cycles=1, nothing attached")
    for name in ("counts", "counts_histogram"):
        what = f"{name} on the patched modules, over these alone"
        add(f"{name}_patched", ("patched", name), ("patched", BARE), about[name], what)
    table.everything = statistics.median(of("patched_cycles", "counts_histogram"))
    return table


def leaf_reads(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per paging mode: instructions of a CPUID on patched modules, and what one that reads the leaf costs more, by scope."""
    ticks: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        if (line["modules"], line["attached"]) == ("patched", BARE):
            ticks[line["paging"], line["exit"]] += line["ticks_per_exit"]
    made = []
    for paging in dict.fromkeys(paging for paging, exit in ticks if exit in LEAF_READS and (paging, "cpuid") in ticks):
        plain = statistics.median(ticks[paging, "cpuid"])
        added = {read: round(statistics.median(ticks[paging, read]) - plain, 1) for read in LEAF_READS}
        made.append({"paging": paging, "cpuid": round(plain), "added": added})
    return made


def _leaf_text(read: dict[str, Any]) -> str:
    added = ", ".join(f"{name.removeprefix('leaf-')} {instructions:+,.1f}" for name, instructions in read["added"].items())
    return f"a read of the leaf, {read['paging']} paging, over a CPUID of {read['cpuid']:,}: {added}"


def conditions(made: list[Table], summary: str = EXITS[0]) -> dict[str, bool]:
    """The targets, and that no peer is cheaper than what does the same here: by the first table of `summary`; the patch in all that are STEADY."""
    table = next(table for table in made if table.exit == summary)
    counts, histogram = table.row("counts"), table.row("counts_histogram")
    held = {
        f"counts: at most {MOST_COUNTS} times {FLOOR}": counts.ratio <= MOST_COUNTS,
        f"counts_histogram: at most {MOST_HISTOGRAM} times {PAIR}": histogram.ratio <= MOST_HISTOGRAM,
    }
    for name, most in (("patch_cycles_off", MOST_PATCH), ("patch_cycles_on", MOST_CYCLES)):
        rows = [row for each in made if each is table or each.exit in STEADY for row in each.rows if row.name == name]
        if rows:
            held[f"{name}: at most {most} instructions"] = all(round(row.added) <= most for row in rows)
    for peer in (row for row in table.rows if row.kind == "peer"):
        ours = histogram if peer.times else counts
        held[f"{peer.name}{DEARER}{ours.name}"] = peer.added > ours.added
    return held


def worse(made: list[Table], held: dict[str, bool], recorded: dict[str, Any], exits: Sequence[str] = EXITS) -> list[str]:
    """Modes of the probe whose ratio is more than GROWTH times the recorded one or that are gone; targets that are missed, peers that are cheaper and were dearer.

    A ratio of the patch's few instructions says nothing: it has a target in instructions. Peers may be left out of a run, and
    kinds of exits: `exits` says which it was to measure. Those that are not STEADY are shown and not compared.
    """
    now = {(table.paging, table.exit, row.name): row for table in made for row in table.rows}
    peers = any(row.kind == "peer" for table in made for row in table.rows)
    targets = [text for text in held if DEARER not in text]
    recorded_true = [text for text, was in recorded["conditions"].items() if was and (peers or DEARER not in text)]
    said = [f"not true: {text}" for text in dict.fromkeys(targets + recorded_true) if not held.get(text)]
    for table in (table for table in recorded["tables"] if table["exit"] in exits and table["exit"] in STEADY):
        for row in table["rows"]:
            if row["kind"] != "ours" or row["name"].startswith("patch_"):
                continue
            key = (table["paging"], table["exit"], row["name"])
            where = f"{row['name']}, {table['exit']} exits, {table['paging']} paging"
            if key not in now:
                said.append(f"{where}: not measured; recorded {row['ratio']:.3f}")
            elif not now[key].alike:
                said.append(f"{where}: something disturbed it, no two of twenty runs were alike")
            elif now[key].ratio > row["ratio"] * GROWTH:
                said.append(f"{where}: {now[key].ratio:.3f} times what the empty program adds; recorded {row['ratio']:.3f}")
    return said


def of_this_kind(recorded: dict[str, Any], host: str, kernel: str, summary: str) -> dict[str, Any]:
    """What was recorded on another host or kernel line, or of other exits, says nothing of this one."""
    said = tuple(recorded.get(key) for key in ("host", "kernel", "exit"))
    if said != (host, kernel, summary):
        raise LabError(
            f"--check: recorded on {said[0]} with {said[1]} for {said[2]} exits, measured is {host} with {kernel} for {summary} exits"
        )
    return recorded


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    given.exits = given.exits or list(EXITS)
    summary = EXITS[0] if EXITS[0] in given.exits else given.exits[0]
    if not PROGRAM.exists():
        raise LabError(f"{PROGRAM} is missing: ./dev build")
    for tool in TOOLS if given.peers else ():
        if not tool.exists():
            raise LabError(f"{tool} is missing: ./dev bench exits installs it, --no-peers does without")
    recorded = None if given.check is None else of_this_kind(load(given.check), given.host, given.kernel, summary)
    result = fresh(given.out, "result.json")
    lines: list[dict[str, Any]] = []
    for number in range(1, given.runs + 1):
        lines += _measured(given, given.out / f"run-{number}")
        say.progress(f"run {number} of {given.runs} is measured")
    made = tables(lines)
    first = next(table for table in made if table.exit == summary)
    held = conditions(made, summary)
    value = {
        "host": given.host,
        "kernel": given.kernel,
        "runs": given.runs,
        "exit": first.exit,
        "paging": first.paging,
        "bare": round(first.bare),
        "rows": [row.json() for row in first.rows],
        "conditions": held,
        "tables": [table.json() for table in made],
        "leaf_reads": leaf_reads(lines),
    }
    store(result, value)
    if given.json:
        print(json.dumps(value, indent=1))
    else:
        print("\n\n".join([table.text() for table in made] + [_leaf_text(each) for each in value["leaf_reads"]]))
        print("\n" + "\n".join(f"{'true: ' if holds else 'FALSE:'} {text}" for text, holds in held.items()))
    say.progress(f"the result is in {result}")
    if recorded is None:
        return 0
    said = worse(made, held, recorded, given.exits)
    for each in said:
        say.error(each)
    return 1 if said else 0


def _measured(given: argparse.Namespace, out: Path) -> list[dict[str, Any]]:
    ticks = fresh(out, "ticks.jsonl")
    timeout_s = BOOT_TIMEOUT_S + REPEAT_TIMEOUT_S * given.repeat
    status = run(
        Options(
            action="run",
            host=given.host,
            kernel=given.kernel,
            modules="stock",
            paging="npt" if given.host == "amd" else "ept",
            files=[LAB / "exit-cost.sh", PROGRAM, *(TOOLS if given.peers else ())],
            out=out,
            timeout_s=timeout_s,
            ticks_per_second=TICKS_PER_SECOND,
            command=["/files/exit-cost.sh", str(given.turns), str(given.repeat), ",".join(given.exits), *([] if given.peers else OURS)],
        )
    )
    require_success(status, timeout_s, "bench-exits")
    return [json.loads(line) for line in ticks.read_text().splitlines()]


def _parser() -> Parser:
    parser = Parser(
        prog="lab exit-cost",
        allow_abbrev=False,
        description="Instructions that each way to count exits adds to one, on an emulated host.",
        epilog="Status: 0 measured, 1 with --check: it is dearer; 64 bad usage, 125 the lab failed.",
    )
    parser.add_argument("--host", choices=("amd", "intel"), default="intel", help="default: intel, whose TSC counts instructions")
    parser.add_argument("--kernel", choices=("6.1", "6.12"), default="6.12", help="Debian kernel line (default: 6.12, the first with typed reads: docs/cost.md)")
    parser.add_argument("--runs", type=natural, default=1, metavar="N", help="boots of the host (default: 1)")
    parser.add_argument("--turns", type=natural, default=200, metavar="N", help="of the shorter loop (default: 200)")
    parser.add_argument("--repeat", type=natural, default=1, metavar="N", help="measurements of each in one boot (default: 1)")
    parser.add_argument(
        "--exit", dest="exits", action="append", choices=EXITS, help="a kind of exit, any number of times; the summary is of cpuid, or of the first (default: all)"
    )
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="the probe and the empty programs alone")
    parser.add_argument("--json", action="store_true", help="the result on stdout as JSON")
    parser.add_argument("--check", type=existing, metavar="FILE", help="an earlier result.json: no ratio of the probe may have grown by more than 3 %% (fresh pages left out), no target be missed")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "out" / "exit-cost", metavar="DIR", help="of result.json (default: out/exit-cost)"
    )
    return parser

# SPDX-License-Identifier: MIT
"""The command line of `lab faults`, and what it prints."""

import argparse
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .. import say
from ..errors import STATUS_LAB_FAILED, LabError
from ..options import PAGING
from ..paths import ROOT
from . import detectors, runs, table
from .evaluate import Result, document, evaluate, label, verdict
from .table import Case

KVM_TREE = re.compile(r"^\+\+\+ b/(arch|include|virt)/", re.MULTILINE)
DAEMON_TREE = re.compile(r"^\+\+\+ b/(bpf|daemon)/", re.MULTILINE)
PROGRAMS = ("exitledger", "exitledger-guest", "exitledger-vm-storm")


@dataclass(frozen=True)
class Chosen:
    cases: list[Case]
    without: list[str]
    out: Path
    reuse: bool
    list_only: bool


def main(arguments: list[str]) -> int:
    return run(parse(arguments))


def parse(arguments: list[str]) -> Chosen:
    """Exits with 2 and a usage line if they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    cases = list(table.CASES)
    for patch in given.extra_patch:
        if not patch.is_file():
            parser.error(f"--extra-patch {patch}: no such file")
        text = patch.read_text(errors="replace")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", patch.stem):
            parser.error(f"--extra-patch {patch}: name it with letters, digits, - and _ alone")
        if patch.stem in (*table.names(), "patched", "stock", "none"):
            parser.error(f"--extra-patch {patch}: {patch.stem} is taken, name it otherwise")
        if bool(KVM_TREE.search(text)) == bool(DAEMON_TREE.search(text)):
            parser.error(f"--extra-patch {patch}: changes neither KVM (arch/, virt/, include/) nor exitledger (bpf/, daemon/) alone")
        cases += table.extra(patch.resolve(), of_daemon=bool(DAEMON_TREE.search(text)))
    known = list(dict.fromkeys(case.fault for case in cases if case.fault))
    for fault in given.only:
        if fault not in known:
            parser.error(f"--only {fault}: no such fault; there are {', '.join(known)}")
    cases = [case for case in cases if not given.host or case.boot.host == given.host]
    if given.only:
        wanted = [case for case in cases if case.fault in given.only]
        if not wanted:
            parser.error(f"--only {' '.join(given.only)}: not on an {given.host} host")
        boots = {case.boot for case in wanted}
        # Their hosts without a fault, too: an alarm that is always on catches nothing.
        cases = [case for case in cases if case in wanted or (not case.fault and case.boot in boots)]
    return Chosen(cases, given.without, given.out, given.reuse, given.list)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab faults",
        allow_abbrev=False,
        description="Runs each fault in a lab host, proves that it happened, and says which check of the product caught it. "
        "Each host is run without a fault as well, where no check may say a thing.",
        epilog="Status: 0 every fault happened and was caught, and nothing else was; 1 not so; 125 a lab host or a build failed. "
        "DIR/result.json has the faults, DIR/controls.json the runs without one, DIR/runs what each left.",
    )
    parser.add_argument("--host", choices=sorted(PAGING), help="only on this kind of host (default: both)")
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="only this fault; repeatable")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=detectors.names(),
        metavar="DETECTOR",
        help="evaluate as if the product had no such check; repeatable",
    )
    parser.add_argument(
        "--extra-patch",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="anybody's patch as one more fault, named like FILE: on top of the KVM series, or of exitledger's bpf/ and daemon/; repeatable",
    )
    parser.add_argument(
        "--reuse", action="store_true", help="run nothing: evaluate what the last run left in DIR, if it was of the same content"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "faults", metavar="DIR", help="default: out/faults")
    parser.add_argument("--list", action="store_true", help="faults and detectors, and leave")
    return parser


def run(chosen: Chosen) -> int:
    if chosen.list_only:
        _print_list(chosen.cases)
        return 0
    failed: list[str] = []
    if chosen.reuse:
        runs.require_kept(chosen.cases, chosen.out)
    else:
        _build_programs()
        failed = runs.run_all(chosen.cases, chosen.out)
    results = [evaluate(case, runs.facts_of(case, chosen.out), chosen.without) for case in chosen.cases]
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "result.json").write_text(document([each for each in results if each.case.fault]))
    (chosen.out / "controls.json").write_text(document([each for each in results if not each.case.fault]))
    for result in results:
        print(line(result), flush=True)
    wrong = verdict(results)
    for each in (*failed, *wrong):
        say.error(each)
    faults = [result for result in results if result.case.fault]
    caught = sum(result.caught for result in faults)
    without = f" without {', '.join(chosen.without)}" if chosen.without else ""
    print(f"{caught} of {len(faults)} faults caught{without}; {len(wrong)} not as it must be; {chosen.out / 'result.json'}")
    if failed:
        return STATUS_LAB_FAILED
    return 1 if wrong else 0


def line(result: Result) -> str:
    """One result for the eye."""
    if not result.case.fault:
        return f"{'quiet' if not result.problem else 'ALARM':<8}{label(result.case)}"
    if not result.caught:
        return f"{'MISSED':<8}{label(result.case)}: {result.problem}"
    reasons = ", ".join(result.findings[result.by].reasons)
    others = ", ".join(name for name in result.findings if name != result.by)
    text = f"{'caught':<8}{label(result.case)}: by {result.by}{f': {reasons}' if reasons else ''}"
    return text + (f"; also {others}" if others else "") + (f"\n        happened: {result.proof}" if result.proof else "")


def _print_list(cases: list[Case]) -> None:
    print("faults")
    for case in cases:
        if case.fault:
            print(f"  {label(case)}: {', '.join(case.caught_by) or 'any detector'}")
    print("detectors")
    for detector in detectors.DETECTORS:
        print(f"  {detector.name:<18}{detector.meaning}")


def _build_programs() -> None:
    done = subprocess.run([str(ROOT / "tools" / "build.sh"), "release", *PROGRAMS], stdout=2, check=False)
    if done.returncode != 0:
        raise LabError(f"tools/build.sh ended with status {done.returncode}")

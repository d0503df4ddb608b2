# SPDX-License-Identifier: MIT
import contextlib
import io
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from labhost.errors import LabError
from labhost.faults import detectors, main, proofs, table
from labhost.faults.evaluate import Result, document, evaluate, verdict
from labhost.faults.facts import Facts
from labhost.faults.proofs import Evidence
from labhost.faults.table import AMD, AMD_2, INTEL, Boot, Case
from labhost.paths import ROOT

AGREES = {"verdict": "agrees", "why": ""}
GOOD_ROW = {"number": 10, "name": "CPUID", "verdict": "agrees", "residual": 0}


def session(**more: Any) -> dict[str, Any]:
    plain = {"reasons": [GOOD_ROW], "pseudo": [], "laws_broken": [], "losses_by_cause": {"no_slot": 0}, "recursion_misses": {}}
    return {**AGREES, "exits": 1000, "calibration": AGREES, **plain, **more}


class Left:
    """What a case left. At first all is well."""

    def __init__(self, directory: Path) -> None:
        self.facts = Facts(directory)
        self.write("complete", "")
        self.write("kernel.log", "[    1.234567] kvm_intel: loaded\n")
        self.answers("before", 0, session())
        self.answers("check", 0, session())
        self.answers("guests", 0, {"judged": {"equal": 60, "different": 0}, "different": []})
        self.answers("calibrate", 0, {**AGREES, "reasons": [GOOD_ROW], "kvm_stats": [{"name": "io_exits", "expected": 7, "value": 7}]})

    def write(self, name: str, text: str) -> None:
        (self.facts.directory / name).write_text(text)

    def answers(self, name: str, status: int, answer: dict[str, Any]) -> None:
        self.write(f"{name}.json", json.dumps(answer))
        self.write(f"{name}.status", f"{status}\n")
        self.write(f"{name}.err", "")


def happened(_: Facts) -> Evidence:
    return Evidence(True, "seen")


def not_happened(_: Facts) -> Evidence:
    return Evidence(False, "nothing was lost")


FAULT = Case("some-fault", INTEL, "ept", "linux", happened, ("cross-check",))
CONTROL = Case("", INTEL, "ept", "linux")
BROKEN_ROW = {"number": 32, "name": "MSR_WRITE", "verdict": "disagrees"}
CANNOT = "cannot tell"

# What each detector must fire on, and with which reasons: one answer that is not as it was.
ALARMS: dict[str, tuple[str, int, dict[str, Any], list[str]]] = {
    "cross-check": ("check", 1, session(verdict="disagrees", why="x", reasons=[GOOD_ROW, BROKEN_ROW]), ["MSR_WRITE"]),
    "third-witness": (
        "check",
        1,
        session(
            third_witness={
                "verdict": "disagrees",
                "why": "t",
                "kvm_stats": [{"name": "exits", "verdict": "disagrees"}, {"name": "io_exits", "verdict": "agrees"}],
                "hypercalls": {"verdict": "disagrees"},
            }
        ),
        ["exits", "hypercalls handled"],
    ),
    "time": (
        "check",
        1,
        session(
            time={
                "verdict": "beyond bound",
                "why": "u",
                "reasons": [{"name": "HLT", "verdict": "beyond bound"}, {"name": "CPUID", "verdict": "within bound"}],
            }
        ),
        ["HLT"],
    ),
    "reset": ("check", 2, session(verdict=CANNOT, why="a count of HLT fell on CPU 0: a reset"), ["HLT"]),
    "layout": (
        "check",
        2,
        session(
            verdict=CANNOT,
            why="the vendor module's layout changed and exits were counted",
            reasons=[GOOD_ROW, {"number": 12, "name": "HLT", "verdict": CANNOT, "residual": -3}],
        ),
        ["HLT"],
    ),
    "losses": ("check", 2, session(verdict=CANNOT, why="y", losses_by_cause={"no_slot": 3}), []),
    "told": ("guests", 1, {"judged": {"different": 1}, "different": [{"reason": 10}, {"reason": 48}]}, ["CPUID", "48"]),
    "unjudged": ("guests", 2, {"judged": {"equal": 60, "different": 0}, "different": [], "losses": 4567}, []),
    "calibration": ("calibrate", 1, {"verdict": "disagrees", "why": "z", "reasons": [BROKEN_ROW], "kvm_stats": []}, ["MSR_WRITE"]),
    "kvm-stats": (
        "calibrate",
        1,
        {**AGREES, "reasons": [], "kvm_stats": [{"name": "io_exits", "expected": 7, "value": 6}]},
        ["io_exits"],
    ),
    "first-calibration": ("check", 2, session(verdict=CANNOT, why="c", calibration={"verdict": "disagrees", "why": "d"}), []),
    "laws": ("check", 1, session(laws_broken=[{"law": "no-ept-violation-under-shadow", "name": "EPT_VIOLATION"}]), ["EPT_VIOLATION"]),
}


class Evaluation(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.left = Left(Path(directory.name))

    def judge(self, case: Case = FAULT, without: tuple[str, ...] = ()) -> Result:
        return evaluate(case, self.left.facts, list(without))

    def test_each_detector_fires_on_its_own_finding_alone(self) -> None:
        self.assertEqual(set(detectors.names()), set(ALARMS))
        for name, (command, status, answer, reasons) in ALARMS.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as directory:
                left = Left(Path(directory))
                left.answers(command, status, answer)
                found = evaluate(FAULT, left.facts, [])
                self.assertEqual({name: reasons}, {each: finding.reasons for each, finding in found.findings.items()})
                self.assertEqual(name, found.by)
                self.assertTrue(found.caught)
                self.assertNotEqual("", evaluate(CONTROL, left.facts, []).problem, "a false alarm")
                without = evaluate(FAULT, left.facts, [name])
                self.assertEqual((False, "missed"), (without.caught, without.problem))

    def test_a_check_that_exits_with_0_has_caught_nothing(self) -> None:
        for command, _, answer, _ in ALARMS.values():
            with self.subTest(answer=answer), tempfile.TemporaryDirectory() as directory:
                left = Left(Path(directory))
                left.answers(command, 0, answer)
                self.assertEqual("missed", evaluate(FAULT, left.facts, []).problem)

    def test_nothing_wrong_and_nothing_said(self) -> None:
        self.assertEqual("", self.judge(CONTROL).problem)
        self.assertFalse(self.judge(CONTROL).caught)

    def test_a_run_without_fault_must_agree_not_only_be_silent(self) -> None:
        for command in ("before", "check", "calibrate"):
            with self.subTest(command), tempfile.TemporaryDirectory() as directory:
                left = Left(Path(directory))
                left.answers(command, 2, session(verdict="within bracket", why="busy"))
                self.assertIn(f"{command} exited with 2: busy", evaluate(CONTROL, left.facts, []).problem)

    def test_a_fault_that_did_not_happen_is_never_caught(self) -> None:
        command, status, answer, _ = ALARMS["cross-check"]
        self.left.answers(command, status, answer)
        result = self.judge(Case("some-fault", INTEL, "ept", "linux", not_happened, ("cross-check",)))
        self.assertFalse(result.caught)
        self.assertIn("did not happen: nothing was lost", result.problem)

    def test_caught_by_another_than_must_catch_it(self) -> None:
        command, status, answer, _ = ALARMS["calibration"]
        self.left.answers(command, status, answer)
        self.assertIn("not noticed by cross-check", self.judge().problem)
        self.assertEqual("", self.judge(without=("cross-check",)).problem)

    def test_a_session_that_cannot_tell_while_another_check_disagrees(self) -> None:
        _, _, contradicted, _ = ALARMS["third-witness"]
        for name in ("reset", "layout", "losses"):
            with self.subTest(name):
                command, _, answer, reasons = ALARMS[name]
                self.left.answers(command, 1, {**answer, "third_witness": contradicted["third_witness"]})
                self.assertEqual({name, "third-witness"}, set(self.judge().findings))
                self.assertEqual(reasons, self.judge().findings[name].reasons)

    def test_facts_that_are_missing_are_a_problem(self) -> None:
        (self.left.facts.directory / "check.status").unlink()
        self.assertIn("cannot be read", self.judge(CONTROL).problem)
        (self.left.facts.directory / "complete").unlink()
        self.assertIn("did not come to its end", self.judge(CONTROL).problem)

    def test_a_patch_of_anybodys_is_caught_if_one_of_its_cases_catches_it(self) -> None:
        cases = [Case("theirs", boot, "ept", "linux") for boot in (INTEL, AMD)]
        silent = [evaluate(case, self.left.facts, []) for case in cases]
        self.assertEqual(2, len(verdict(silent)))
        command, status, answer, _ = ALARMS["cross-check"]
        self.left.answers(command, status, answer)
        self.assertEqual([], verdict([silent[0], evaluate(cases[1], self.left.facts, [])]))

    def test_the_document_is_as_the_contract_says(self) -> None:
        command, status, answer, _ = ALARMS["cross-check"]
        self.left.answers(command, status, answer)
        (row,) = json.loads(document([self.judge()]))
        wanted = {"fault": "some-fault", "caught": True, "by": "cross-check", "reasons": ["MSR_WRITE"], "happened": True}
        self.assertEqual(wanted, {key: row[key] for key in wanted})


class Proofs(unittest.TestCase):
    def test_the_kernels_own_word(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            left = Left(Path(directory))
            self.assertFalse(proofs.notice("counter-wraps")(left.facts).happened)
            left.write("kernel.log", "[    1.5] kvm_amd: fault counter-wraps happened: slot 114\n")
            self.assertEqual(
                Evidence(True, "kvm_amd: fault counter-wraps happened: slot 114"), proofs.notice("counter-wraps")(left.facts)
            )
            self.assertFalse(proofs.notice("reason-off-by-one")(left.facts).happened)

    def test_more_vcpus_than_slots(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            left = Left(Path(directory))
            left.write("metrics.prom", "# TYPE exitledger_slots_limit gauge\nexitledger_slots_limit 1\n")
            left.write("vcpus.txt", "/sys/kernel/debug/kvm/100-4/vcpu0\n")
            self.assertFalse(proofs.more_vcpus_than_slots(left.facts).happened)
            left.write("vcpus.txt", "/sys/kernel/debug/kvm/100-4/vcpu0\n/sys/kernel/debug/kvm/101-4/vcpu0\n")
            self.assertTrue(proofs.more_vcpus_than_slots(left.facts).happened)

    def test_event_fired_more_often_than_it_was_counted(self) -> None:
        hist = "{ exit_reason: 114 } hitcount: 900\n\nTotals:\n    Hits: %d\n    Entries: 1\n    Dropped: %d\n"
        with tempfile.TemporaryDirectory() as directory:
            left = Left(Path(directory))
            for hits, dropped, mode, wanted in (
                (1001, 0, "none voluntary (full)", True),
                (1000, 0, "none voluntary (full)", False),
                (1001, 1, "none voluntary (full)", False),
                (1001, 0, "none (voluntary) full", False),
            ):
                left.write("hist.txt", hist % (hits, dropped))
                left.write("preempt.txt", mode + "\n")
                self.assertEqual(wanted, proofs.event_fired_more_often(left.facts).happened)
            with self.assertRaises(LabError):
                proofs.parse_hist("no totals")

    def test_offset_of_a_member(self) -> None:
        shown = (
            "struct vcpu_vmx {\n\tstruct kvm_vcpu            vcpu;                 /*     0  9000 */\n"
            "\tstruct {\n\t\tint                exit_reason;          /*    16     4 */\n\t} inner;  /* 9000 8 */\n"
            "\tunion vmx_exit_reason      exit_reason;          /*  9104     4 */\n"
            "\tstruct vmcb *              vmcb;                 /*  9108     8 */\n};\n"
        )
        self.assertEqual(9104, proofs.parse_offset(shown, "vcpu_vmx", "exit_reason"))
        self.assertEqual(9108, proofs.parse_offset(shown, "vcpu_vmx", "vmcb"))
        with self.assertRaises(LabError):
            proofs.parse_offset(shown, "vcpu_vmx", "fail")


class Table(unittest.TestCase):
    def test_every_fault_names_detectors_a_workload_and_a_patch_that_exist(self) -> None:
        script = (ROOT / "lab" / "tests" / "faults.sh").read_text()
        for case in table.CASES:
            with self.subTest(case.name):
                self.assertIn(f"\n{case.workload}() {{", script)
                self.assertLessEqual(set(case.caught_by), set(detectors.names()))
                if case.fault:
                    self.assertTrue(case.caught_by and case.proof)
                for patch in (case.kvm_patch, case.daemon_patch):
                    self.assertTrue(patch is None or patch.exists(), patch)

    def test_names_within_a_boot_differ_and_every_boot_has_a_run_without_fault(self) -> None:
        for boot in {case.boot for case in table.CASES}:
            names = [case.name for case in table.CASES if case.boot == boot]
            self.assertEqual(len(names), len(set(names)))
            self.assertTrue(any(not case.fault for case in table.CASES if case.boot == boot), boot.name)

    def test_patches_of_our_own_tree_apply(self) -> None:
        patches = sorted((table.FAULTS / "daemon").glob("*.patch"))
        self.assertEqual({case.daemon_patch for case in table.CASES if case.daemon_patch}, set(patches))
        for patch in patches:
            command = ["patch", "--dry-run", "--fuzz=0", "-p1", "-i", str(patch)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, done.stdout)

    def test_patches_that_prove_themselves_say_what_is_looked_for(self) -> None:
        for case in table.CASES:
            if case.kvm_patch and case.workload != "reload":
                self.assertIn(f"fault {case.fault} happened", case.kvm_patch.read_text())

    def test_the_daemon_says_what_the_detectors_look_for(self) -> None:
        sources = "".join(path.read_text() for path in sorted((ROOT / "daemon").rglob("*.cpp")))
        for words in (detectors.FELL, detectors.LAYOUT_CHANGED, detectors.PLACE_UNKNOWN):
            self.assertIn(words, re.sub(r'"\s*\n\s*"', "", sources))

    def test_boot_names(self) -> None:
        self.assertEqual("amd-1-preempt-full", Boot("amd", kernel_arguments="preempt=full").name)


class CommandLine(unittest.TestCase):
    def refused(self, *arguments: str) -> str:
        with contextlib.redirect_stderr(io.StringIO()) as errors, self.assertRaises(SystemExit) as end:
            main.parse(list(arguments))
        self.assertEqual(2, end.exception.code)
        return errors.getvalue().strip().splitlines()[-1]

    def test_all_by_default(self) -> None:
        self.assertEqual(list(table.CASES), main.parse([]).cases)

    def test_one_fault_comes_with_its_hosts_run_without_fault(self) -> None:
        cases = main.parse(["--host", "amd", "--only", "shared-counter"]).cases
        self.assertEqual([("", AMD_2), ("shared-counter", AMD_2)], [(case.fault, case.boot) for case in cases])

    def test_refused(self) -> None:
        self.assertIn("no-such-fault", self.refused("--only", "no-such-fault"))
        self.assertIn("amd", self.refused("--host", "amd", "--only", "handler-site"))
        self.assertIn("no-such-detector", self.refused("--without", "no-such-detector"))
        self.assertIn("no such file", self.refused("--extra-patch", "/nonexistent.patch"))

    def test_extra_patch(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            patch = Path(directory) / "theirs.patch"
            patch.write_text("--- a/README\n+++ b/README\n")
            self.assertIn("neither KVM", self.refused("--extra-patch", str(patch)))
            patch.write_text("--- a/arch/x86/kvm/x86.c\n+++ b/arch/x86/kvm/x86.c\n")
            cases = main.parse(["--extra-patch", str(patch), "--only", "theirs", "--host", "intel"]).cases
            self.assertEqual({"", "theirs"}, {case.fault for case in cases})
            self.assertTrue(all(case.kvm_patch == patch.resolve() for case in cases if case.fault))
            patch.write_text("--- a/bpf/x.c\n+++ b/bpf/x.c\n")
            cases = main.parse(["--extra-patch", str(patch), "--only", "theirs"]).cases
            self.assertTrue(all(case.daemon_patch == patch.resolve() for case in cases if case.fault))
            taken = patch.rename(patch.with_name("counter-wraps.patch"))
            self.assertIn("taken", self.refused("--extra-patch", str(taken)))


if __name__ == "__main__":
    unittest.main()

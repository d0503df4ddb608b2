# SPDX-License-Identifier: MIT
import copy
import unittest
from typing import Any

from labhost.errors import LabError
from labhost.matrix import Cell, Judgement, all_cells, chosen, document, judge, markdown, status_of

CELL = Cell("amd", "6.12", "npt", 2)
SESSION = {
    "paging": "npt",
    "verdict": "agrees",
    "began_at_load": True,
    "losses": 0,
    "laws_broken": [],
    "reasons": [
        {"ebpf": 500, "leaf": 500, "own": 300, "residual": 0},
        {"ebpf": 40, "leaf": 40, "own": 40, "residual": 0},
    ],
}
CHECK = {"third_witness": {"verdict": "agrees"}}
CALIBRATION = {
    "verdict": "agrees",
    "reasons": [{"kind": "exact", "expected": 211, "ebpf": 211, "leaf": 211} for _ in range(15)]
    + [{"kind": "witnesses", "expected": 0, "ebpf": 3, "leaf": 3}],
}


def judged(session: dict[str, Any] = SESSION, check: dict[str, Any] = CHECK, calibration: dict[str, Any] = CALIBRATION) -> Judgement:
    return judge(CELL, [session, {**SESSION, "paging": "shadow", "verdict": "disagrees"}], check, calibration, 211)


class Matrix(unittest.TestCase):
    def test_sixteen_cells_in_eight_hosts(self) -> None:
        cells = all_cells()
        self.assertEqual(16, len({cell.name for cell in cells}))
        self.assertEqual(8, len({cell.boot for cell in cells}))

    def test_patterns(self) -> None:
        self.assertEqual([CELL], chosen(["amd-6.12-npt-2"]))
        self.assertEqual(4, len(chosen(["intel-6.12-*"])))
        self.assertEqual(4, len(chosen(["*-npt-1", "*-ept-1"])))
        with self.assertRaisesRegex(LabError, "--cell amd-6.12-ept-1: no such cell; there are intel-6.1-ept-1"):
            chosen(["*", "amd-6.12-ept-1"])

    def test_a_cell_in_which_all_agree(self) -> None:
        its = judged()
        self.assertEqual((540, 2, 15, "agrees"), (its.exits, its.reasons, its.calibrated, its.verdict))
        self.assertTrue(its.holds)
        self.assertEqual(0, status_of([its]))
        self.assertIn("| amd | 6.12 | npt | 2, 2 | 540 | 2 | 15 | agrees |", markdown([its]))

    def test_its_document(self) -> None:
        its = document(judged(), 10, 211)
        said = {"host": "amd", "kernel": "6.12", "paging": "npt", "cpus": 2, "vcpus": 2, "exits": 540, "verdict": "agrees", "laws_broken": []}
        self.assertEqual(said, {key: its[key] for key in said})
        self.assertTrue(its["holds"])

    def test_each_condition_can_fail(self) -> None:
        session, calibration = copy.deepcopy(SESSION), copy.deepcopy(CALIBRATION)
        session["reasons"][0]["leaf"] = 499
        calibration["reasons"][0]["leaf"] = 210
        for its in (
            judged({**SESSION, "began_at_load": False}),
            judged({**SESSION, "losses": 1}),
            judged({**SESSION, "laws_broken": ["law"]}),
            judged(session),
            judged({**SESSION, "reasons": SESSION["reasons"][1:]}),
            judged(check={"third_witness": {"verdict": "cannot tell"}}),
            judged(calibration=calibration),
            judged(calibration={**CALIBRATION, "reasons": CALIBRATION["reasons"][1:]}),
            judged(calibration={**CALIBRATION, "verdict": "disagrees"}),
        ):
            with self.subTest(conditions=its.conditions):
                self.assertEqual(1, sum(not holds for holds in its.conditions.values()))
                self.assertEqual(1, status_of([judged(), its]))
                self.assertIn("a condition does not hold", markdown([its]))

    def test_verdicts(self) -> None:
        self.assertEqual(1, status_of([judged({**SESSION, "verdict": "disagrees"})]))
        self.assertEqual(2, status_of([judged(), judged({**SESSION, "verdict": "cannot tell"})]))

    def test_no_session_is_no_agreement(self) -> None:
        its = judge(CELL, [], CHECK, CALIBRATION, 211)
        self.assertFalse(its.holds)
        self.assertEqual(2, status_of([its]))

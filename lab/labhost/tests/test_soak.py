# SPDX-License-Identifier: MIT
import contextlib
import io
import unittest
from typing import Any

from labhost import soak
from labhost.judgement import AGREES, CANNOT_TELL, DISAGREES

MODES = ("npt", "shadow")
WANTED = 24_000


def session(paging: str, own: int = 900) -> dict[str, Any]:
    rows = [
        {"number": number, "name": f"R{number}", "ebpf": 1000, "leaf": 1000, "own": own, "residual": 0} for number in range(12)
    ]
    return {"paging": paging, "verdict": "agrees", "losses": 0, "laws_broken": [], "began_at_load": True, "reasons": rows}


def judged(sessions: list[dict[str, Any]], wanted: int = WANTED) -> soak.Judgement:
    return soak.judge(sessions, MODES, wanted)


class Soak(unittest.TestCase):
    def setUp(self) -> None:
        self.sessions = [session(mode) for mode in MODES]

    def broken(self) -> list[str]:
        return [text for text, holds in judged(self.sessions).conditions.items() if not holds]

    def test_sums_over_both_modes(self) -> None:
        good = judged(self.sessions)
        self.assertEqual((24_000, 2_400, AGREES), (good.exits, good.from_guests, good.status))
        self.assertEqual(2000, good.reasons[0, "R0"])

    def test_too_few_exits(self) -> None:
        self.assertEqual(DISAGREES, judged(self.sessions, 24_001).status)

    def test_too_few_of_guests(self) -> None:
        self.sessions = [session(mode, own=951) for mode in MODES]
        self.assertEqual(["1,200 and more of Linux guests"], self.broken())

    def test_too_few_frequent_reasons(self) -> None:
        for each in self.sessions:
            rows = each["reasons"]
            rows[0]["ebpf"], rows[1]["ebpf"] = 1990, 10
            rows[0]["leaf"], rows[1]["leaf"] = 1990, 10
        self.assertEqual(["12 reasons and more above 24 each"], self.broken())

    def test_a_loss_a_law_a_residual_and_a_mode_that_is_missing(self) -> None:
        for field, value in (("losses", 1), ("laws_broken", [{"law": "x"}])):
            self.sessions = [session("npt"), {**session("shadow"), field: value}]
            self.assertEqual(["each agrees, nothing lost, no law broken"], self.broken())
        self.sessions = [session(mode) for mode in MODES]
        self.sessions[1]["reasons"][3]["leaf"] += 1
        self.assertEqual(["residual 0, eBPF and leaf equal on every reason"], self.broken())
        self.sessions = [session("npt"), session("npt")]
        self.assertEqual(["one session of each mode, from its load on: npt and shadow"], self.broken())

    def test_the_status_is_the_worst_verdicts(self) -> None:
        self.sessions[0]["verdict"] = "cannot tell"
        self.assertEqual(CANNOT_TELL, judged(self.sessions).status)
        self.sessions[1]["verdict"] = "disagrees"
        self.assertEqual(DISAGREES, judged(self.sessions).status)
        self.assertEqual(CANNOT_TELL, judged([]).status)

    def test_the_table_has_both_books_of_both_modes(self) -> None:
        text = soak.table(self.sessions, judged(self.sessions))
        self.assertIn("npt eBPF", text)
        self.assertEqual(12, text.count("1,000          1,000          1,000          1,000"))

    def test_turns_are_a_prime_above_what_a_frequent_reason_must_have(self) -> None:
        self.assertEqual([2, 11, 10007], [soak.prime_above(least) for least in (1, 8, 10_000)])

    def test_bad_usage_is_no_verdict(self) -> None:
        for arguments in (["--exits", "0"], ["--exits", "x"], ["--host", "sparc"], ["stray"]):
            with self.subTest(arguments=arguments), contextlib.redirect_stderr(io.StringIO()) as errors:
                with self.assertRaises(SystemExit) as caught:
                    soak.main(arguments)
                self.assertEqual(64, caught.exception.code)
                self.assertEqual(1, len(errors.getvalue().splitlines()))

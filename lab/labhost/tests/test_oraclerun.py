# SPDX-License-Identifier: MIT
import contextlib
import io
import unittest

from labhost import oraclerun
from labhost.exitlog import ExitLog
from labhost.judgement import AGREES, CANNOT_TELL, DISAGREES
from labhost.tests.test_oracle import GUEST, ORDER, READING, books

RECORD = GUEST + READING


def log(record: bytes = RECORD, objection: str = "") -> ExitLog:
    made = ExitLog()
    made.exits, made.objection = bytearray(record), objection
    return made


class Comparisons(unittest.TestCase):
    def setUp(self) -> None:
        self.session = {"paging": "ept", **books(RECORD, ORDER)}

    def test_equal_numbers_agree(self) -> None:
        found = oraclerun.compare("ept", "guest", log(), self.session)
        self.assertEqual("agrees", found.verdict)
        result = found.json()
        self.assertEqual(("ept", "guest", []), (result["paging"], result["workload"], result["wrong"]))
        self.assertTrue(all(row["processor"] == row["ebpf"] == row["leaf"] for row in result["reasons"]))
        self.assertEqual([row["processor"] for row in result["reasons"] if row["number"] == 33], [1])
        self.assertTrue(all(row["number"] >= 0xFE00 for row in result["pseudo"]))

    def test_the_book_at_fault_is_named_in_table_and_result(self) -> None:
        self.session["reasons"][0]["leaf"] += 1
        found = oraclerun.compare("ept", "guest", log(), self.session)
        self.assertEqual(("disagrees", ["leaf"]), (found.verdict, found.json()["wrong"]))
        self.assertIn("verdict: disagrees: the processor contradicts: leaf", found.table())

    def test_no_verdict_without_a_whole_record_of_that_mode(self) -> None:
        for paging, record in (("ept", log(b"")), ("ept", log(objection="a line is lost")), ("shadow", log())):
            with self.subTest(paging=paging, record=record):
                found = oraclerun.compare(paging, "guest", record, self.session)
                self.assertEqual("cannot tell", found.verdict)
                self.assertTrue(found.why)

    def test_status(self) -> None:
        for verdicts, status in (
            (["agrees", "agrees"], AGREES),
            (["agrees", "cannot tell"], CANNOT_TELL),
            (["cannot tell", "disagrees"], DISAGREES),
            ([], CANNOT_TELL),
        ):
            with self.subTest(verdicts=verdicts):
                self.assertEqual(status, oraclerun.status_of(verdicts))

    def test_bad_usage_is_no_verdict(self) -> None:
        for arguments in (["--forks", "0"], ["--paging", "npt"], ["--extra-patch", "/nonexistent"], ["stray"]):
            with self.subTest(arguments=arguments), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as caught:
                    oraclerun.main(arguments)
                self.assertEqual(64, caught.exception.code)

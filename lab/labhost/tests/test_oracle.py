# SPDX-License-Identifier: MIT
import unittest
from typing import Any

from labhost import oracle
from labhost.oracle import ALL, CPUID, FAILED_ENTRY, HLT, UNKNOWN, Row, Undecided

INTERRUPT, EPT_VIOLATION = 1, 48
ORDER = (0, INTERRUPT, CPUID, HLT, 33, EPT_VIOLATION, ALL, UNKNOWN, FAILED_ENTRY)
# A guest, then the reading: a first touch, CPUID 0, then one CPUID per reason with an interrupt in between.
GUEST = bytes([CPUID, 30, 48, 33, HLT, HLT])
READING = bytes([48, CPUID, CPUID, CPUID, CPUID, INTERRUPT, CPUID, CPUID, CPUID, CPUID, CPUID, CPUID, HLT])


def books(record: bytes, order: tuple[int, ...] = ORDER, after: int = 0) -> dict[str, Any]:
    """What a daemon says that counted each exit of the record, up to each question; `after` them it asked for other things."""
    cuts = [at + 1 for at, reason in enumerate(record) if reason == CPUID][-len(order) - after :][: len(order)]
    session: dict[str, Any] = {"began_at_load": True, "reasons": [], "pseudo": [], "rounds_without_row": []}
    session["questions"] = 1 + len(order) + after
    for place, (number, cut) in enumerate(zip(order, cuts), start=1):
        before = record[:cut]
        count = before.count(number) if number < ALL else len(before)
        if number == UNKNOWN:
            count = sum(before.count(reason) for reason in set(before) - set(order))
        if number == FAILED_ENTRY:
            count = before.count(33)
        round_ = {"cpu": 0, "question": place}
        if count:
            row = {"number": number, "name": str(number), "ebpf": count, "leaf": count, "raw": {"rounds": [round_]}}
            session["pseudo" if number >= ALL else "reasons"].append(row)
        else:
            session["rounds_without_row"].append({"number": number, **round_})
    return session


class Oracle(unittest.TestCase):
    def setUp(self) -> None:
        self.order = (*ORDER, 30)
        self.record = GUEST + READING[:-1] + bytes([CPUID, HLT])

    def rows(self, record: bytes | None = None, session: dict[str, Any] | None = None) -> dict[int, Row]:
        found = oracle.rows(record or self.record, session or books(self.record, self.order))
        return {row.number: row for row in found}

    def why(self, record: bytes, session: dict[str, Any]) -> str:
        with self.assertRaises(Undecided) as caught:
            oracle.rows(record, session)
        return str(caught.exception)

    def test_questions_about_other_things_come_after(self) -> None:
        record = self.record[:-1] + bytes([CPUID, INTERRUPT, CPUID, HLT])
        rows = self.rows(record, books(record, self.order, after=2))
        self.assertEqual({row.verdict for row in rows.values()}, {"agrees"})
        self.assertEqual(rows[CPUID].processor, books(self.record, self.order)["reasons"][0]["ebpf"])

    def test_each_reason_is_cut_at_its_own_question(self) -> None:
        rows = self.rows()
        self.assertEqual([], [row for row in rows.values() if row.wrong])
        # CPUID: the guest's, the one for the epoch, and the questions about 0, 1 and CPUID itself.
        self.assertEqual(1 + 1 + 3, rows[CPUID].processor)
        # The interrupt came after its question: in no book, and not in the processor's number.
        self.assertNotIn(INTERRUPT, rows)
        self.assertEqual(2, rows[HLT].processor, "the reading's own HLT comes after all questions")
        self.assertEqual(2, rows[EPT_VIOLATION].processor)
        self.assertEqual(1, rows[FAILED_ENTRY].processor)
        self.assertEqual(self.record.rindex(CPUID, 0, self.record.rindex(CPUID)) - 1, rows[ALL].processor)

    def test_the_book_that_is_wrong_is_named(self) -> None:
        for book in ("ebpf", "leaf"):
            for by in (1, -1):
                with self.subTest(book=book, by=by):
                    session = books(self.record, self.order)
                    session["reasons"][0][book] += by
                    wrong = [row for row in self.rows(session=session).values() if row.wrong]
                    self.assertEqual([[book]], [row.wrong for row in wrong])
                    self.assertEqual("disagrees", wrong[0].verdict)

    def test_an_exit_in_no_book_accuses_both(self) -> None:
        session = books(self.record, self.order)
        for lost, row in ((EPT_VIOLATION, EPT_VIOLATION), (71, UNKNOWN)):
            with self.subTest(lost=lost):
                rows = self.rows(bytes([lost]) + self.record, session)
                self.assertEqual(["ebpf", "leaf"], rows[row].wrong)
                self.assertEqual(["ebpf", "leaf"], rows[ALL].wrong)

    def test_a_count_of_what_never_happened_is_wrong(self) -> None:
        session = books(self.record, self.order)
        other = session["rounds_without_row"].pop(0)
        row = {"number": other["number"], "name": "x", "ebpf": 0, "leaf": 3, "raw": {"rounds": [other]}}
        session["reasons"].append(row)
        self.assertEqual(["leaf"], self.rows(session=session)[other["number"]].wrong)

    def test_a_cut_one_question_off_is_seen(self) -> None:
        session = books(self.record, self.order)
        record = self.record[:-1] + bytes([CPUID, HLT])
        self.assertEqual(["ebpf", "leaf"], self.rows(record, session)[CPUID].wrong)

    def test_a_reason_that_the_leaf_does_not_define_is_unknown(self) -> None:
        record = bytes([71]) + self.record
        rows = self.rows(record, books(record, self.order))
        self.assertEqual([], [row for row in rows.values() if row.wrong])
        self.assertEqual(1, rows[UNKNOWN].processor)

    def test_no_verdict_where_there_is_none(self) -> None:
        session = books(self.record, self.order)
        self.assertIn("no VM exit", self.why(b"", session))
        self.assertIn("ran in guest mode", self.why(self.record + bytes([30, HLT]), session))
        self.assertIn("ran in guest mode", self.why(self.record[:-1], session))
        self.assertIn("fewer", self.why(self.record[-5:], session))
        self.assertIn("did not begin", self.why(self.record, {**session, "began_at_load": False}))
        empty = {"began_at_load": True, "reasons": [], "pseudo": [], "rounds_without_row": [], "questions": 0}
        self.assertIn("no reading", self.why(self.record, empty))
        session["reasons"][0]["raw"]["rounds"][0]["question"] = 99
        self.assertIn("one after the other", self.why(self.record, session))
        session["reasons"][0]["raw"]["rounds"][0]["cpu"] = 1
        self.assertIn("CPU 0 alone", self.why(self.record, session))

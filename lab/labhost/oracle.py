# SPDX-License-Identifier: MIT
"""The emulated processor against both books: who is right, reason by reason, to the last exit.

A reading of the leaf is a micro guest that asks with one CPUID per reason, and both books are taken at that very exit. It
is the last thing that runs in guest mode, so its questions are the last CPUID exits of the processor's record, and what the
record holds up to a question is what both books must say to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CPUID, HLT = 10, 12
# Bit 31 of the exit reason, which the record leaves out: the processor sets it for these (SDM vol. 3, "VM-Entry Failures").
FAILED_ENTRIES = (33, 34, 41)
ALL, UNKNOWN, BUS_LOCK, ENCLAVE, FAILED_ENTRY = range(0xFE00, 0xFE05)
NESTED, INJECTED = 0xFE08, 0xFE09
NAMES = {ALL: "ALL", UNKNOWN: "UNKNOWN", FAILED_ENTRY: "FAILED_ENTRY_FLAG"}
# The emulated processor has neither flag, and knows of no nesting.
NOT_RECORDED = (BUS_LOCK, ENCLAVE, NESTED, INJECTED)


class Undecided(Exception):
    """Why the processor's record and the books cannot be compared."""


@dataclass(frozen=True)
class Row:
    """One reason: what the processor did, and what each book says that it did."""

    number: int
    name: str
    processor: int
    ebpf: int
    leaf: int

    @property
    def wrong(self) -> list[str]:
        books = (("ebpf", self.ebpf), ("leaf", self.leaf))
        return [name for name, count in books if count != self.processor]

    @property
    def verdict(self) -> str:
        return "disagrees" if self.wrong else "agrees"

    def json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "name": self.name,
            "processor": self.processor,
            "ebpf": self.ebpf,
            "leaf": self.leaf,
            "wrong": self.wrong,
            "verdict": self.verdict,
        }


def is_pseudo(number: int) -> bool:
    return number >= ALL


def rows(record: bytes, session: dict[str, Any]) -> list[Row]:
    """Every reason that the processor or a book has, ascending, and after them what is no reason of its own (ALL and so on).

    `session`: the JSON of `exitledger check`, of a session that began before the record's first exit."""
    if not record:
        raise Undecided("the processor recorded no VM exit")
    if not session["began_at_load"]:
        raise Undecided("the session did not begin at the vendor module's load: the record has exits that no book counted")
    questions = _questions(session)
    cuts = _cuts(record, session["questions"] - 1)
    found = [_row(record, cuts, questions, row, row["ebpf"], row["leaf"]) for row in [*session["reasons"], *session["pseudo"]]]
    found += [_row(record, cuts, questions, without, 0, 0) for without in session["rounds_without_row"]]
    kept = [row for row in found if row.number not in NOT_RECORDED and (row.processor or row.ebpf or row.leaf)]
    return sorted(kept, key=lambda row: row.number)


def _row(
    record: bytes, cuts: list[int], questions: dict[int, int], of: dict[str, Any], ebpf: int, leaf: int
) -> Row:
    number = of["number"]
    before = record[: cuts[questions[number]]]
    if number == ALL:
        count = len(before)
    elif number == UNKNOWN:
        count = sum(before.count(reason) for reason in set(before) - set(questions))
    elif number == FAILED_ENTRY:
        count = sum(before.count(reason) for reason in FAILED_ENTRIES)
    else:
        count = 0 if is_pseudo(number) else before.count(number)
    return Row(number, of.get("name") or NAMES.get(number, f"reason {number}"), count, ebpf, leaf)


def _questions(session: dict[str, Any]) -> dict[int, int]:
    """Reason to the place of its question in the newest reading: 1 for the first, after one that asks for the epoch."""
    asked: dict[int, int] = {}
    for row in [*session["reasons"], *session["pseudo"]]:
        asked.update(_places(row["number"], row["raw"]["rounds"]))
    for round_ in session["rounds_without_row"]:
        asked.update(_places(round_["number"], [round_]))
    if not asked:
        raise Undecided("the session has no reading of the leaf")
    if sorted(asked.values()) != list(range(1, len(asked) + 1)):
        raise Undecided("the reading's questions are not one after the other")
    return asked


def _places(number: int, rounds: list[dict[str, Any]]) -> Iterable[tuple[int, int]]:
    if [each["cpu"] for each in rounds] != [0]:
        raise Undecided(f"reason {number} was read on CPUs {[each['cpu'] for each in rounds]}: the record is of CPU 0 alone")
    return [(number, rounds[0]["question"])]


def _cuts(record: bytes, questions: int) -> list[int]:
    """For each place the length of the record up to its question's exit, this included."""
    ends: list[int] = []
    end = len(record)
    while len(ends) <= questions:
        end = record.rfind(CPUID, 0, end)
        if end < 0:
            raise Undecided(f"the record has {len(ends)} CPUID exits, fewer than the last reading asked")
        ends.append(end + 1)
    # The micro guest's end. Anything more in guest mode, and the last CPUIDs would be another's.
    if record.count(HLT, ends[0]) != 1:
        raise Undecided("the record does not end with the reading: something ran in guest mode after it")
    return ends[::-1]

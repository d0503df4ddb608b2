# SPDX-License-Identifier: MIT
"""Checks of the product, each by what it leaves in machine-readable answers. A check that exits with 0 has caught nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .facts import Facts

# As daemon/crosscheck/crosscheck.cpp, daemon/session/books.cpp and running.cpp say it; tests/test_faults.py compares.
FELL = "a count of {} fell on CPU {}"
LAYOUT_CHANGED = "the vendor module's layout changed"
PLACE_UNKNOWN = "the exit reason's place is not known"


@dataclass(frozen=True)
class Finding:
    """What a check found: the reasons by name (empty where it is about no reason), and in its own words why."""

    reasons: list[str]
    why: str


@dataclass(frozen=True)
class Detector:
    name: str
    meaning: str
    find: Callable[[Facts], Finding | None]


def _cross_check(facts: Facts) -> Finding | None:
    answer = facts.answer("check")
    if answer.status != 1 or answer.json.get("verdict") != "disagrees":
        return None
    rows = [*answer.json["reasons"], *answer.json["pseudo"]]
    return Finding(_names(rows), answer.json["why"])


def _cannot_tell(facts: Facts) -> dict[str, Any]:
    """The session, if the check could not tell of its books, whatever else it found (status 1); else empty."""
    answer = facts.answer("check")
    return answer.json if answer.status in (1, 2) and answer.json.get("verdict") == "cannot tell" else {}


def _reset(facts: Facts) -> Finding | None:
    session = _cannot_tell(facts)
    found = re.search(FELL.format(r"(\S+)", r"\d+"), session.get("why", ""))
    return Finding([found[1]], session["why"]) if found else None


def _losses(facts: Facts) -> Finding | None:
    session = _cannot_tell(facts)
    lost = {**session.get("losses_by_cause", {}), **session.get("recursion_misses", {})}
    causes = [f"{cause}: {count}" for cause, count in lost.items() if count > 0]
    return Finding([], f"{session['why']} (lost: {', '.join(causes)})") if causes else None


def _layout(facts: Facts) -> Finding | None:
    session = _cannot_tell(facts)
    why = session.get("why", "")
    if LAYOUT_CHANGED not in why and PLACE_UNKNOWN not in why:
        return None
    # No row has a verdict of its own then, but each has what it is off by.
    return Finding([row["name"] for row in [*session["reasons"], *session["pseudo"]] if row["residual"] != 0], why)


def _first_calibration(facts: Facts) -> Finding | None:
    answer = facts.answer("check")
    calibration = answer.json.get("calibration", {})
    if answer.status == 0 or calibration.get("verdict") != "disagrees":
        return None
    return Finding([], calibration["why"])


def _calibration(facts: Facts) -> Finding | None:
    answer = facts.answer("calibrate")
    if answer.status != 1 or answer.json.get("verdict") != "disagrees":
        return None
    return Finding(_names(answer.json["reasons"]), answer.json["why"])


def _kvm_stats(facts: Facts) -> Finding | None:
    answer = facts.answer("calibrate")
    off = [row for row in answer.json.get("kvm_stats", []) if row["expected"] != row["value"]]
    if answer.status != 1 or not off:
        return None
    return Finding([row["name"] for row in off], ", ".join(f"{row['name']}: {row['value']}, not {row['expected']}" for row in off))


def _told(facts: Facts) -> Finding | None:
    answer = facts.answer("guests")
    if answer.status != 1 or answer.json.get("judged", {}).get("different", 0) == 0:
        return None
    session = facts.answer("check").json
    label = {row["number"]: row["name"] for row in [*session.get("reasons", []), *session.get("pseudo", [])]}
    reasons = [label.get(row["reason"], str(row["reason"])) for row in answer.json["different"]]
    return Finding(list(dict.fromkeys(reasons)), f"{answer.json['judged']['different']} answers to guests were not the eBPF count")


def _unjudged(facts: Facts) -> Finding | None:
    answer = facts.answer("guests")
    lost = answer.json.get("losses", 0)
    if answer.status != 2 or lost == 0:
        return None
    return Finding([], f"{lost} events of vCPUs that had no book: not every answer was judged")


def _third_witness(facts: Facts) -> Finding | None:
    answer = facts.answer("check")
    third = answer.json.get("third_witness", {})
    if answer.status != 1 or third.get("verdict") != "disagrees":
        return None
    rows = [*third["kvm_stats"], {"name": "hypercalls handled", **third["hypercalls"]}]
    return Finding(_names(rows), third["why"])


def _time(facts: Facts) -> Finding | None:
    answer = facts.answer("check")
    time = answer.json.get("time", {})
    if answer.status != 1 or time.get("verdict") != "beyond bound":
        return None
    return Finding([row["name"] for row in time["reasons"] if row["verdict"] == "beyond bound"], time["why"])


def _laws(facts: Facts) -> Finding | None:
    answer = facts.answer("check")
    broken = answer.json.get("laws_broken", [])
    if answer.status != 1 or not broken:
        return None
    return Finding([law["name"] for law in broken], ", ".join(law["law"] for law in broken))


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows if row["verdict"] == "disagrees"]


# The most direct first: the first that fires is the one a fault is said to be caught by.
DETECTORS: tuple[Detector, ...] = (
    Detector("cross-check", "leaf and eBPF book of each CPU, reason by reason (exitledger check)", _cross_check),
    Detector("third-witness", "KVM's own statistics of all vCPUs, and its hypercalls (exitledger check)", _third_witness),
    Detector("time", "the leaf's cycles beside the probe's durations (exitledger check)", _time),
    Detector("reset", "a count that fell within a session (exitledger check)", _reset),
    Detector("layout", "the place of the exit reason is proven anew at each load (exitledger check)", _layout),
    Detector("losses", "events that a program could not book, or that found no slot (exitledger check)", _losses),
    Detector("told", "each answer that a guest got about itself (exitledger check --guests)", _told),
    Detector("unjudged", "answers to guests whose vCPUs had no book (exitledger check --guests)", _unjudged),
    Detector("calibration", "known numbers of exits against the table (exitledger calibrate)", _calibration),
    Detector("kvm-stats", "KVM's statistics against the table (exitledger calibrate)", _kvm_stats),
    Detector("first-calibration", "seven exits of some kinds before a session's first verdict (exitledger check)", _first_calibration),
    Detector("laws", "what cannot happen in a paging mode (exitledger check)", _laws),
)


def names() -> list[str]:
    return [detector.name for detector in DETECTORS]

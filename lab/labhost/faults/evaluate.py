# SPDX-License-Identifier: MIT
"""From the facts of a case to what is said of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from ..errors import LabError
from .detectors import DETECTORS, Finding
from .facts import Facts
from .table import Case


@dataclass
class Result:
    """`problem` is empty if all is as it must be: the fault happened and was caught, or nothing was wrong and nothing was said."""

    case: Case
    happened: bool | None = None  # None: nobody can know
    proof: str = ""
    findings: dict[str, Finding] = field(default_factory=dict)
    problem: str = ""

    @property
    def by(self) -> str:
        """The detector that the table expects, else the most direct one of those that fired."""
        expected = [name for name in self.case.caught_by if name in self.findings]
        return next(iter([*expected, *self.findings]), "")

    @property
    def caught(self) -> bool:
        return bool(self.case.fault) and self.happened is not False and bool(self.findings)

    def json(self) -> dict[str, Any]:
        by = self.by
        return {
            "fault": self.case.fault,
            "caught": self.caught,
            "by": by,
            "reasons": self.findings[by].reasons if by else [],
            "host": self.case.boot.host,
            "cpus": self.case.boot.cpus,
            "paging": self.case.paging,
            "workload": self.case.workload,
            "happened": self.happened,
            "proof": self.proof,
            "detectors": {name: {"reasons": each.reasons, "why": each.why} for name, each in self.findings.items()},
            "problem": self.problem,
        }


def evaluate(case: Case, facts: Facts, without: list[str]) -> Result:
    """Never raises for facts that are missing or make no sense: that is a problem of the run, and is said."""
    result = Result(case)
    if not facts.complete:
        result.problem = "the case did not come to its end"
        return result
    try:
        if case.proof:
            evidence = case.proof(facts)
            result.happened, result.proof = evidence.happened, evidence.text
        for detector in DETECTORS:
            if detector.name not in without and (finding := detector.find(facts)) is not None:
                result.findings[detector.name] = finding
        result.problem = _problem(result, facts, without)
    except (KeyError, OSError, ValueError, LabError) as error:
        result.problem = f"its facts cannot be read: {type(error).__name__}: {error}"
    return result


def _problem(result: Result, facts: Facts, without: list[str]) -> str:
    if not result.case.fault:
        return _false_alarm(result, facts)
    if result.happened is False:
        return f"the fault did not happen: {result.proof}"
    if not result.findings:
        return "missed"
    absent = [name for name in result.case.caught_by if name not in result.findings and name not in without]
    return f"not noticed by {', '.join(absent)}, which must" if absent else ""


def _false_alarm(result: Result, facts: Facts) -> str:
    if result.findings:
        alarms = [f"{name}: {finding.why}" for name, finding in result.findings.items()]
        return f"false alarm: {'; '.join(alarms)}"
    # To say nothing is no proof that all is well.
    for command in ("before", "check", "calibrate"):
        answer = facts.answer(command)
        if answer.status != 0:
            return f"{command} exited with {answer.status}: {answer.json.get('why') or answer.error}"
    return ""


def verdict(results: list[Result]) -> list[str]:
    """What is wrong, one line each; empty: every fault was caught, and nothing else was said to be one."""
    wrong = []
    for result in results:
        if result.problem and not _told_elsewhere(result, results):
            wrong.append(f"{label(result.case)}: {result.problem}")
    return wrong


def _told_elsewhere(result: Result, results: list[Result]) -> bool:
    """Nobody knows where a patch of anybody's shows: one of its cases must catch it."""
    unknown = result.case.proof is None and result.case.fault and result.problem == "missed"
    return bool(unknown) and any(other.caught for other in results if other.case.fault == result.case.fault)


def label(case: Case) -> str:
    cpus = "1 CPU" if case.boot.cpus == 1 else f"{case.boot.cpus} CPUs"
    return f"{case.fault or 'no fault'} ({case.boot.host}, {cpus}, {case.paging}, {case.workload})"


def document(results: list[Result]) -> str:
    return json.dumps([result.json() for result in results], indent=2) + "\n"

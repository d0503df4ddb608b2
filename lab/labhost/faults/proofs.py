# SPDX-License-Identifier: MIT
"""Did the fault happen in that run? Told by evidence that does not come from the check that is to catch it."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import LabError
from .facts import Facts


@dataclass(frozen=True)
class Evidence:
    happened: bool
    text: str


Proof = Callable[[Facts], Evidence]


def notice(fault: str) -> Proof:
    """The patched kernel says so itself, at the place where it goes wrong."""

    def proof(facts: Facts) -> Evidence:
        lines = [line for line in facts.text("kernel.log").splitlines() if f"fault {fault} happened" in line]
        said = [re.sub(r"^(<\d+>)?\[[^]]*\] ", "", line) for line in lines]
        return Evidence(bool(said), "; ".join(said[:4]) or f"the kernel did not say that {fault} happened")

    return proof


def layout_moved(structure: str, member: str) -> Proof:
    """The member's place in both builds' own BTF, and that exits were caused while the daemon could not look."""

    def proof(facts: Facts) -> Evidence:
        before, after = (_offset(facts, f"vendor-{when}.btf", structure, member) for when in ("before", "after"))
        caused = re.search(r"\b1 of 1 VMs, (\d+) CPUID exits", facts.text("storm.err"))
        stopped = facts.text("daemon-state.txt").startswith("T")
        text = f"{structure}.{member} moved from {before} to {after}, {caused[1] if caused else 0} exits while the daemon was "
        return Evidence(before != after and caused is not None and stopped, text + ("stopped" if stopped else "running"))

    return proof


def _offset(facts: Facts, btf: str, structure: str, member: str) -> int:
    command = ["pahole", "-F", "btf", "--btf_base", str(facts.directory / "vmlinux.btf"), "-C", structure]
    done = subprocess.run([*command, str(facts.directory / btf)], capture_output=True, text=True, check=False)
    return parse_offset(done.stdout, structure, member)


def parse_offset(text: str, structure: str, member: str) -> int:
    """From pahole's `TYPE MEMBER; /* OFFSET SIZE */`, of the outermost structure."""
    found = re.search(rf"^\t\S.*\b{member};\s*/\*\s*(\d+)\s+\d+ \*/$", text, re.MULTILINE)
    if found is None:
        raise LabError(f"pahole shows no {structure}.{member}")
    return int(found[1])


def more_vcpus_than_slots(facts: Facts) -> Evidence:
    """KVM's own list of living vCPUs against the size of the table."""
    vcpus = len(facts.text("vcpus.txt").split())
    slots = facts.metric("exitledger_slots_limit")
    return Evidence(vcpus > slots, f"{vcpus} vCPUs lived, the table has {slots} slots")


def event_fired_more_often(facts: Facts) -> Evidence:
    """The kernel's own histogram of the tracepoint, kept within the session, against all that eBPF counted in it."""
    hits, dropped = parse_hist(facts.text("hist.txt"))
    counted = int(facts.answer("check").json["exits"])
    mode = facts.text("preempt.txt").strip()
    text = f"kvm_exit fired at least {hits} times, the eBPF book has {counted} (preemption: {mode})"
    return Evidence(hits > counted and dropped == 0 and "(full)" in mode, text)


def parse_hist(text: str) -> tuple[int, int]:
    """Hits and dropped of a histogram trigger (Documentation/trace/histogram.rst)."""
    found = re.search(r"Hits: (\d+)\s+Entries: \d+\s+Dropped: (\d+)", text)
    if found is None:
        raise LabError("the histogram of kvm_exit has no totals")
    return int(found[1]), int(found[2])

# SPDX-License-Identifier: MIT
"""The faults: what is wrong, where it is run, and what must notice it. The one place to add another."""

from dataclasses import dataclass
from pathlib import Path

from ..paths import LAB
from . import proofs
from .proofs import Proof

FAULTS = LAB / "faults"


@dataclass(frozen=True)
class Boot:
    """Cases with the same of this share one boot of a lab host."""

    host: str
    cpus: int = 1
    kernel_arguments: str = ""

    @property
    def name(self) -> str:
        special = "".join(f"-{word.replace('=', '-')}" for word in self.kernel_arguments.split())
        return f"{self.host}-{self.cpus}{special}"


@dataclass(frozen=True)
class Case:
    """One run of a workload; with `fault` empty, one that must raise no alarm."""

    fault: str
    boot: Boot
    paging: str
    workload: str  # a function of lab/tests/faults.sh
    proof: Proof | None = None  # None: nobody can know (a patch of anybody's)
    caught_by: tuple[str, ...] = ()  # each of these detectors must notice it
    kvm_patch: Path | None = None
    daemon_patch: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.fault or 'none'}-{self.workload}-{self.paging}"

    @property
    def modules(self) -> str:
        return self.fault if self.kvm_patch else "patched"

    @property
    def programs(self) -> str:
        """Directory of /files with another daemon."""
        return self.fault if self.daemon_patch else "-"


INTEL = Boot("intel")
INTEL_2 = Boot("intel", cpus=2)
AMD = Boot("amd")
AMD_2 = Boot("amd", cpus=2)
# A look-up can be preempted only on such a kernel.
AMD_PREEMPTIBLE = Boot("amd", kernel_arguments="preempt=full")


def _kvm(fault: str, boot: Boot, paging: str, workload: str, caught_by: tuple[str, ...], proof: Proof | None = None) -> Case:
    return Case(fault, boot, paging, workload, proof or proofs.notice(fault), caught_by, kvm_patch=FAULTS / f"{fault}.patch")


CASES: tuple[Case, ...] = (
    Case("", INTEL, "ept", "linux"),
    _kvm("handler-site", INTEL, "shadow", "linux", ("cross-check",)),
    _kvm("fastpath-lost", INTEL, "ept", "linux", ("cross-check",)),
    _kvm("reason-off-by-one", INTEL, "ept", "linux", ("calibration", "first-calibration", "told")),
    _kvm("counter-wraps", INTEL, "ept", "linux", ("cross-check",)),
    _kvm("both-books", INTEL, "ept", "linux", ("third-witness", "calibration")),
    _kvm("other-layout", INTEL, "ept", "reload", ("layout",), proofs.layout_moved("vcpu_vmx", "exit_reason")),
    # Time is exact where it is counted in instructions.
    Case("", INTEL, "ept", "cycles"),
    _kvm("cycles-doubled", INTEL, "ept", "cycles", ("time",)),
    _kvm("cycles-read-late", INTEL, "ept", "cycles", ("time",)),
    Case("", INTEL_2, "ept", "storm"),
    _kvm("shared-counter", INTEL_2, "ept", "storm", ("cross-check",)),
    Case("", AMD, "npt", "linux"),
    _kvm("reason-off-by-one", AMD, "npt", "linux", ("calibration", "first-calibration", "told")),
    _kvm("counter-wraps", AMD, "shadow", "linux", ("cross-check",)),
    _kvm("other-layout", AMD, "npt", "reload", ("layout",), proofs.layout_moved("vcpu_svm", "vmcb")),
    Case("", AMD, "npt", "scopes"),
    _kvm("scope-host-is-vm", AMD, "npt", "scopes", ("told",)),
    Case("slots-too-few", AMD, "npt", "slots", proofs.more_vcpus_than_slots, ("losses", "unjudged")),
    Case("slots-too-few", AMD, "npt", "burst", proofs.more_vcpus_than_slots, ("unjudged",)),
    Case("", AMD_2, "shadow", "storm"),
    _kvm("shared-counter", AMD_2, "shadow", "storm", ("cross-check",)),
    Case("", AMD_PREEMPTIBLE, "npt", "lookups"),
    Case(
        "plain-tracepoint",
        AMD_PREEMPTIBLE,
        "npt",
        "lookups",
        proofs.event_fired_more_often,
        ("cross-check",),
        daemon_patch=FAULTS / "daemon" / "plain-tracepoint.patch",
    ),
)

# What a patch of anybody's is put through: every kind of exit, in both paging modes, and parallel CPUs where there are any.
EXTRA = (
    (INTEL, "ept", "linux"),
    (INTEL, "shadow", "linux"),
    (AMD, "npt", "linux"),
    (AMD, "shadow", "linux"),
    (AMD_2, "shadow", "storm"),
)


def names() -> list[str]:
    return list(dict.fromkeys(case.fault for case in CASES if case.fault))


def extra(patch: Path, of_daemon: bool) -> list[Case]:
    """The cases of somebody's patch."""
    return [
        Case(
            patch.stem,
            boot,
            paging,
            workload,
            kvm_patch=None if of_daemon else patch,
            daemon_patch=patch if of_daemon else None,
        )
        for boot, paging, workload in EXTRA
    ]

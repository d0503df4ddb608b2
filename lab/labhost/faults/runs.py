# SPDX-License-Identifier: MIT
"""The cases in their lab hosts: each kind of host is booted once, modules are swapped inside."""

import hashlib
import shutil
from pathlib import Path

from .. import programs, run, say
from ..errors import LabError
from ..options import Options
from ..paths import BINARIES, LAB
from . import daemontree
from .facts import Facts
from .table import Boot, Case

# Of a slow machine, from power-on; an AMD host needs a tenth.
TIMEOUT_S = 3600.0
SCRIPTS = (LAB / "tests" / "harness.sh", LAB / "tests" / "faults.sh")
CONTENT = "content"


def run_all(cases: list[Case], out: Path) -> list[str]:
    """Run them; what is left is for facts_of(). Returns why a lab host failed, one line for each that did."""
    failed = []
    for boot in dict.fromkeys(case.boot for case in cases):
        chosen = [case for case in cases if case.boot == boot]
        for case in chosen:
            shutil.rmtree(_directory(case, out), ignore_errors=True)
        try:
            status = run.run(_options(boot, chosen, out))
            if status not in (0, 1):  # 1: a case failed, which its facts show
                failed.append(f"{boot.name}: the cases ended with status {status}")
        except LabError as error:
            failed.append(f"{boot.name}: {error}")
        for case in chosen:
            if _directory(case, out).is_dir():
                (_directory(case, out) / CONTENT).write_text(_content(case))
    return failed


def facts_of(case: Case, out: Path) -> Facts:
    return Facts(_directory(case, out))


def require_kept(cases: list[Case], out: Path) -> None:
    """LabError unless an earlier run left facts of all of them, of the same content."""
    for case in cases:
        kept = _directory(case, out) / CONTENT
        if not kept.exists():
            raise LabError(f"--reuse: no facts of {case.name} in {kept.parent}: run it first")
        if kept.read_text() != _content(case):
            raise LabError(f"--reuse: the facts of {case.name} in {kept.parent} are of another patch, script or daemon: run it again")


def _directory(case: Case, out: Path) -> Path:
    return out / "runs" / case.boot.name / case.name


def _content(case: Case) -> str:
    digest = hashlib.sha256()
    patches = [path for path in (case.kvm_patch, case.daemon_patch) if path]
    for path in (*SCRIPTS, BINARIES / "exitledger", *patches):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest() + "\n"


def _options(boot: Boot, cases: list[Case], out: Path) -> Options:
    say.progress(f"{boot.name}: {', '.join(case.name for case in cases)}")
    files = [*SCRIPTS, BINARIES / "exitledger-vm-storm", programs.compiled("faults")["lookups"]]
    files += [daemontree.patched(case.daemon_patch) for case in cases if case.daemon_patch]
    return Options(
        action="run",
        host=boot.host,
        cpus=boot.cpus,
        paging=cases[0].paging,
        files=list(dict.fromkeys(files)),
        out=out / "runs" / boot.name,
        timeout_s=TIMEOUT_S,
        command=["/files/faults.sh", *(":".join((c.name, c.modules, c.paging, c.workload, c.programs)) for c in cases)],
        module_sets={case.modules: [case.kvm_patch] for case in cases if case.kvm_patch},
        kernel_arguments=boot.kernel_arguments,
    )

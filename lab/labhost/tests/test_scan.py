# SPDX-License-Identifier: MIT
import unittest

from labhost.scan import ConsoleScanner

PANIC = b"""[   70.1] Run /init as init process
[   71.482910] sysrq: Trigger a crash
[   71.482999] Kernel panic - not syncing: sysrq triggered crash
[   71.483100] CPU: 0 PID: 91 Comm: sh Not tainted 6.1.0
[   71.490000] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---
"""
WARN = b"""[   12.000001] ------------[ cut here ]------------\r
[   12.000002] WARNING: CPU: 1 PID: 80 at arch/x86/kvm/x86.c:123 kvm_thing+0x1/0x2 [kvm]\r
[   12.000003] Modules linked in: kvm_intel kvm\r
"""
EMULATOR = b"""[    0.1] ------------[ cut here ]------------
[    0.1] WARNING: CPU: 0 PID: 0 at arch/x86/kernel/cpu/topology_common.c:57 parse_legacy+0x10e/0x130
[    0.1] Modules linked in:
"""
QUIET = b"""[    0.226136] [Firmware Bug]: TSC_DEADLINE disabled due to Errata; please update
[    2.571058] Failed to access perfctr msr (MSR c4 is 0)
[    3.000000] kvm: the word WARNING: CPU: in the middle of a line is no warning
[    3.100000] rcu: INFO: something
"""


def scanned(data: bytes, step: int = 1) -> ConsoleScanner:
    scanner = ConsoleScanner()
    for start in range(0, len(data), step):
        scanner.feed(data[start : start + step])
    return scanner


class Scan(unittest.TestCase):
    def test_panic(self) -> None:
        for step in (1, 7, 1000):
            scanner = scanned(PANIC, step)
            self.assertEqual("Kernel panic - not syncing: sysrq triggered crash", scanner.summary())
            self.assertTrue(scanner.panic_ended)

    def test_warn_is_told_by_the_line_after_the_cut(self) -> None:
        scanner = scanned(WARN)
        self.assertTrue(scanner.failed)
        self.assertFalse(scanner.panic_ended)
        self.assertTrue(scanner.summary().startswith("WARNING: CPU: 1 PID: 80 at arch/x86/kvm/x86.c:123"))

    def test_a_bare_cut_is_enough(self) -> None:
        scanner = scanned(WARN.splitlines(keepends=True)[0])
        scanner.finish()
        self.assertIn("cut here", scanner.summary())

    def test_what_the_emulator_is_to_blame_for(self) -> None:
        for step in (1, 1000):
            scanner = scanned(EMULATOR, step)
            scanner.finish()
            self.assertEqual([], scanner.causes)
        self.assertTrue(scanned(EMULATOR.replace(b"parse_legacy", b"parse_other")).failed)

    def test_each_kind(self) -> None:
        for line in (
            b"[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000010",
            b"[    5.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:80]",
            b"[    5.1] Oops: 0002 [#1] PREEMPT SMP NOPTI",
            b"[    5.1] Oops: general protection fault, probably for non-canonical address: 0000 [#1] SMP",
            b"[    5.1] general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT SMP",
            b"[    5.1][   T91] kernel BUG at arch/x86/kvm/vmx/vmx.c:10!",
            b"BUG: lab loader: the boot disk cannot be read",
        ):
            with self.subTest(line=line):
                self.assertTrue(scanned(line + b"\n").failed)

    def test_an_unfinished_last_line_counts(self) -> None:
        scanner = scanned(b"[    5.1] Kernel panic - not syncing: Fatal")
        self.assertFalse(scanner.failed)
        scanner.finish()
        self.assertTrue(scanner.failed)

    def test_quiet(self) -> None:
        scanner = scanned(QUIET)
        scanner.finish()
        self.assertFalse(scanner.failed, scanner.causes)

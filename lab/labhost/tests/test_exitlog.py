# SPDX-License-Identifier: MIT
import os
import tempfile
import unittest
from pathlib import Path

from labhost.exitlog import ExitLog, ExitLogReader

ENTRY = b"00000012345d[CPU0  ] VMRESUME VMCS ptr: 0x0000000001a2b000\n"
LAUNCH = b"00000012345d[CPU0  ] VMLAUNCH VMCS ptr: 0x0000000001a2b000\n"
NOISE = b"00000012346d[CPU0  ] RDTSC: ticks 0x0000000000012346\n"
TO_HOST = b"00000012347d[CPU0  ] VMEXIT to x86-64 host\n"


def left(reason: int, name: bytes = b"CPUID") -> bytes:
    return b"00000012347d[CPU0  ] VMEXIT reason = %d (%s) qualification=0x0\n" % (reason, name) + TO_HOST


def read(data: bytes, step: int = 0) -> ExitLog:
    log = ExitLog()
    for at in range(0, len(data), step or len(data)):
        log.feed(data[at : at + (step or len(data))])
    return log


class TheLog(unittest.TestCase):
    text = NOISE + LAUNCH + NOISE + left(10) + ENTRY + left(48, b"EPT Violation") + NOISE
    text += ENTRY + NOISE + left(1, b"External Interrupt")

    def test_exits_in_order_and_nothing_else(self) -> None:
        log = read(self.text)
        self.assertEqual([10, 48, 1], list(log.exits))
        self.assertEqual("", log.objection)
        self.assertEqual(len(self.text), log.bytes_read)

    def test_wherever_the_pipe_cuts(self) -> None:
        for step in (1, 2, 7, 16, 61, 100):
            with self.subTest(step=step):
                self.assertEqual([10, 48, 1], list(read(self.text, step).exits))

    def test_an_unfinished_last_line_is_none(self) -> None:
        self.assertEqual([10], list(read(ENTRY + left(10) + ENTRY + b"00000012347d[CPU0  ] VMEXIT reason = 4").exits))

    def test_no_other_device_and_no_other_line_is_an_exit(self) -> None:
        others = (
            b"1d[COM1  ] VMEXIT reason = 10 (CPUID)\n",
            b"1d[CPU0  ] write: VMEXIT reason = 10 (CPUID)\n",
            b"1e[CPU0  ] VMEXIT: Guest State Checks Failed\n",
        )
        log = read(b"".join(others))
        self.assertEqual((b"", ""), (bytes(log.exits), log.objection))

    def test_a_lost_line_is_noticed(self) -> None:
        said = "exit 2 of the record (reason 12) came after"
        self.assertIn(f"{said} 2 entries", read(ENTRY + left(10) + ENTRY + ENTRY + left(12)).objection)
        self.assertIn(f"{said} 0 entries", read(ENTRY + left(10) + left(12)).objection)

    def test_a_guest_that_tries_to_enter_one_exits_for_it(self) -> None:
        self.assertEqual("", read(ENTRY + LAUNCH + left(20, b"VMLAUNCH") + ENTRY + ENTRY + left(24, b"VMRESUME")).objection)

    def test_what_broke_the_emulator_is_kept(self) -> None:
        panic = b"00000012348p[CPU0  ] >>PANIC<< exception(): 3rd (14) exception\n"
        self.assertEqual([panic.decode()[12:].strip()], read(self.text + panic).panics)


class TheReader(unittest.TestCase):
    def test_everything_that_was_written_is_read_also_what_came_last(self) -> None:
        with tempfile.TemporaryDirectory() as work:
            fifo = Path(work) / "fifo"
            reader = ExitLogReader(fifo)
            writer = os.open(fifo, os.O_WRONLY)
            for _ in range(5000):
                os.write(writer, NOISE + ENTRY + left(10))
            os.close(writer)
            log = reader.finish()
            self.assertEqual((bytes([10]) * 5000, ""), (bytes(log.exits), log.objection))
            reader.close()

# SPDX-License-Identifier: MIT
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from labhost import build

# A lab that is told to end while its build has a child of its own.
LAB = """
import signal, sys
sys.path.insert(0, {lab!r})
from labhost import build
def interrupt(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGTERM, interrupt)
with open({log!r}, "wb") as sink:
    build.run(["sh", "-c", "sleep 60 & echo $!; wait"], sink)
"""


class Build(unittest.TestCase):
    def test_status_and_log(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "log"
            with log.open("wb") as sink:
                self.assertEqual(build.run(["sh", "-c", "echo one; echo two >&2; exit 3"], sink), 3)
            self.assertEqual(log.read_text(), "one\ntwo\n")
            self.assertEqual(str(build.failure("it", log)), f"it failed: two (log: {log})")

    def test_a_signal_ends_the_commands_children(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "log"
            lab = str(Path(__file__).resolve().parents[2])
            process = subprocess.Popen(
                [sys.executable, "-c", LAB.format(lab=lab, log=str(log))], stderr=subprocess.DEVNULL
            )
            child = _wait_for(lambda: int(log.read_text()) if log.exists() and log.read_text().strip() else None)
            process.send_signal(signal.SIGTERM)
            self.assertNotEqual(process.wait(10), 0)
            self.assertTrue(_wait_for(lambda: not _alive(child)))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_for(condition):  # type: ignore[no-untyped-def]
    for _ in range(100):
        if result := condition():
            return result
        time.sleep(0.1)
    raise AssertionError("waited 10 s in vain")


if __name__ == "__main__":
    unittest.main()

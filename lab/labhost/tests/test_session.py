# SPDX-License-Identifier: MIT
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from labhost import session


class Leftovers(unittest.TestCase):
    def test_only_those_of_processes_that_are_gone_are_removed(self) -> None:
        gone = subprocess.Popen(["true"])
        gone.wait()
        with tempfile.TemporaryDirectory() as directory:
            runs = Path(directory)
            names = (f"20261121-155503-{gone.pid}", f"20261121-155503-{os.getpid()}", "notes")
            for name in names:
                (runs / name).mkdir()
                (runs / name / "file").touch()
            session.remove_leftovers(runs)
            self.assertEqual({path.name for path in runs.iterdir()}, set(names[1:]))


if __name__ == "__main__":
    unittest.main()

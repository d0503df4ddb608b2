# SPDX-License-Identifier: MIT
import os
import tempfile
import unittest
from pathlib import Path

from labhost import session


class Leftovers(unittest.TestCase):
    def test_only_directories_that_nobody_holds_are_removed_and_no_new_ones(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            runs = Path(directory)
            for name in ("killed", "running", "new"):
                (runs / name).mkdir()
                (runs / name / "file").touch()
            session.hold(runs / "running")
            for name in ("killed", "running"):
                os.utime(runs / name, (0, 0))
            session.remove_leftovers(runs)
            self.assertEqual({path.name for path in runs.iterdir()}, {"running", "new"})


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
import contextlib
import io
import unittest
from pathlib import Path

from labhost import options


def refused(*arguments: str) -> str:
    """The message; fails unless it exits with 2."""
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            options.parse(list(arguments))
        except SystemExit as end:
            assert end.code == 2, end.code
            return errors.getvalue().strip().splitlines()[-1]
    raise AssertionError(f"not refused: {arguments}")


class Options(unittest.TestCase):
    def test_defaults(self) -> None:
        given = options.parse(["run", "--", "true"])
        self.assertEqual(
            ("intel", "6.1", "ept", "patched", 1, False, ["true"]),
            (given.host, given.kernel, given.paging, given.modules, given.cpus, given.network, given.command),
        )

    def test_everything_after_the_first_dashes_is_the_commands(self) -> None:
        given = options.parse(["run", "--cpus", "2", "--", "sh", "-c", "exit 42", "--", "--cpus", "9"])
        self.assertEqual(["sh", "-c", "exit 42", "--", "--cpus", "9"], given.command)
        self.assertEqual(2, given.cpus)

    def test_each_vendor_has_its_paging_modes(self) -> None:
        self.assertEqual("npt", options.parse(["run", "--host", "amd", "--", "true"]).paging)
        self.assertIn("npt", refused("run", "--paging", "npt", "--", "true"))
        self.assertIn("ept", refused("run", "--host", "amd", "--paging", "ept", "--", "true"))

    def test_forwards(self) -> None:
        given = options.parse(
            ["run", "--host", "amd", "--network", "--forward", "9090:19435", "--forward", "9091:80", "--", "true"]
        )
        self.assertEqual([options.Forward(9090, 19435), options.Forward(9091, 80)], given.forwards)
        self.assertIn("--network", refused("run", "--host", "amd", "--forward", "1:2", "--", "true"))
        for bad in ("1", "1:", ":1", "0:1", "1:65536", "a:b", "1:2:3", "-1:2"):
            with self.subTest(bad=bad):
                self.assertIn(bad, refused("run", "--host", "amd", "--network", f"--forward={bad}", "--", "true"))
        six = [f"--forward={port}:80" for port in range(9090, 9096)]
        self.assertEqual(6, len(options.parse(["run", "--host", "amd", "--network", *six, "--", "true"]).forwards))
        self.assertEqual(5, len(options.parse(["run", "--network", *six[:5], "--", "true"]).forwards))
        self.assertIn("5 at most", refused("run", "--network", *six, "--", "true"))
        self.assertIn("one GUESTPORT", refused("run", "--network", "--forward", "1:2", "--forward", "1:3", "--", "true"))

    def test_repeated_options(self) -> None:
        given = options.parse(["run", "--file", "/bin/sh", "--file", "/etc/passwd", "--", "true"])
        self.assertEqual([Path("/bin/sh"), Path("/etc/passwd")], given.files)

    def test_modules_that_are_built_already(self) -> None:
        self.assertIsNone(options.parse(["run", "--", "true"]).modules_dir)
        self.assertEqual(Path("/tmp"), options.parse(["run", "--modules-dir", "/tmp", "--", "true"]).modules_dir)
        self.assertIn("/nonexistent", refused("run", "--modules-dir", "/nonexistent", "--", "true"))
        self.assertIn("too late", refused("run", "--modules-dir", "/tmp", "--extra-patch", "/bin/sh", "--", "true"))

    def test_only_one_intel_cpu_keeps_a_record(self) -> None:
        self.assertEqual(Path("/tmp/x"), options.parse(["run", "--exit-record", "/tmp/x", "--", "true"]).exit_record)
        self.assertIsNone(options.parse(["shell"]).exit_record)
        for other in (["--host", "amd"], ["--cpus", "2"]):
            with self.subTest(other=other):
                self.assertIn("--exit-record", refused("run", *other, "--exit-record", "/tmp/x", "--", "true"))

    def test_refusals_name_the_reason(self) -> None:
        for arguments, word in (
            (["run"], "no command"),
            (["run", "--"], "no command"),
            (["shell", "--", "ls"], "takes no command"),
            (["run", "--cpus", "0", "--", "true"], "0"),
            (["run", "--cpus", "two", "--", "true"], "two"),
            (["run", "--timeout-s", "-1", "--", "true"], "-1"),
            (["run", "--frobnicate", "--", "true"], "--frobnicate"),
            (["run", "--modul", "stock", "--", "true"], "--modul"),
            (["run", "stray", "--", "true"], "stray"),
            (["run", "--file", "/nonexistent", "--", "true"], "/nonexistent"),
            (["run", "--modules", "stock", "--extra-patch", "/bin/sh", "--", "true"], "--extra-patch"),
            (["walk"], "walk"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(word, refused(*arguments))

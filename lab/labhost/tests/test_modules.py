# SPDX-License-Identifier: MIT
import tempfile
import unittest
from pathlib import Path

from labhost import modules
from labhost.errors import LabError
from labhost.kernel import Kernel

KERNEL = Kernel("6.1", "6.1.9-1", "6.1.0-9-cloud-amd64", "/nonexistent")


class Given(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        for name in modules.NAMES:
            self.write(name, "6.1.0-9-cloud-amd64")

    def write(self, name: str, release: str) -> None:
        (self.directory / name).write_bytes(b"\x7fELF\0vermagic=" + release.encode() + b" SMP preempt mod_unload\0")

    def test_all_three_for_this_kernel(self) -> None:
        found = modules.given(KERNEL, self.directory)
        self.assertEqual({name: self.directory / name for name in modules.NAMES}, found)

    def test_one_is_missing(self) -> None:
        (self.directory / "kvm-amd.ko").unlink()
        with self.assertRaisesRegex(LabError, "has no kvm-amd.ko"):
            modules.given(KERNEL, self.directory)

    def test_one_is_for_another_kernel(self) -> None:
        for release in ("6.1.0-9-cloud-amd64x", "6.1.0-10-cloud-amd64", "6.1.0-9"):
            with self.subTest(release=release):
                self.write("kvm.ko", release)
                with self.assertRaisesRegex(LabError, "kvm.ko is not for 6.1.0-9-cloud-amd64"):
                    modules.given(KERNEL, self.directory)

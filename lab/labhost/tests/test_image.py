# SPDX-License-Identifier: MIT
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from labhost import bootdisk, cpio, elfdeps, image, outdisk
from labhost.errors import LabError


class Image(unittest.TestCase):
    def test_archive_is_what_cpio_reads(self) -> None:
        archive = cpio.Archive()
        archive.file("a/b/file", b"text", 0o755)
        archive.symlink("a/link", "/a/b/file")
        listing = subprocess.run(["cpio", "-it", "--quiet"], input=archive.close(), capture_output=True, check=True)
        self.assertEqual(["a", "a/b", "a/b/file", "a/link"], listing.stdout.decode().split())

    def test_run_archive_quotes_the_command(self) -> None:
        archive = image.run_archive({"LAB_MODE": "run"}, ["sh", "-c", "echo 'a b'\nexit 3"], [])
        start = archive.index(b"exec sh -c ")
        script = archive[start : archive.index(b"\0", start)].decode()
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        self.assertEqual(("a b\n", 3), (done.stdout, done.returncode))

    def test_run_archive_has_a_driver_if_one_is_given(self) -> None:
        with tempfile.NamedTemporaryFile() as driver:
            driver.write(b"the driver")
            driver.flush()
            with_driver = image.run_archive({}, ["true"], [], Path(driver.name))
        self.assertIn(b"lab/network.ko\0", with_driver)
        self.assertIn(b"the driver", with_driver)
        self.assertNotIn(b"network.ko", image.run_archive({}, ["true"], []))

    def test_ldd(self) -> None:
        text = (
            "\tlinux-vdso.so.1 (0x00007ffd5a3f2000)\n"
            "\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f0a8a5d2000)\n"
            "\t/lib64/ld-linux-x86-64.so.2 (0x00007f0a8a600000)\n"
        )
        self.assertEqual(
            [Path("/lib/x86_64-linux-gnu/libz.so.1"), Path("/lib64/ld-linux-x86-64.so.2")],
            elfdeps.parse_ldd(text, Path("x")),
        )
        with self.assertRaises(LabError):
            elfdeps.parse_ldd("\tlibz.so.1 => not found\n", Path("x"))

    def test_modules_dep(self) -> None:
        self.assertEqual({"a.ko": ["b.ko", "c.ko"], "b.ko": []}, image.parse_modules_dep("a.ko: b.ko c.ko\nb.ko:\n"))


class Disks(unittest.TestCase):
    def test_geometry_holds_the_bytes(self) -> None:
        for size in (1, 512, 516096, 516097, 100_000_000):
            self.assertGreaterEqual(bootdisk.geometry_bytes(bootdisk.geometry(size)), size)

    def test_loader_is_an_option_rom(self) -> None:
        with tempfile.TemporaryDirectory() as work:
            rom = Path(work) / "rom"
            bootdisk.assemble_loader(rom)
            data = rom.read_bytes()
        self.assertEqual((0x55, 0xAA, len(data) // 512), struct.unpack_from("BBB", data))
        self.assertEqual(0, sum(data) & 0xFF)

    def test_out_disk_that_never_was_written_is_an_error(self) -> None:
        with tempfile.TemporaryDirectory() as work:
            disk = Path(work) / "disk"
            outdisk.create(disk)
            with self.assertRaises(LabError):
                outdisk.extract(disk, Path(work) / "out")

# SPDX-License-Identifier: MIT
import unittest

from pathlib import Path

from labhost.errors import LabError
from labhost.kernel import headers_parts, moved, parse_madison, pick_image

MADISON = """\
linux-image-6.1.0-9-cloud-amd64-unsigned | 6.1.90-1 | http://deb.debian.org/debian bookworm/main amd64 Packages
linux-image-6.1.0-10-cloud-amd64-unsigned | 6.1.92-2 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
linux-image-6.1.0-11-rt-amd64-unsigned | 6.1.92-2 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
"""


class Kernel(unittest.TestCase):
    def test_the_image_of_the_sources_version(self) -> None:
        rows = parse_madison(MADISON)
        self.assertEqual("linux-image-6.1.0-10-cloud-amd64-unsigned", pick_image("6.1", "6.1.92-2", rows))
        self.assertEqual("linux-image-6.1.0-9-cloud-amd64-unsigned", pick_image("6.1", "6.1.90-1", rows))

    def test_no_image_of_that_version(self) -> None:
        self.assertEqual("", pick_image("6.1", "6.1.93-1", parse_madison(MADISON)))

    def test_another_line_is_another_kernel(self) -> None:
        rows = [("linux-image-6.12.1+deb12-cloud-amd64-unsigned", "6.12.1-1~deb12u1")]
        self.assertEqual("", pick_image("6.1", "6.12.1-1~deb12u1", rows))
        self.assertEqual(rows[0][0], pick_image("6.12", "6.12.1-1~deb12u1", rows))

    def test_what_a_headers_package_needs_of_its_own_source(self) -> None:
        self.assertEqual(
            ["linux-headers-6.1.0-56-common", "linux-kbuild-6.1"],
            headers_parts("linux-headers-6.1.0-56-common (= 6.1.192-2), linux-kbuild-6.1 (>= 6.1.192-2), linux-compiler-gcc-12-x86"),
        )
        # From 6.12 on the kernel itself is among them.
        self.assertEqual(
            ["linux-headers-6.12.1+deb12-common", "linux-kbuild-6.12.1+deb12"],
            headers_parts(
                "linux-image-6.12.1+deb12-cloud-amd64 (= 6.12.1-1) | linux-image-6.12.1+deb12-cloud-amd64-unsigned (= 6.12.1-1), "
                "linux-headers-6.12.1+deb12-common (= 6.12.1-1), linux-kbuild-6.12.1+deb12, gcc-12\n"
            ),
        )

    def test_headers_are_moved(self) -> None:
        text = "include /usr/src/linux-headers-6.1.0-56-common/Makefile\n"
        self.assertEqual("include /elsewhere/usr/src/linux-headers-6.1.0-56-common/Makefile\n", moved(text, Path("/elsewhere")))
        with self.assertRaisesRegex(LabError, "includes nothing of /usr/src"):
            moved("include ../common/Makefile", Path("/elsewhere"))

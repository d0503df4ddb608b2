# SPDX-License-Identifier: MIT
import unittest

from labhost.kernel import parse_madison, pick_image

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

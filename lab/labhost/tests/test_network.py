# SPDX-License-Identifier: MIT
import dataclasses
import socket
import unittest

from labhost import bochs, netdriver, network
from labhost.errors import LabError
from labhost.kernel import Kernel
from labhost.options import Forward

KERNEL = Kernel("6.1", "6.1.90-1", "6.1.0-9-cloud-amd64", "/nonexistent")


class Network(unittest.TestCase):
    def test_slirp_forwards_from_the_loopback_and_nothing_else(self) -> None:
        self.assertEqual("# slirp config\nrestricted = 1\n", bochs.slirp_configuration([]))
        self.assertEqual(
            "# slirp config\nrestricted = 1\nhostfwd = tcp:127.0.0.1:9090-:19435\nhostfwd = tcp:127.0.0.1:9091-:80\n",
            bochs.slirp_configuration([Forward(9090, 19435), Forward(9091, 80)]),
        )

    def test_slirps_tftp_has_no_directory(self) -> None:
        self.assertIn(" ethdev=/dev/null,", bochs.CARD)

    def test_a_taken_port_is_an_error_that_names_it(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with self.assertRaisesRegex(LabError, f"port {port} of 127.0.0.1"):
                network.require_free([Forward(port, 80)])
        network.require_free([Forward(port, 80)])

    def test_another_kernel_is_another_driver(self) -> None:
        newer = dataclasses.replace(KERNEL, version="6.1.92-2")
        self.assertEqual(netdriver.key(KERNEL), netdriver.key(dataclasses.replace(KERNEL, root="/elsewhere")))
        self.assertNotEqual(netdriver.key(KERNEL), netdriver.key(newer))

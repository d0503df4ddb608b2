# SPDX-License-Identifier: MIT
"""What the lab hosts' networks have in common: user-mode networking in the emulator, the lab host is 10.0.2.15."""

import socket

from .errors import LabError
from .options import Forward


def require_free(forwards: list[Forward]) -> None:
    """The emulators would say it only on a screen or in a log."""
    for forward in forwards:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the emulators do: connections of an earlier run that linger are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", forward.host_port))
            except OSError as error:
                raise LabError(f"--forward: port {forward.host_port} of 127.0.0.1: {error.strerror}") from error


def rule(forward: Forward) -> str:
    """As both emulators spell it. Without the address they would listen on all of this machine's."""
    return f"tcp:127.0.0.1:{forward.host_port}-:{forward.guest_port}"

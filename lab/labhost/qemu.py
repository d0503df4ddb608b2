# SPDX-License-Identifier: MIT
"""The AMD host: QEMU's TCG shows SVM with nested paging, and boots five times faster than Bochs."""

import contextlib
import os
import socket
from pathlib import Path

from . import network, qemubuild
from .host import MEMORY_MIB, Host, Machine
from .options import Forward

LOG = "qemu.log"
MONITOR = "monitor"
PROMPT = b"(qemu) "
# Firmware comes with the packages of the QEMU that runs the guests.
FIRMWARE = ("/usr/share/seabios", "/usr/share/qemu")


class QemuHost(Host):
    cpu_flag = "svm"

    def command(self, machine: Machine) -> list[str]:
        initramfs = machine.work / "initramfs"
        with initramfs.open("wb") as out:
            for part in machine.initramfs:
                out.write(part)
        threads = "multi" if machine.cpus > 1 else "single"
        command = [str(qemubuild.program())]
        for directory in FIRMWARE:
            command += ["-L", directory]
        command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        command += ["-M", "pc", "-accel", f"tcg,thread={threads}", "-cpu", "qemu64,+svm,+npt,+nrip-save,+rdrand"]
        command += ["-smp", str(machine.cpus), "-m", str(MEMORY_MIB), "-D", LOG]
        command += ["-monitor", f"unix:{MONITOR},server=on,wait=off"]
        command += ["-kernel", str(machine.kernel.vmlinuz), "-initrd", initramfs.name, "-append", machine.arguments]
        for name, port in machine.ports.items():
            backend = "file" if port.parent == machine.work else "serial"
            path = port.name if backend == "file" else port
            command += ["-chardev", f"{backend},id={name},path={path}", "-serial", f"chardev:{name}"]
        if machine.network:
            network.require_free(machine.forwards)
            command += ["-netdev", _netdev(machine.forwards), "-device", "virtio-net-pci,netdev=net,romfile="]
        if machine.out_disk:
            command += ["-drive", f"file={machine.out_disk.name},format=raw,if=ide,index=2,cache=unsafe"]
        return command

    def state(self, machine: Machine) -> str:
        """Registers and interrupt controllers of each CPU, twice: a CPU with the same address both times is stuck."""
        commands = ["info registers -a"]
        for cpu in range(machine.cpus):
            commands += [f"cpu {cpu}", "info lapic"]
        try:
            return _asked(machine.work, 2 * commands)
        except OSError as error:
            return f"{MONITOR}: {error}\n"

    def last_words(self, machine: Machine) -> str:
        log: Path = machine.work / LOG
        text = log.read_text(errors="replace").strip() if log.exists() else ""
        return text.splitlines()[-1] if text else "nothing in its log"


def _netdev(forwards: list[Forward]) -> str:
    """User-mode networking: no privilege and no bridge; the lab host is 10.0.2.15 and reaches neither us nor the world."""
    words = ["user", "id=net", "restrict=on"]
    words += [f"hostfwd={network.rule(forward)}" for forward in forwards]
    return ",".join(words)


def _asked(work: Path, commands: list[str]) -> str:
    """What QEMU's monitor answers to each, in one connection: `cpu` holds no longer."""
    with contextlib.ExitStack() as stack:
        directory = os.open(work, os.O_PATH)
        stack.callback(os.close, directory)
        monitor = stack.enter_context(socket.socket(socket.AF_UNIX))
        monitor.settimeout(10)
        monitor.connect(f"/proc/self/fd/{directory}/{MONITOR}")  # the path itself may be too long for a socket
        _read_prompt(monitor)
        answers = []
        for command in commands:
            monitor.sendall(command.encode() + b"\n")
            answers.append(f"{command}\n{_read_prompt(monitor).partition(chr(10))[2]}")  # without the echo
        return "".join(answers)


def _read_prompt(monitor: socket.socket) -> str:
    text = b""
    while not text.endswith(PROMPT):
        part = monitor.recv(65536)
        if not part:
            break
        text += part
    return text.removesuffix(PROMPT).decode(errors="replace").replace("\r", "")

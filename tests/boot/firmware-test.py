#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts machines by their firmware. Prints TAP.

Each case is a function that gets a way to start a machine. What firmware says is read on the first serial
port, where it shows itself without a screen.

Usage: firmware-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import taptest
from livemachine import Machine

NOTHING = "No bootable device."
# A boot sector: "mov si, text; then each byte by int 10h; hlt".
HELLO = bytes.fromhex("31c08ed8be207cfcac84c07406b40ecd10ebf5f4ebfd")


def boot_sector(text):
    """512 bytes that say so on the screen."""
    code = HELLO.ljust(0x20, b"\0") + text.encode() + b"\0"
    return code.ljust(510, b"\0") + b"\x55\xaa"


def plain(text):
    """Without what moves a terminal's cursor."""
    return re.sub(r"\x1b\[?[0-9;?]*[A-Za-z]", "", text)


class FirmwareMachine(Machine):
    """One whose firmware looks for something to start."""

    def boot(self, args, kernel, initrd, append):
        return ["-nographic", "-monitor", "none"]

    def text(self):
        return plain(super().text())


def nothing(start):
    machine = start(options=["-debugcon", f"file:{start.folder / 'debug.log'}",
                             "-global", "isa-debugcon.iobase=0x402"])
    machine.wait_text(NOTHING)
    said = (start.folder / "debug.log").read_text(errors="replace")
    for text in ("Running on QEMU (q35)", "Found 2 cpu(s)", "ACPI: parse DSDT", NOTHING):
        if text not in said:
            raise AssertionError(f"the debug port has no '{text}'")
    machine.qmp("system_reset")
    machine.wait_event("RESET")
    machine.wait_text(NOTHING, times=2)


def disk(device):
    """A case: a boot sector is read from such a disk."""
    def case(start):
        image = start.folder / "disk.raw"
        image.write_bytes(boot_sector("hello from the disk").ljust(1 << 20, b"\0"))
        machine = start(options=["-drive", f"file={image},format=raw,if=none,id=d", "-device", device])
        machine.wait_text("hello from the disk")
    return case


CASES = {"nothing": nothing, "virtio-blk": disk("virtio-blk-pci,drive=d"),
         "nvme": disk("nvme,drive=d,serial=1"),
         "behind-a-port": disk("pcie-root-port,id=p,chassis=1 -device virtio-blk-pci,drive=d,bus=p")}


def run_case(args, case):
    """What was wrong, line by line."""
    with tempfile.TemporaryDirectory() as temporary:
        machines = []

        def start(options=()):
            words = [word for option in options for word in str(option).split(" ")]
            machines.append(FirmwareMachine(args, None, None, start.folder, options=words))
            return machines[-1]

        start.folder = pathlib.Path(temporary)
        try:
            case(start)
            return [], ""
        except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
            return [str(wrong), *machines[-1].text().splitlines()[-20:],
                    *machines[-1].errors.read_text(errors="replace").splitlines()[-20:]], ""
        finally:
            for machine in machines:
                machine.process.kill()
                machine.process.wait()


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, [], run_case)


sys.exit(main())

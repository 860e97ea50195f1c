#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts machines by their firmware. Prints TAP.

Each case is a function that gets a way to start a machine. What firmware says is read on the first serial
port, where it shows itself without a screen.

Usage: firmware-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import re
import sys
import tempfile
import time

import taptest
from livemachine import TIMEOUT, Machine, play

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
        return ["-nographic", "-monitor", "none", "-nodefaults"]

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


# The letter A in the font of a VGA's BIOS, 16 lines of 8 dots, by which the font is found.
LETTER_A = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")


def font():
    """{a glyph's lines: its character}"""
    rom = pathlib.Path("/usr/share/seabios/vgabios-stdvga.bin").read_bytes()
    start = rom.index(LETTER_A) - 16 * ord("A")
    return {rom[start + 16 * code:start + 16 * code + 16]: chr(code) for code in range(32, 127)}


def screen_text(machine, folder, glyphs=font):
    """What can be read on a text screen of cells of 9 by 16 dots."""
    machine.qmp("screendump", filename=str(folder / "screen.ppm"))
    kind, size, _, pixels = (folder / "screen.ppm").read_bytes().split(b"\n", 3)
    width, height = (int(word) for word in size.split())
    if kind != b"P6" or width != 720:
        return ""
    known, lines = glyphs(), []
    for row in range(height // 16):
        line = ""
        for column in range(width // 9):
            glyph = bytes(sum((pixels[3 * ((row * 16 + y) * width + column * 9 + x)] > 64) << (7 - x)
                              for x in range(8)) for y in range(16))
            line += known.get(glyph, "?")
        lines.append(line.rstrip())
    return "\n".join(lines)


def wait_screen(machine, folder, text):
    end = time.monotonic() + TIMEOUT
    while text not in (seen := screen_text(machine, folder)):
        if time.monotonic() > end:
            raise AssertionError(f"the screen has no '{text}' but:\n{seen}")
        time.sleep(0.5)


def screen(start):
    machine = start(options=["-vga std"])
    wait_screen(machine, start.folder, NOTHING)


def menu(start):
    """The boot menu, by keyboard and screen, to a disk that is not the first."""
    image, other = start.folder / "disk.raw", start.folder / "other.raw"
    image.write_bytes(boot_sector("hello from the first").ljust(1 << 20, b"\0"))
    other.write_bytes(boot_sector("hello from the second").ljust(1 << 20, b"\0"))
    machine = start(options=["-vga std -boot menu=on,splash-time=60000",
                             "-drive", f"file={image},format=raw,if=virtio",
                             "-drive", f"file={other},format=raw,if=virtio"])
    wait_screen(machine, start.folder, "Press ESC for boot menu.")
    machine.qmp("send-key", keys=[{"type": "qcode", "data": "esc"}])
    wait_screen(machine, start.folder, "Select boot device:")
    machine.qmp("send-key", keys=[{"type": "qcode", "data": "2"}])
    wait_screen(machine, start.folder, "hello from the second")


def type_line(machine, text):
    names = {" ": "spc"}
    for letter in text:
        machine.qmp("send-key", keys=[{"type": "qcode", "data": names.get(letter, letter)}])
    machine.qmp("send-key", keys=[{"type": "qcode", "data": "ret"}])


def efi_shell(start):
    """OVMF's shell, by keyboard; and a variable of the shell's that is there after a restart."""
    code, template = (pathlib.Path("/usr/share/OVMF") / f"OVMF_{part}.fd" for part in ("CODE", "VARS"))
    variables = start.folder / "variables.fd"
    variables.write_bytes(template.read_bytes())
    for times in (1, 2):
        (start.folder / "serial.log").unlink(missing_ok=True)  # the prompt is not the last machine's
        machine = start(options=["-vga std -m 256M -smp 1",
                                 "-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                                 "-drive", f"if=pflash,format=raw,file={variables}"])
        machine.wait_text("Shell>")
        type_line(machine, "set mark kept" if times == 1 else "set mark")
        machine.wait_text("Shell>", times=2)
        machine.qmp("quit")
        machine.wait_end()
        if times == 2 and "mark = kept" not in machine.text():
            raise AssertionError("the variable is not there after a restart")


CASES = {"nothing": nothing, "screen": screen, "efi-shell": efi_shell, "menu": menu, "virtio-blk": disk("virtio-blk-pci,drive=d"),
         "nvme": disk("nvme,drive=d,serial=1"),
         "behind-a-port": disk("pcie-root-port,id=p,chassis=1 -device virtio-blk-pci,drive=d,bus=p")}


def run_case(args, case):
    """What was wrong, line by line."""
    with tempfile.TemporaryDirectory() as temporary:
        def start(options=()):
            words = [word for option in options for word in str(option).split(" ")]
            return FirmwareMachine(args, None, None, start.folder, options=words)

        start.folder = pathlib.Path(temporary)
        return play(case, start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, [], run_case)


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The human monitor at a terminal: what is typed, by keys as a terminal sends them, and what is there to be
read after it. Each way to have a monitor takes the same keys: alone on a terminal, behind Ctrl-A c on one
that a serial port shares, on a Unix socket.

Usage: terminal-test.py --qemu PROGRAM. Prints TAP.
"""
import argparse
import os
import pathlib
import pty
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest

PROMPT = b"(qemu) "
TIMEOUT = 30
# A Multiboot kernel: its header alone, with addresses, then HLT and CLD.
KERNEL = bytes.fromhex("02b0ad1b" "00000100" "fe4f51e4" "00001000" "00001000" "24001000" "24001000"
                       "20001000" "f4fcebfc")
# One that maps its first 4 MiB by one page, for user and supervisor, and turns paging on (SDM vol. 3, 4.3).
PAGED = bytes.fromhex("02b0ad1b" "00000100" "fe4f51e4" "00001000" "00001000" "48001000" "00201000" "20001000"
                      "c7050010100087000000" "b800101000" "0f22d8" "0f20e0" "0c10" "0f22e0" "0f20c0"
                      "0d00000080" "0f22c0" "f4ebfd")
UP, LEFT, HOME = b"\x1b[A", b"\x1b[D", b"\x1b[H"


class Terminal:
    """The program with its monitor; keys in, text out."""

    def __init__(self, qemu, options, path=None):
        self.fd, side = pty.openpty()
        self.seen = b""
        self.program = subprocess.Popen([qemu, "-S", "-display", "none", "-nodefaults", "-accel", "tcg",
                                         "-device", "edu,id=lesson", *options],
                                        stdin=side, stdout=side, stderr=side, start_new_session=True)
        os.close(side)
        if path:
            os.close(self.fd)
            client = socket.socket(socket.AF_UNIX)
            while client.connect_ex(path) != 0:
                assert self.program.poll() is None, "the program ended"
                time.sleep(0.02)
            self.fd = client.detach()

    def until(self, text):
        """Reads up to and with `text`."""
        end = time.monotonic() + TIMEOUT
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            part = os.read(self.fd, 4096) if ready else b""
            if not part:
                raise AssertionError(f"{text!r} is not in {self.seen[-300:]!r}")
            self.seen += part
        before, self.seen = self.seen.split(text, 1)
        return before

    def answer(self, keys):
        """Types, and enters: what is there up to the next prompt."""
        os.write(self.fd, keys + b"\r")
        return self.until(b"\n" + PROMPT)

    def type(self, keys, wanted):
        """The same, and the answer has `wanted`."""
        answer = self.answer(keys)
        assert wanted in answer, f"{keys!r}: {wanted!r} is not in {answer[:300]!r}"

    def end(self):
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        os.close(self.fd)


def checksum(data):
    """sum(1)'s of BSD."""
    value = 0
    for byte in data:
        value = ((value >> 1 | value << 15) + byte) & 0xFFFF
    return b"%05u" % value


SUM = checksum(KERNEL[:12])


def keys_of_a_shell(terminal):
    terminal.type(b"info status", b"VM status: paused")
    terminal.type(b"inf\tstatu\t", b"VM status: paused")
    terminal.type(b"info vv" + LEFT + b"\x1b[3~ersion", b"Switchyard")
    terminal.type(UP, b"Switchyard")
    terminal.type(UP + UP + UP, b"VM status: paused")
    terminal.type(b"o status" + HOME + b"inf", b"VM status: paused")
    terminal.type(b"nonsense\x15info status", b"VM status: paused")
    terminal.type(b"info nonsense\x17status", b"VM status: paused")
    terminal.type(b"info status nonsense\x01" + b"\x06" * 11 + b"\x0b", b"VM status: paused")
    terminal.type(b"statusinfo \x17\x10", b"VM status: paused")


def tab_completes(terminal):
    os.write(terminal.fd, b"info me\t\t")
    terminal.until(b"memory_size_summary")
    terminal.until(b"\n" + PROMPT)
    terminal.type(b"\x15info sta\te les\t", b"liveness")
    terminal.type(b"device_add edu,dma\t0", b"Error: ")
    os.write(terminal.fd, b"device_del les\t")
    terminal.until(b"device_del lesson ")
    terminal.type(b"\x15info status", b"VM status: paused")


def pages(terminal):
    """What people look at, on a machine with a guest of a few instructions in 32-bit mode with paging."""
    for keys, wanted in (
            (b"p 1 + 2 * (3 | 4)", b"0xf\r"), (b"p/d -1", b"-1\r"), (b"p/c 65", b"'A'\r"), (b"p/o 8", b"010\r"),
            (b"print/x $rip", b"0x"), (b"p $pc - $rip - $cs_base", b"0x0\r"), (b"p $nothing", b"'nothing'"), (b"p 1/0", b"division by zero"),
            (b"p $st0", b"'st0'"), (b"cpu 1", b""), (b"info cpus", b"* CPU #1"), (b"cpu 7", b"usage"), (b"cpu 0", b""),
            (b"xp/4c 0x100000", b"'\\x02' '\\xb0' '\\xad' '\\x1b'"), (b"xp/2dw 0x100000", b"464367618       65536"),
            (b"xp/2xb 0x100000 + 1", b"0000000000100001: 0xb0 0xad"), (b"x/1uh 0x100000", b" 45058"),
            (b"x/3i 0x100020", b"  hlt"), (b"xp /1i 0x100021", b"  cld"),
            (b"x/0x 0", b""), (b"x/2i", b"usage"), (b"x/999999x 0", b"usage"), (b"x/4zw 0", b"usage"),
            (b"sum 0x100000 12", SUM), (b"sum 0 -1", b"usage"),
            (b"o/w 0xcf8 0x80000000", b""), (b"i/w 0xcf8", b"portl[0x0cf8] = 0x80000000"), (b"i/g 0x80", b"usage"),
            (b"i/b 0x10000", b"usage"), (b"o/b 0x80", b"usage"),
            (b"info tlb", b"PG disabled"), (b"info mem", b"PG disabled"), (b"info roms", b""),
            (b"info memdev", b"size:  134217728"), (b"info trace-events v*", b"vtd : state 0"),
            (b"log vtd", b""), (b"info trace-events v*", b"vtd : state 1"), (b"info numa", b"0 nodes"),
            (b"info usb", b"USB"), (b"info tpm", b"TPM device"), (b"help sum", b"checksum"),
            (b"help info tlb", b"page tables"), (b"help nonsens", b"unknown command")):
        terminal.type(keys, wanted)


def page_tables(terminal):
    """Of a guest that has some: it is let go until it has halted."""
    terminal.type(b"info mem", b"PG disabled")
    terminal.type(b"cont", b"")
    while b"(halted)" not in terminal.answer(b"info cpus"):
        pass
    terminal.type(b"info mem", b"0000000000000000-0000000000400000 0000000000400000 urw\r")
    terminal.type(b"info tlb", b"0000000000000000: 0000000000000000 --P-A--UW\r")
    terminal.type(b"x/1i $pc - 1", b"hlt")
    terminal.type(b"x/2xw 0x3ffffc", b"is not mapped")


CASES = {
    "keys, alone on a terminal": (["-monitor", "stdio"], b"", False, keys_of_a_shell),
    "keys, on a shared terminal": (["-serial", "mon:stdio"], b"\x01c", False, keys_of_a_shell),
    "keys, on a socket": (["-monitor", "unix:{dir}/hmp,server=on,wait=off"], b"", True, keys_of_a_shell),
    "commands and pages": (["-monitor", "stdio", "-smp", "2", "-kernel", "{dir}/kernel"], b"", False, pages),
    "page tables": (["-monitor", "stdio", "-kernel", "{dir}/paged"], b"", False, page_tables),
    "Tab, alone on a terminal": (["-monitor", "stdio"], b"", False, tab_completes),
    "Tab, on a socket": (["-monitor", "unix:{dir}/hmp,server=on,wait=off"], b"", True, tab_completes),
}


def run_case(qemu, options, first, on_socket, play):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "kernel").write_bytes(KERNEL)
        pathlib.Path(folder, "paged").write_bytes(PAGED)
        terminal = Terminal(qemu, [option.format(dir=folder) for option in options],
                            f"{folder}/hmp" if on_socket else None)
        try:
            os.write(terminal.fd, first)
            terminal.until(PROMPT)
            play(terminal)
        except (AssertionError, OSError) as error:
            return [str(error)]
        finally:
            terminal.end()
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    qemu = parser.parse_args().qemu
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, case) in enumerate(CASES.items(), 1):
        failed |= taptest.report(number, name, run_case(qemu, *case))
    return failed


sys.exit(main())

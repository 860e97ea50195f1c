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
TIMEOUT = 60
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

    def type(self, keys, wanted):
        """Types, and enters: the answer, up to the next prompt, has `wanted`."""
        os.write(self.fd, keys + b"\r")
        answer = self.until(b"\n" + PROMPT)
        assert wanted in answer, f"{keys!r}: {wanted!r} is not in {answer[:300]!r}"

    def end(self):
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        os.close(self.fd)


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
    terminal.type(b"\x15info sta\te les\t", b"liveness")
    terminal.type(b"device_add edu,dma\t0", b"Error: ")
    os.write(terminal.fd, b"device_del les\t")
    terminal.until(b"device_del lesson ")
    terminal.type(b"\x15info status", b"VM status: paused")


CASES = {
    "keys, alone on a terminal": (["-monitor", "stdio"], b"", False, keys_of_a_shell),
    "keys, on a shared terminal": (["-serial", "mon:stdio"], b"\x01c", False, keys_of_a_shell),
    "keys, on a socket": (["-monitor", "unix:{dir}/hmp,server=on,wait=off"], b"", True, keys_of_a_shell),
    "Tab, alone on a terminal": (["-monitor", "stdio"], b"", False, tab_completes),
    "Tab, on a socket": (["-monitor", "unix:{dir}/hmp,server=on,wait=off"], b"", True, tab_completes),
}


def run_case(qemu, options, first, on_socket, play):
    with tempfile.TemporaryDirectory() as folder:
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

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen on a terminal: the guest's text with its colours and cursor, a picture's size, keys as a terminal
sends them, how to leave; and that the terminal is as it was, however the machine ended.

The guest is this program, by qtest. Usage: curses-test.py --qemu PROGRAM [NAME...]. Prints TAP.
"""
import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest
from screenmachine import ROW, TIMEOUT, Machine

CTRL, ALT, SHIFT, UP = 29, 56, 42, 0x80


class Screen:
    """A terminal of 100 columns and 30 lines, as far as TERM=xterm uses it for what is drawn here."""

    def __init__(self):
        self.fd, self.side = pty.openpty()
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(self.side)
        self.seen = ""

    def streams(self):
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
        return {"stdin": self.side, "stdout": self.side, "stderr": self.side}

    def type(self, text):
        os.write(self.fd, text.encode("latin-1"))

    def until(self, pattern):
        """Reads until what was drawn since the last time has it."""
        end = time.monotonic() + TIMEOUT
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"{pattern!r} is not in {self.seen[-400:]!r}"
            self.seen += os.read(self.fd, 4096).decode("utf-8", "replace")
        self.seen = self.seen[found.end():]

    def is_as_it_was(self):
        return termios.tcgetattr(self.side) == self.before

    def close(self):
        os.close(self.fd)
        os.close(self.side)


def test_text(qemu, folder):
    screen = Screen()
    with Machine(qemu, folder, "-display", "curses", **screen.streams()) as machine:
        screen.until(r"picture of 640 by 480 dots")
        machine.text_mode()
        screen.until(r"\x1b\[1;1H|\x1b\[H|\r")
        machine.show_page(1, [(2, 1, "plain █▓║ text", 0x07)], (5, 3))
        screen.until(r"plain █▓║ text")
        machine.show_page(2, [(0, 10, "blue on red!", 0x41), (0, 11, "bright", 0x0f)], (70, 20))
        screen.until(r"\x1b\[34m\x1b\[41mblue on red!")
        screen.until(r"\x1b\[0;1m\x1b\[37m\x1b\[40mbright")
        screen.until(r"\x1b\[21;71H")
        machine.mode(800, 600)
        screen.until(r"picture of 800 by 600 dots")
        assert not screen.is_as_it_was()
    assert screen.is_as_it_was()
    screen.close()


def tapped(code):
    return (code, code | UP)


def held(holder, code):
    return (holder, *tapped(code), holder | UP)


def test_keys(qemu, folder):
    screen = Screen()
    with Machine(qemu, folder, "-display", "curses", **screen.streams()) as machine:
        screen.until("picture")
        for text, codes in (
                ("a", tapped(30)), ("A", (SHIFT, 30, SHIFT | UP, 30 | UP)), ("?", (SHIFT, 53, SHIFT | UP, 53 | UP)),
                ("\r", tapped(28)), ("\t", tapped(15)), ("\x7f", tapped(14)), ("\x1b", tapped(1)),
                ("\x03", held(CTRL, ROW["c"])), ("\x1a", held(CTRL, ROW["z"])), ("\x1bx", held(ALT, ROW["x"])),
                ("\x1bOA", tapped(0x148)), ("\x1bOD", tapped(0x14b)), ("\x1bOP", tapped(59)),
                ("\x1b[24~", tapped(88)), ("\x1b[3~", tapped(0x153)), ("\x1b[5~", tapped(0x149)),
                ("\x1c", held(CTRL, ROW["\\"])), ("\x01\x01", held(CTRL, ROW["a"])), ("\x01q", tapped(ROW["q"]))):
            screen.type(text)
            machine.expect(*codes)
        screen.type("\x01x")
        assert machine.program.wait(TIMEOUT) == 0
    assert screen.is_as_it_was()
    screen.close()


def test_end(qemu, folder):
    """By a signal that nobody can catch, too, and when the terminal goes."""
    screen = Screen()
    with Machine(qemu, folder, "-display", "curses", **screen.streams()) as machine:
        screen.until("picture")
        os.kill(machine.program.pid, signal.SIGKILL)
        machine.program.wait(TIMEOUT)
        end = time.monotonic() + TIMEOUT
        while not screen.is_as_it_was():
            assert time.monotonic() < end, "the terminal is not put back"
            time.sleep(0.02)
        machine.status = -signal.SIGKILL
    screen.close()


def test_gone(qemu, folder):
    screen = Screen()
    with Machine(qemu, folder, "-display", "curses", **screen.streams()) as machine:
        screen.until("picture")
        screen.close()
        assert machine.program.wait(TIMEOUT) == 0


def test_error(qemu, folder):
    """What is wrong is seen when the screen is gone."""
    screen = Screen()
    program = subprocess.Popen([qemu, "-display", "curses", "-serial", "stdio", "-S"], **screen.streams())
    screen.until("stdio cannot be used with -display curses")
    assert program.wait(TIMEOUT) == 1 and screen.is_as_it_was()
    screen.close()


CASES = {"an error is seen": test_error, "text, colours, a cursor": test_text, "keys of a terminal, and how to leave": test_keys,
         "the terminal is put back": test_end, "a terminal that goes ends the machine": test_gone}


def run_case(qemu, case):
    with tempfile.TemporaryDirectory() as folder:
        try:
            case(qemu, folder)
        except (AssertionError, OSError) as error:
            return traceback.format_exc().splitlines()[-12:] + [repr(error)]
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("names", nargs="*", default=list(CASES))
    args = parser.parse_args()
    print(f"1..{len(args.names)}")
    failed = 0
    for number, name in enumerate(args.names, 1):
        failed |= taptest.report(number, name, run_case(args.qemu, CASES[name]))
    return failed


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts programs that are no Linux kernel by -kernel and talks to them. Prints TAP.

A case is a row of CASES: the guest's folder and image, options, and a conversation: a text that must
come on the console, then perhaps keys to press. A program that does not end by itself is ended.

Usage: images-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import os
import select
import signal
import subprocess
import sys
import time

import taptest

TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "600"))
MEMTEST = ["-m", "128M", "-append", "console=ttyS0,115200"]


class Case:
    def __init__(self, guest, image, options, talk):
        self.guest, self.image, self.options, self.talk = guest, image, options, talk


CASES = {
    "memtest-x64": Case("memtest", "memtest86+x64.bin", MEMTEST,
                        [("Memtest86+ v", ""), ("Status: Testing", "")]),
    # By the 32-bit entry
    "memtest-ia32": Case("memtest", "memtest86+ia32.bin", MEMTEST,
                         [("Memtest86+ v", ""), ("Status: Testing", "")]),
    # By the real-mode entry: console, keys, clock and memory are the BIOS's.
    "ipxe": Case("ipxe", "ipxe.lkrn", ["-m", "64M"],
                 [("Open Source Network Boot Firmware", ""),
                  ("Press Ctrl-B for the iPXE command line", "\x02"),
                  ("iPXE>", "echo runs on ${buildarch}\r"), ("runs on i386", ""), ("iPXE>", "exit\r"),
                  ("there is nothing else to boot", "")]),
}


class Console:
    """A running program, its console on pipes."""

    def __init__(self, line):
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.text, self.seen, self.end = b"", 0, time.monotonic() + TIMEOUT

    def wait_text(self, text):
        while (at := self.text.find(text.encode(), self.seen)) < 0:
            left = self.end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"'{text}' did not come in {TIMEOUT} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise AssertionError(f"ended before '{text}'")
            self.text += data
        self.seen = at + len(text)

    def press(self, keys):
        self.process.stdin.write(keys.encode())
        self.process.stdin.flush()

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(max(self.end - time.monotonic(), 1))
        if status != 0:
            raise AssertionError(f"ended with status {status}, not 0")


def command(args, case):
    image = next((args.guests / case.guest / "boot").glob(case.image))
    return [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot", "-kernel", str(image), *case.options]


def run_case(args, case):
    """What was wrong, line by line."""
    console = Console(command(args, case))
    try:
        for text, keys in case.talk:
            console.wait_text(text)
            console.press(keys)
        console.finish()
        return []
    except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
        lines = console.text.decode(errors="replace").splitlines()[-40:]
        return [str(wrong), *(ascii(line)[1:-1] for line in lines)]
    finally:
        console.process.kill()
        console.process.wait()


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    taptest.need(args, [CASES[name].guest for name in args.cases])
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        failed += taptest.report(number, name, run_case(args, CASES[name]))
    return 1 if failed else 0


sys.exit(main())

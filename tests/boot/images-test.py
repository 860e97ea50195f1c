#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts programs that are no Linux kernel by -kernel and talks to them. Prints TAP.

A case is a row of CASES: the guest's folder and image, options, and a conversation: a text that must
come on the console, then perhaps keys to press. A program that does not end by itself is ended.

Usage: images-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time

import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "600"))
MEMTEST = ["-m", "128M", "-append", "console=ttyS0,115200"]


class Case:
    def __init__(self, guest, image, options, talk, dom0=False, ends=False):
        self.guest, self.image, self.options, self.talk = guest, image, options, talk
        self.dom0 = dom0  # with the generic kernel and an initramfs as modules
        self.ends = ends  # by itself, with status 0

    def needs(self):
        return [self.guest, "generic", "busybox"] if self.dom0 else [self.guest]


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
    # By multiboot, with modules; dom0 reads the tables at F0000h itself and switches off.
    "xen": Case("xen", "xen-*-amd64.gz",
                ["-smp", "2", "-m", "1G", "-cpu", "max", "-device",
                 "intel-iommu,intremap=on,eim=on", "-append", "console=com1 dom0_mem=512M"],
                [("Intel VT-d Interrupt Remapping enabled", ""), ("Brought up 2 CPUs", ""),
                 ("ACPI: RSDP 0x00000000000F0000", ""), ("guest: user space on", ""),
                 ("guest: done", ""), ("Entering ACPI S5 state", "")], dom0=True, ends=True),
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

    def finish(self, by_itself):
        if not by_itself:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(max(self.end - time.monotonic(), 1))
        if status != 0:
            raise AssertionError(f"ended with status {status}, not 0")


def command(args, case, folder):
    def boot(guest, pattern):
        return next((args.guests / guest / "boot").glob(pattern))

    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot",
            "-kernel", boot(case.guest, case.image), *case.options]
    if case.dom0:
        initrd = folder / "dom0.cpio"
        subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                        "--guests", args.guests, "--kernel", "generic", "--init", HERE / "init"],
                       check=True)
        line += ["-initrd", f"{boot('generic', 'vmlinuz-*')} console=hvc0,{initrd}"]
    return [str(word) for word in line]


def run_case(args, case):
    """What was wrong, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        console = Console(command(args, case, pathlib.Path(folder)))
        try:
            for text, keys in case.talk:
                console.wait_text(text)
                console.press(keys)
            console.finish(case.ends)
            return []
        except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
            lines = console.text.decode(errors="replace").splitlines()[-40:]
            return [str(wrong), *(ascii(line)[1:-1] for line in lines)]
        finally:
            console.process.kill()
            console.process.wait()


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    taptest.need(args, [guest for name in args.cases for guest in CASES[name].needs()])
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        failed += taptest.report(number, name, run_case(args, CASES[name]))
    return 1 if failed else 0


sys.exit(main())

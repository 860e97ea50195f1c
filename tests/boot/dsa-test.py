#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel with a data streaming accelerator: its idxd driver has to bind, and a module of
ours, built against the kernel's headers, has to have it copy memory by the kernel's DMA engines, with
an interrupt for each copy. Prints TAP.

Usage: dsa-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import taptest
from livemachine import Machine, make_initramfs, play

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = "generic"
RIGHT = [("0", 200), ("1", 200), ("0", 48), ("1", 48)] * 2  # by channel

# Options of the machine and of the kernel, what the interrupts are called, and how often the device's
# own has to have come.
CASES = {
    "remapped": (["-device", "intel-iommu", "-device", "dsa"], "intel_iommu=on", "IR-PCI-MSI", 10),
    "no-unit": (["-device", "dsa"], "", "PCI-MSI", 10),
    "no-handles": (["-device", "dsa,int-handles=off"], "", "PCI-MSI", 10),
    # Whatever is under way when handles are revoked is submitted again, after new ones were requested.
    "revoked": (["-device", "intel-iommu", "-device", "dsa,revoke-after=150"], "intel_iommu=on", "IR-PCI-MSI",
                24),
}


def build_module(args, folder):
    """copies.ko, and what the compiler said if there is none."""
    headers = next((args.guests / "headers" / "usr" / "src").glob("linux-headers-*-amd64"))
    shutil.copytree(HERE / "modules", folder / "module")
    done = subprocess.run(["make", "-s", "-C", headers.resolve(), f"M={folder / 'module'}", "modules"],
                          capture_output=True, text=True)
    return folder / "module" / "copies.ko", done.stdout + done.stderr if done.returncode else ""


def interrupts(log, name):
    """The counts of the lines of that name that the guest showed last, and the chip."""
    rows = re.findall(rf"guest: irq +\d+:((?: +\d+)+) +(\S+) .*{name}", log.split("guest: round 2")[-1])
    return [sum(int(word) for word in row[0].split()) for row in rows], {row[1] for row in rows}


def problems(log, chip, events):
    wrong = [line for line in log.splitlines() if "guest: FAIL" in line or "err[" in line or "BUG" in line]
    wrong += [f"the log has no '{text}'" for text in (
        "guest: done", "guest: round 1: dsa0 is enabled, wq0.0 enabled",
        "guest: round 2: dsa0 is enabled, wq0.0 enabled", "Intel(R) Accelerator Device (v100)")
        if text not in log]
    right = re.findall(r"\] copies: (\S+): (\d+) of \d+ are right", log)
    if [(name[-1], int(count)) for name, count in right] != RIGHT:
        wrong.append(f"copies that are right: {right}")
    for name, queues, least in (("idxd-misc", 1, events), ("idxd-portal", 2, 100)):
        counts, chips = interrupts(log, name)
        if len(counts) != queues or min(counts) < least or chips != {chip}:
            wrong.append(f"{name} interrupted {counts} times by {chips}")
    return wrong


def run_case(args, case):
    """What is wrong, and the log."""
    options, append, chip, events = case
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        module, said = build_module(args, folder)
        if said:
            return ["the module can't be built"], said
        initrd = make_initramfs(args, folder, KERNEL, "dsa-init", ["idxd"], [f"{module}:copies.ko"])
        logs = []

        def boot(start):
            machine = start(args, KERNEL, initrd, folder, f"loglevel=7 {append}",
                            ["-no-reboot", *options])
            machine.wait_text("guest: done")
            machine.wait_end()
            logs.append(machine.text().replace("\r", ""))

        wrong, log = play(boot, Machine)
        return (wrong, log) if wrong else (problems(logs[0], chip, events), logs[0])


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL, "headers"], run_case)


sys.exit(main())

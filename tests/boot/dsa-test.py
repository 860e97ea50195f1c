#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel with a data streaming accelerator: its idxd driver has to bind, and a module,
built against the kernel's headers, has to have it copy memory by the kernel's DMA engines, with an
interrupt for each copy: one of ours, or dmatest of the kernel's source. Prints TAP.

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
# By channel: what our module says of each of its runs, and dmatest of each of its threads.
RIGHT = {"copies": [("0", 200), ("1", 200), ("0", 48), ("1", 48)] * 2,
         "dmatest": [("0", 100), ("0", 100), ("1", 100), ("1", 100)] * 2}
SAYS = {"copies": r"\] copies: (\S+): (\d+) of \d+ are right",
        "dmatest": r"\] dmatest: (\w+)-copy\d+: summary (\d+) tests, 0 failures"}

# Options of the machine and of the kernel, what the interrupts are called, how often the device's own has
# to have come, and which module copies.
CASES = {
    "remapped": (["-device", "intel-iommu", "-device", "dsa"], "intel_iommu=on", "IR-PCI-MSI", 10, "copies"),
    "no-unit": (["-device", "dsa"], "", "PCI-MSI", 10, "copies"),
    "no-handles": (["-device", "dsa,int-handles=off"], "", "PCI-MSI", 10, "copies"),
    # Whatever is under way when handles are revoked is submitted again, after new ones were requested.
    "revoked": (["-device", "intel-iommu", "-device", "dsa,revoke-after=150"], "intel_iommu=on", "IR-PCI-MSI",
                24, "copies"),
    "dmatest": (["-device", "intel-iommu", "-device", "dsa"], "intel_iommu=on", "IR-PCI-MSI", 10, "dmatest"),
}


def build_module(args, folder, name):
    """NAME.ko, and what the compiler said if there is none."""
    headers = next((args.guests / "headers" / "usr" / "src").glob("linux-headers-*-amd64"))
    source = (args.guests / "dmatest" if name == "dmatest" else HERE / "modules") / f"{name}.c"
    (folder / "module").mkdir()
    for path in (HERE / "modules" / "Makefile", source):
        shutil.copy2(path, folder / "module")
    done = subprocess.run(["make", "-s", "-C", headers.resolve(), f"M={folder / 'module'}", "modules"],
                          capture_output=True, text=True)
    return folder / "module" / f"{name}.ko", done.stdout + done.stderr if done.returncode else ""


def interrupts(log, name):
    """The counts of the lines of that name that the guest showed last, and the chip."""
    rows = re.findall(rf"guest: irq +\d+:((?: +\d+)+) +(\S+) .*{name}", log.split("guest: round 2")[-1])
    return [sum(int(word) for word in row[0].split()) for row in rows], {row[1] for row in rows}


def problems(log, chip, events, module):
    wrong = [line for line in log.splitlines() if "guest: FAIL" in line or "err[" in line or "BUG" in line]
    wrong += [f"the log has no '{text}'" for text in (
        "guest: done", "guest: round 1: dsa0 is enabled, wq0.0 enabled",
        "guest: round 2: dsa0 is enabled, wq0.0 enabled", "Intel(R) Accelerator Device (v100)")
        if text not in log]
    right = re.findall(SAYS[module], log)
    said = [(name[-1], int(count)) for name, count in right]
    if module == "dmatest":  # its threads end in any order
        said = sorted(said[:4]) + sorted(said[4:])
    if said != RIGHT[module]:
        wrong.append(f"copies that are right: {right}")
    for name, queues, least in (("idxd-misc", 1, events), ("idxd-portal", 2, 100)):
        counts, chips = interrupts(log, name)
        if len(counts) != queues or min(counts) < least or chips != {chip}:
            wrong.append(f"{name} interrupted {counts} times by {chips}")
    return wrong


def run_case(args, case):
    """What is wrong, and the log."""
    options, append, chip, events, name = case
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        module, said = build_module(args, folder, name)
        if said:
            return ["the module can't be built"], said
        initrd = make_initramfs(args, folder, KERNEL, "dsa-init", ["idxd"], [f"{module}:{name}.ko"])
        logs = []

        def boot(start):
            machine = start(args, KERNEL, initrd, folder, f"loglevel=7 {append}",
                            ["-no-reboot", *options])
            machine.wait_text("guest: done")
            machine.wait_end()
            logs.append(machine.text().replace("\r", ""))

        wrong, log = play(boot, Machine)
        return (wrong, log) if wrong else (problems(logs[0], chip, events, name), logs[0])


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    extra = ["dmatest"] if "dmatest" in args.cases else []
    return taptest.run(args, CASES, ["busybox", KERNEL, "headers", *extra], run_case)


sys.exit(main())

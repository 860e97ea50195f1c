#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel with NVMe disks behind Volume Management Devices, remapping, with bypass, and both at
once. The disks work while interrupts are moved from CPU to CPU: the VMD's own where it remaps, the disks'
where it does not. The guest's side is units-init. Prints TAP.

Usage: vmd-test.py --qemu PROGRAM --guests FOLDER [--moves N] [CASE]...
"""
import pathlib
import re
import sys
import tempfile

import kernellog
import taptest
from livemachine import Machine, counts_when_done, make_initramfs

DISK = 1 << 20
KERNEL = "generic"
MODULES = ["nvme", "vmd"]
BAD = [*kernellog.BAD, kernellog.BAD_COUNTS, r"(?i)firmware bug", r"nvme.*(timeout|fatal|I/O error)"]
# One vector for all queues: users may move it.
NVME = "nvme,max_ioqpairs=1,msix_qsize=1"


class Case:
    def __init__(self, *vmds, wants=()):
        """For each VMD its properties, and whether messages from behind it pass as they are; what the log
        says. A disk is behind each."""
        self.vmds, self.wants = vmds, wants

    def busy(self):
        """Whose interrupts are moved, and have to come on both CPUs."""
        return ["nvme[0-9]q0" if passes else f"vmd{n}" for n, (_, passes) in enumerate(self.vmds)]


REMAP, BYPASS = ("vectors=5", False), ("mode=bypass", True)
CASES = {
    "remap": Case(REMAP),
    "bypass": Case(BYPASS),
    "two": Case(REMAP, BYPASS),
    "client": Case(("model=9a0b,vectors=5,bus-start=224,cfg-latency=2000", False),
                   wants=["PCI host bridge to bus 10000:e0"]),
    # A hypervisor's guest finds windows elsewhere by the shadow registers, and does not let messages pass.
    "passed-through": Case(("mode=bypass,vectors=5,membar1-phys=0x60000000", False)),
}


def options(case, folder):
    words = ["-device", "intel-iommu,intremap=on,eim=on"]
    for n, (props, _) in enumerate(case.vmds):
        path = folder / f"disk{n}"
        path.write_bytes(bytes(DISK))
        words += ["-device", f"vmd,id=v{n},{props}", "-drive", f"file={path},if=none,id=d{n},format=raw",
                  "-device", f"{NVME},serial=SW{n},drive=d{n},bus=v{n}.0"]
    return words


def problems(case, log, moves):
    wrong = [f"the log has no '{text}'" for text in
             ["guest: done", "DMAR-IR: Enabled IRQ remapping in x2apic mode",
              *(f"Bound to PCI domain {0x10000 + n:04x}" for n, _ in enumerate(case.vmds)), *case.wants]
             if text not in log]
    wrong += kernellog.bad_lines(log, BAD)
    for n, _ in enumerate(case.vmds):
        if not re.search(rf"guest: disk at {0x10000 + n:04x}:", log):
            wrong.append(f"no disk is in domain {0x10000 + n:04x}")
    if not re.search(rf"guest: moved [\d ]+ {moves} times", log):
        wrong.append(f"the interrupts were not moved {moves} times each")
    for name in case.busy():
        rows = re.findall(rf"guest: irq +\d+: +(\d+) +(\d+) +IR-PCI-MSI.*{name}", log)
        if not any("0" not in row for row in rows):
            wrong.append(f"no interrupt of {name} came on both CPUs")
    return wrong


def run_case(args, case):
    """What is wrong, and the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        disks = "+".join(f"nvme{n}n1" for n, _ in enumerate(case.vmds))
        machine = Machine(args, KERNEL, make_initramfs(args, folder, KERNEL, "units-init", MODULES), folder,
                          f"intel_iommu=on moves={args.moves} disks={disks}",
                          ["-no-shutdown", *options(case, folder)])
        try:
            unit = counts_when_done(machine)["iommu"]
        except AssertionError as error:
            return [str(error)], machine.text()
        wrong = problems(case, machine.text().replace("\r", ""), args.moves)
        if unit["blocked"] or unit["remapped"] < args.moves:
            wrong.append(f"the unit remapped {unit['remapped']} and blocked {unit['blocked']}")
        return wrong, machine.text()


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--moves", type=int, default=50, help="how often the interrupts are moved")
    args = taptest.parse(parser, CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

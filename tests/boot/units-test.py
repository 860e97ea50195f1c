#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel on a machine with two remapping units, on one bus or each with a root bus of its
own, a disk behind each. Both disks work while their interrupts are moved from CPU to CPU: none may be
lost, and no unit may refuse one. Prints TAP.

Usage: units-test.py --qemu PROGRAM --guests FOLDER [--moves N] [CASE]...
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
MODULES = ["virtio_pci", "virtio_blk", "nvme"]
# Disks: the device, what Linux calls it, and its interrupts. What queues share, users may move: two of
# virtio have a message, and the controller's two the one that there is.
VIRTIO = "virtio-blk-pci,num-queues=2,vectors=2,iommu_platform=on"
NVME = ("nvme,serial=SW1,max_ioqpairs=1,msix_qsize=1", "nvme0n1", "nvme0q0")
FIRST, SECOND = (VIRTIO, "vda", "virtio0-virtqueues"), (VIRTIO, "vdb", "virtio1-virtqueues")
BESIDE_NVME = (VIRTIO, "vda", "virtio0-virtqueues")
BAD = [*kernellog.BAD, kernellog.BAD_COUNTS, r"(?i)firmware bug"]


class Kind:
    def __init__(self, unit, bases, wants, machine=()):
        """The device, where the units' registers are, what Linux says of them; and what the machine has to be."""
        self.unit, self.bases, self.wants, self.machine = unit, bases, wants, machine


INTEL = Kind("intel-iommu", (0xfed91000, 0xfed90000),
             ["DMAR: dmar0: reg_base_addr fed91000", "DMAR: dmar1: reg_base_addr fed90000"])
AMD = Kind("amd-iommu", (0xfed84000, 0xfed80000),
           ["pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40", "pci 0000:00:00.3: AMD-Vi: Found IOMMU cap 0x40",
            "AMD-Vi: Interrupt remapping enabled", "AMD-Vi: X2APIC enabled"], ["-cpu", "EPYC,+x2apic"])


class Case:
    def __init__(self, first, second, wants, scope="disk0", above=(), bus="", disks=(FIRST, SECOND), kind=INTEL):
        """Properties of both units, what the log says; the first unit's scope, what is above the first
        disk, and where that is; whose units they are."""
        self.units, self.wants, self.disks = (first, second), [*kind.wants, *wants], disks
        self.scope, self.above, self.bus, self.kind = scope, above, bus, kind


CASES = {
    "two-units": Case("posted-interrupts=on", "fault-records=8",
                      ["DMAR-IR: Enabled IRQ remapping in x2apic mode"], disks=(NVME, BESIDE_NVME)),
    # All of a platform's units have to have 32-bit ids, or none is given them.
    "two-units-one-without-eim": Case("eim=off", "eim=on",
                                      ["DMAR-IR: Enabled IRQ remapping in xapic mode"]),
    "two-amd-units": Case("command-latency=2000", "command-latency=0", [], disks=(NVME, BESIDE_NVME), kind=AMD),
    "two-root-buses": Case("posted-interrupts=on", "fault-records=8",
                           ["ACPI: PCI Root Bridge [PC80] (domain 0000 [bus 80-ff])",
                            "ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-7f])",
                            "pci 0000:80:00.0: PCI bridge to [bus 81]", "disk at 0000:81:00.0",
                            "pci 0000:81:00.0: Adding to iommu group"],
                           scope="far", bus=",bus=port",
                           above=("pxb-pcie,id=far,bus_nr=0x80", "pcie-root-port,id=port,bus=far")),
}


def options(case, folder):
    """The first unit has the first disk, the second one everything else."""
    words = [*case.kind.machine]
    for name, scope, base, props in zip(("first", "second"), (case.scope, "all"), case.kind.bases, case.units):
        words += ["-device", f"{case.kind.unit},id={name},scope={scope},base={base:#x},{props}"]
    words += [word for device in case.above for word in ("-device", device)]
    for n, bus in enumerate((case.bus, "")):
        path = folder / f"disk{n}"
        path.write_bytes(bytes(DISK))
        words += ["-drive", f"file={path},if=none,id=d{n},format=raw", "-device",
                  f"{case.disks[n][0]},id=disk{n},drive=d{n}{bus}"]
    return words


def problems(case, log, moves):
    wrong = [f"the log has no '{text}'" for text in
             ["guest: done", *case.wants] if text not in log]
    wrong += kernellog.bad_lines(log, BAD)
    if not re.search(rf"guest: moved \d+ \d+ {moves} times", log):
        wrong.append(f"two interrupts were not moved {moves} times each")
    for _, _, name in case.disks:
        row = re.search(rf"guest: irq +\d+: +(\d+) +(\d+) .*{name}", log)
        if not row or "0" in row.groups():
            wrong.append(f"{name}'s interrupts did not come on both CPUs")
    return wrong


def run_case(args, case):
    """What is wrong, and the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        machine = Machine(args, KERNEL, make_initramfs(args, folder, KERNEL, "units-init", MODULES), folder,
                          f"intel_iommu=on moves={args.moves} "
                          f"disks={'+'.join(name for _, name, _ in case.disks)}",
                          ["-no-shutdown", *options(case, folder)])
        try:
            counts = counts_when_done(machine)
        except AssertionError as error:
            return [str(error)], machine.text()
        wrong = problems(case, machine.text().replace("\r", ""), args.moves)
        wrong += [f"{unit['id']} remapped {unit['remapped']} and blocked {unit['blocked']}"
                  for unit in (counts["iommu"], counts["iommu1"])
                  if unit["blocked"] or unit["remapped"] < args.moves]
        return wrong, machine.text()


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--moves", type=int, default=50, help="how often the interrupts are moved")
    args = taptest.parse(parser, CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

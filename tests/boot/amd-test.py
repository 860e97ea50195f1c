#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel with AMD's remapping unit and an emitter that sends what the unit blocks: the
kernel's log has to show each event, with its numbers, and the unit has to have interrupted for it.
Prints TAP.

Usage: amd-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import taptest
from livemachine import Machine

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = "generic"
MODULES = ["virtio_pci", "virtio_blk"]
# As amd-init orders them. The emitter's domain is whatever number the kernel gave it.
INTERRUPT = r"IO_PAGE_FAULT domain=0x[0-9a-f]{4} address=0xfffffffdf82c0004 flags=0x0008\]"
DMA = r"IO_PAGE_FAULT domain=0x[0-9a-f]{4} address=0xabcd0000 flags=0x0020\]"
EVENTS = [rf"virtio-pci 0000:00:02\.0: AMD-Vi: Event logged \[{INTERRUPT}",
          rf"pci 0000:00:04\.0: AMD-Vi: Event logged \[{DMA}",
          rf"virtio-pci 0000:00:02\.0: AMD-Vi: Event logged \[{INTERRUPT}"]

# The unit's properties, and what the kernel says of them.
CASES = {
    "x2apic": ("", ["AMD-Vi: X2APIC enabled", "IOMMU-MSI"]),
    "xapic": (",xtsup=off", ["AMD-Vi: Interrupt remapping enabled", "PCI-MSI"]),
    "page-requests": (",device-iotlb=on,ppr=on", ["PPR X2APIC IA GA", "AMD-Vi: X2APIC enabled"]),
    "event-latency": (",event-latency=1000000,command-latency=2000", ["AMD-Vi: X2APIC enabled"]),
}


def problems(log, wants):
    wrong = [f"the log has no '{text}'" for text in ["guest: done", *wants] if text not in log]
    shown = [line.split("guest: log: ")[1] for line in log.splitlines() if "guest: log: " in line]
    for number, pattern in enumerate(EVENTS):
        if number >= len(shown) or not re.search(pattern, shown[number]):
            wrong.append(f"event {number} is {shown[number:number + 1]}, not {pattern}")
    if len(shown) != len(EVENTS):
        wrong.append(f"{len(shown)} events are logged, not {len(EVENTS)}")
    count = re.search(r"guest: the unit interrupted (\d+) times", log)
    if not count or int(count.group(1)) != len(EVENTS):
        wrong.append(f"the unit did not interrupt {len(EVENTS)} times")
    return wrong


def run_case(args, case):
    """What is wrong, and the log."""
    props, wants = case
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd, disk = folder / "initramfs", folder / "disk"
        disk.write_bytes(bytes(1 << 20))
        words = [word for module in MODULES for word in ("--module", module)]
        subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                        "--guests", args.guests, "--kernel", KERNEL, "--init", HERE / "amd-init",
                        *words], check=True)
        machine = Machine(args, KERNEL, initrd, folder, "loglevel=7 emitter=04.0",
                          ["-cpu", "EPYC,+x2apic", "-no-shutdown", "-device", f"amd-iommu{props}",
                           "-drive", f"file={disk},if=none,id=disk0,format=raw",
                           "-device", "virtio-blk-pci,drive=disk0,addr=2",
                           "-device", "intr-testdev,addr=4"])
        try:
            machine.wait_text("guest: done")
            counts = machine.qmp("x-query-interrupts")["iommu"]
            machine.qmp("quit")
            machine.wait_end()
        except AssertionError as error:
            return [str(error)], machine.text()
        finally:
            machine.process.kill()
            machine.process.wait()
        wrong = problems(machine.text().replace("\r", ""), wants)
        if counts["blocked"] != 2 or counts["events"] != 3 or counts["stale-hits"]:
            wrong.append(f"the unit counted {counts}")
        return wrong, machine.text()


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

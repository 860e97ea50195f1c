#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plugs processors into a running kernel and takes them out. Prints TAP.

Usage: cpus-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import subprocess
import sys
import tempfile

import livemachine
import taptest

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = "cloud"
UNIT = ["-device", "intel-iommu,intremap=on,eim=on"]


def in_and_out(machine, core, times):
    machine.wait_text("guest: online 0-1;")
    for n in range(1, times + 1):
        machine.qmp("device_add", driver="max-x86_64-cpu", id="late", **{"core-id": core})
        # Linux numbers it by the first free number, whatever its local APIC's id.
        machine.wait_text(f"guest: works 2, local APIC {core};", times=n)
        machine.wait_text("guest: online 0-2;", times=n)
        machine.qmp("device_del", id="late")
        machine.wait_event("DEVICE_DELETED")
        machine.wait_text("guest: online 0-1;", times=n + 1)
    places = machine.qmp("query-hotpluggable-cpus")
    if sum("qom-path" in place for place in places) != 2:
        raise AssertionError(f"not two processors are left: {places}")


def again_and_again(start):
    in_and_out(start(["-smp", "2,maxcpus=4"]), 2, 3)


def id_above_255(start):
    in_and_out(start(["-smp", "2,maxcpus=288"]), 287, 1)


def without_a_unit(start):
    in_and_out(start(["-smp", "2,maxcpus=3"], unit=[]), 2, 1)


def under_hyperv(start):
    in_and_out(start(["-smp", "2,maxcpus=288", "-machine", "hyperv=on"], unit=[]), 287, 2)


CASES = {"again-and-again": again_and_again, "id-above-255": id_above_255,
         "without-a-unit": without_a_unit, "under-hyperv": under_hyperv}


def run_case(args, case):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd = folder / "initrd"
        subprocess.run([HERE.parent.parent / "scripts" / "make-initramfs", initrd, "--guests",
                        args.guests, "--kernel", KERNEL, "--init", HERE / "cpus-init"], check=True)

        def start(options, unit=UNIT):
            return livemachine.Machine(args, KERNEL, initrd, folder, "", [*options, *unit])

        return livemachine.play(case, start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

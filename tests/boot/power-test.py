#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Restarts a real kernel in every way, sends it to sleep and wakes it up, and switches it off by the
power button. Prints TAP.

Each case is a function that gets a running machine; the guest's side is power-init. Left out: kexec.

Usage: power-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import subprocess
import sys
import tempfile
import time

import taptest
from livemachine import TIMEOUT, Machine, play

HERE = pathlib.Path(__file__).resolve().parent
USER_SPACE = "guest: user space"
UNIT = "intel-iommu,intremap=on,eim=on"


def guest_reboots(start):
    machine = start(append="power=reboot")
    machine.wait_text(USER_SPACE, times=3)
    machine.qmp("quit")
    machine.wait_end()


def no_reboot(start):
    machine = start(append="power=reboot", options=["-no-reboot"])
    machine.wait_end()
    if machine.text().count(USER_SPACE) != 1:
        raise AssertionError("the guest started again in spite of -no-reboot")


def triple_fault(start):
    machine = start(append="power=reboot reboot=t", options=["-no-reboot", "-d", "cpu_reset"])
    machine.wait_end()
    shown = machine.errors.read_text(errors="replace")
    for text in ("CR0=", "CR3=", "RIP="):
        if text not in shown:
            raise AssertionError(f"the registers at the reset have no '{text}'")


def triple_fault_restarts(start):
    machine = start(append="power=reboot reboot=t")
    machine.wait_text(USER_SPACE, times=2)
    machine.qmp("quit")
    machine.wait_end()


def power_button(start):
    machine = start()
    machine.wait_text(USER_SPACE)
    machine.qmp("system_powerdown")
    machine.wait_text("guest: power button")
    machine.wait_end()


def system_reset(start):
    machine = start()
    for times in (1, 2):
        machine.wait_text(USER_SPACE, times=times)
        machine.qmp("system_reset")
    machine.wait_text(USER_SPACE, times=3)
    machine.qmp("system_powerdown")
    machine.wait_end()


def sleeps(state, wakes_by, kernel="cloud", options=()):
    """A case: to sleep by /sys/power/state, and back by the RTC's alarm or a monitor's command. The
    unit, the devices behind it and the other CPU work before and after."""
    def case(start):
        alarm = "alarm=3" if wakes_by == "rtc" else ""
        back = f"guest: back from {state} with 2 CPUs"
        machine = start(append=f"sleep={state} {alarm} intel_iommu=on",
                        options=["-S", "-device", UNIT, "-device", "virtio-rng-pci", *options])
        machine.qmp("cont")
        if state == "mem":
            machine.wait_event("SUSPEND")
            if wakes_by != "rtc":
                status = machine.qmp("query-status")
                if status["status"] != "suspended" or status["running"]:
                    raise AssertionError(f"asleep, it says {status}")
                machine.qmp(wakes_by)
            machine.wait_event("WAKEUP")
        elif wakes_by != "rtc":
            machine.wait_text(f"guest: going to {state}")
            # Nothing tells when it sleeps: somebody presses until it is awake.
            while back not in machine.text() and machine.process.poll() is None:
                machine.qmp(wakes_by)
                time.sleep(1)
        machine.wait_text(back)
        machine.wait_end()
        for text in ("guest: entropy before", "guest: entropy after"):
            if text not in machine.text():
                raise AssertionError(f"the log has no '{text}'")
        if "guest: FAIL" in machine.text():
            raise AssertionError("the guest says FAIL")
    case.kernel = kernel
    return case


CASES = {"guest-reboots": guest_reboots, "no-reboot": no_reboot, "triple-fault": triple_fault,
         "triple-fault-restarts": triple_fault_restarts, "power-button": power_button,
         "system-reset": system_reset,
         "mem-rtc": sleeps("mem", "rtc"), "mem-wakeup": sleeps("mem", "system_wakeup"),
         "mem-button": sleeps("mem", "system_powerdown"),
         "freeze-rtc": sleeps("freeze", "rtc"),
         "freeze-button": sleeps("freeze", "system_powerdown"),
         "mem-rtc-hyperv": sleeps("mem", "rtc", options=["-machine", "hyperv=on"]),
         "mem-rtc-generic": sleeps("mem", "rtc", kernel="generic")}


def kernel_of(case):
    return getattr(case, "kernel", "cloud")


def run_case(args, case):
    """What was wrong, line by line."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        initrd = folder / "power.cpio"
        kernel = kernel_of(case)
        subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                        "--guests", args.guests, "--kernel", kernel, "--init",
                        HERE / "power-init", "--module", "button", "--module", "virtio_pci",
                        "--module", "virtio_rng"], check=True)

        def start(**more):
            return Machine(args, kernel, initrd, folder, **more)

        return play(case, start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", *(kernel_of(CASES[name]) for name in args.cases)], run_case)


sys.exit(main())

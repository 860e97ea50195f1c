#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Restarts a real kernel in every way, sends it to sleep and wakes it up, and switches it off by the
power button. Prints TAP.

Each case is a function that gets a running machine; the guest's side is power-init. Left out: kexec.

Usage: power-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import json
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import time

import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 180
USER_SPACE = "guest: user space"
UNIT = "intel-iommu,intremap=on,eim=on"


class Machine:
    """An emulator with a kernel, its serial line in a file and its monitor on a socket."""

    def __init__(self, args, kernel, initrd, folder, append="", options=()):
        self.log, self.errors = folder / "serial.log", folder / "stderr.log"
        kernel = next((args.guests / kernel / "boot").glob("vmlinuz-*"))
        line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max",
                "-smp", "2", "-m", "512M", "-display", "none", "-serial", f"file:{self.log}",
                "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off",
                "-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyS0 quiet {append}".strip(), *options]
        self.path = folder / "qmp"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([str(word) for word in line], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors)
        self.monitor, self.pending, self.events = None, b"", []

    def text(self):
        return self.log.read_bytes().decode(errors="replace") if self.log.exists() else ""

    def wait_text(self, text, times=1):
        end = time.monotonic() + TIMEOUT
        while self.text().count(text) < times:
            if time.monotonic() > end:
                raise AssertionError(f"'{text}' came {self.text().count(text)} times, not {times}")
            if self.process.poll() is not None and self.text().count(text) < times:
                raise AssertionError(f"ended with {self.process.returncode} before '{text}'")
            time.sleep(0.1)

    def wait_end(self):
        status = self.process.wait(timeout=TIMEOUT)
        if status != 0:
            raise AssertionError(f"ended with status {status}, not 0")

    def qmp(self, command):
        if self.monitor is None:
            monitor = socket.socket(socket.AF_UNIX)
            while monitor.connect_ex(str(self.path)) != 0 and self.process.poll() is None:
                time.sleep(0.05)
            self.monitor = monitor
            self.execute("qmp_capabilities")
        return self.execute(command)

    def execute(self, command):
        self.monitor.sendall(json.dumps({"execute": command}).encode() + b"\n")
        while True:
            reply = self.line()
            if "error" in reply:
                raise AssertionError(f"{command}: {reply['error']}")
            if "return" in reply:
                return reply["return"]
            self.events.append(reply.get("event"))

    def wait_event(self, name):
        while name not in self.events:
            self.events.append(self.line().get("event"))
        self.events.remove(name)

    def line(self):
        while b"\n" not in self.pending:
            if not select.select([self.monitor], [], [], TIMEOUT)[0]:
                raise AssertionError("the monitor does not answer")
            data = self.monitor.recv(65536)
            if not data:
                raise AssertionError("the monitor closed its connection")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)


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


def sleeps(state, wakes_by, kernel="cloud"):
    """A case: to sleep by /sys/power/state, and back by the RTC's alarm or a monitor's command. The
    unit, the devices behind it and the other CPU work before and after."""
    def case(start):
        alarm = "alarm=3" if wakes_by == "rtc" else ""
        back = f"guest: back from {state} with 2 CPUs"
        machine = start(append=f"sleep={state} {alarm} intel_iommu=on",
                        options=["-S", "-device", UNIT, "-device", "virtio-rng-pci"])
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
         "mem-rtc-generic": sleeps("mem", "rtc", kernel="generic")}


def kernel_of(case):
    return getattr(case, "kernel", "cloud")


def run_case(args, case):
    """What was wrong, line by line."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        initrd, machines = folder / "power.cpio", []
        kernel = kernel_of(case)
        subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                        "--guests", args.guests, "--kernel", kernel, "--init",
                        HERE / "power-init", "--module", "button", "--module", "virtio_pci",
                        "--module", "virtio_rng"], check=True)

        def start(**more):
            machines.append(Machine(args, kernel, initrd, folder, **more))
            return machines[-1]

        try:
            case(start)
            return []
        except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
            return [str(wrong), *machines[-1].text().splitlines()[-20:],
                    *machines[-1].errors.read_text(errors="replace").splitlines()[-20:]]
        finally:
            for machine in machines:
                machine.process.kill()
                machine.process.wait()


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    taptest.need(args, ["busybox", *(kernel_of(CASES[name]) for name in args.cases)])
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        failed += taptest.report(number, name, run_case(args, CASES[name]))
    return 1 if failed else 0


sys.exit(main())

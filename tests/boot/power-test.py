#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Restarts a real kernel in every way, and switches it off by the power button. Prints TAP.

Each case is a function that gets a running machine; the guest's side is power-init. Left out:
sleep states and kexec.

Usage: power-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import argparse
import json
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 180
USER_SPACE = "guest: user space"


class Machine:
    """An emulator with a kernel, its serial line in a file and its monitor on a socket."""

    def __init__(self, args, initrd, folder, append="", options=()):
        self.log, self.errors = folder / "serial.log", folder / "stderr.log"
        kernel = next((args.guests / "cloud" / "boot").glob("vmlinuz-*"))
        line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max",
                "-smp", "2", "-m", "512M", "-display", "none", "-serial", f"file:{self.log}",
                "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off",
                "-kernel", kernel, "-initrd", initrd,
                "-append", f"console=ttyS0 quiet {append}".strip(), *options]
        self.path = folder / "qmp"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([str(word) for word in line], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors)
        self.monitor, self.pending = None, b""

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
            self.monitor = socket.socket(socket.AF_UNIX)
            self.monitor.connect(str(self.path))
            self.execute("qmp_capabilities")
        self.execute(command)

    def execute(self, command):
        self.monitor.sendall(json.dumps({"execute": command}).encode() + b"\n")
        while True:
            reply = self.line()
            if "error" in reply:
                raise AssertionError(f"{command}: {reply['error']}")
            if "return" in reply:
                return

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


CASES = {"guest-reboots": guest_reboots, "no-reboot": no_reboot, "triple-fault": triple_fault,
         "triple-fault-restarts": triple_fault_restarts, "power-button": power_button,
         "system-reset": system_reset}


def run_case(args, case):
    """None, or what was wrong."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        initrd, machines = folder / "power.cpio", []
        subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                        "--guests", args.guests, "--kernel", "cloud", "--init",
                        HERE / "power-init", "--module", "button"], check=True)

        def start(**more):
            machines.append(Machine(args, initrd, folder, **more))
            return machines[-1]

        try:
            case(start)
            return None
        except (AssertionError, OSError, subprocess.TimeoutExpired) as wrong:
            return "\n".join([str(wrong), *machines[-1].text().splitlines()[-20:],
                              *machines[-1].errors.read_text(errors="replace").splitlines()[-20:]])
        finally:
            for machine in machines:
                machine.process.kill()
                machine.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", default="build/qemu-system-x86_64")
    parser.add_argument("--guests", type=pathlib.Path, default=pathlib.Path("build/guests"))
    parser.add_argument("--tier", default="auto", help="of -accel tcg: interp, jit or auto")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    args = parser.parse_args()
    unknown = [name for name in args.cases if name not in CASES]
    if unknown:
        sys.exit(f"power-test: there is no case '{unknown[0]}'")
    if not (args.guests / "busybox" / ".complete").exists():
        print("1..0 # SKIP no guests: scripts/fetch-guests gets them from Debian's packages")
        return 0
    names, failed = args.cases or list(CASES), 0
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        wrong = run_case(args, CASES[name])
        print(f"{'not ok' if wrong else 'ok'} {number} {name}", flush=True)
        if wrong:
            failed += 1
            print("\n".join("# " + line for line in wrong.splitlines()))
    return 1 if failed else 0


sys.exit(main())

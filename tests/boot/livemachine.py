# SPDX-License-Identifier: GPL-2.0-or-later
"""A running emulator for tests that talk to it meanwhile."""
import functools
import json
import pathlib
import select
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 180


def image(args, guest, pattern="vmlinuz-*"):
    return next((args.guests / guest / "boot").glob(pattern))


class Machine:
    """An emulator with a kernel, its serial line in a file and its monitor on a socket."""

    def __init__(self, args, kernel, initrd, folder, append="", options=()):
        self.log, self.errors = folder / "serial.log", folder / "stderr.log"
        line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max",
                "-smp", "2", "-m", "512M", "-display", "none",
                "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off",
                *self.serial(folder), *self.boot(args, kernel, initrd, append), *options]
        self.path = folder / "qmp"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([str(word) for word in line], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors)
        self.monitor, self.pending, self.events = None, b"", []

    def serial(self, folder):
        return ["-serial", f"file:{self.log}"]

    def boot(self, args, kernel, initrd, append):
        """What is started, and with which words."""
        return ["-kernel", image(args, kernel), "-initrd", initrd,
                "-append", f"console=ttyS0 quiet {append}".strip()]

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

    def qmp(self, command, **arguments):
        if self.monitor is None:
            monitor = socket.socket(socket.AF_UNIX)
            while monitor.connect_ex(str(self.path)) != 0 and self.process.poll() is None:
                time.sleep(0.05)
            self.monitor = monitor
            self.execute("qmp_capabilities")
        return self.execute(command, **arguments)

    def execute(self, command, **arguments):
        message = {"execute": command, "arguments": arguments} if arguments else {"execute": command}
        self.monitor.sendall(json.dumps(message).encode() + b"\n")
        while True:
            reply = self.line()
            if "error" in reply:
                raise AssertionError(f"{command}: {reply['error']}")
            if "return" in reply:
                return reply["return"]
            self.events.append(reply.get("event"))

    def say(self, line):
        """A line to the serial port that is a socket named "say"."""
        self.press(line + "\n")

    def press(self, keys):
        """The same of single keys."""
        with socket.socket(socket.AF_UNIX) as port:
            port.connect(str(self.path.parent / "say"))
            port.sendall(keys.encode())

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

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


def make_initramfs(args, folder, kernel, init, modules, files=(), tree=None, name="initramfs"):
    """One whose init is that file beside this one, with these modules and files ("HOST:GUEST"), and all of a
    tree; where it is."""
    target = folder / name
    words = [word for module in modules for word in ("--module", module)]
    words += [word for file in files for word in ("--file", file)]
    words += ["--tree", tree] if tree else []
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", target,
                    "--guests", args.guests, "--kernel", kernel, "--init", HERE / init, *words], check=True)
    return target


def counts_when_done(machine):
    """What interrupts were counted when the guest has done its work; the machine ends."""
    try:
        machine.wait_text("guest: done")
        counts = machine.qmp("x-query-interrupts")
        machine.qmp("quit")
        machine.wait_end()
        return counts
    finally:
        machine.process.kill()
        machine.process.wait()


def play(case, start):
    """Has a case start machines by `start`, none of which outlives it; what is wrong, and the last one's
    log, with what it said on stderr."""
    machines = []

    @functools.wraps(start)
    def started(*args, **more):
        machines.append(start(*args, **more))
        return machines[-1]

    try:
        case(started)
        return [], ""
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        return [str(error)], machines[-1].text() + machines[-1].errors.read_text(errors="replace") \
            if machines else ""
    finally:
        for machine in machines:
            machine.process.kill()
            machine.process.wait()

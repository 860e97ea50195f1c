#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records a kernel with user space that gets lines on a serial port at any time, or bytes by a network and
commands of a monitor, and replays it without anybody who sends them: the same log and the same hashes. A
recording that somebody changed is one that the replay departs from. Prints TAP.

Usage: record-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import pathlib
import random
import re
import sys
import tempfile
import time

import livemachine
import netpeer
import taptest

HERE = pathlib.Path(__file__).resolve().parent
LINES = 12
SIZE = 1 << 20
NET_MODULES = ["af_packet", "virtio_pci", "virtio_net"]


class Lines:
    """What is typed, a line at a time."""

    cpus, options, icount = 1, [], "sleep=off"

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.initrd = livemachine.make_initramfs(args, folder, "cloud", "record-init", [])
        self.append = ""

    def start(self, name, mode, recording):
        place = self.folder / name
        place.mkdir()
        machine = livemachine.Machine(
            self.args, "cloud", self.initrd, place, self.append,
            ["-smp", self.cpus, "-m", "192M", "-icount",
             f"shift=0,{self.icount},rr={mode},rrfile={recording},hash=100000000,hash-file={place / 'hashes'}",
             "-chardev", f"socket,id=say,path={place / 'say'},server=on,wait=off",
             "-serial", "chardev:say", *self.options])
        machine.hashes = place / "hashes"
        return machine

    def drive(self, machine):
        machine.wait_text("guest: ready")
        numbers = random.Random(1)
        for n in range(LINES):
            time.sleep(numbers.uniform(0, 0.2))
            machine.say(f"line {n}")
        machine.wait_text(f"guest: 'line {LINES - 1}'")
        machine.say("end")
        machine.wait_end()

    def change(self, text):
        """One letter of what was typed is another."""
        return changed(text, " data say ", 0)


class FourLines(Lines):
    cpus = 4


class Network(Lines):
    """Bytes from a server of the host's and to it, and what a monitor does to the machine meanwhile."""

    cpus = 4
    icount = "sleep=on,rrsnapshot=begin"
    options = ["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,id=card",
               "-device", "pcie-root-port,id=slot,chassis=1"]

    def __init__(self, args, folder):
        super().__init__(args, folder)
        self.options = [*self.options, "-snapshots", folder]
        peer = netpeer.build(folder)
        self.initrd = livemachine.make_initramfs(
            args, folder, "cloud", "record-net-init", NET_MODULES,
            [f"{HERE / 'net-dhcp'}:/net-dhcp", f"{peer}:/bin/net-peer"])
        self.data = random.Random(2).randbytes(SIZE)
        self.server = netpeer.Server(self.data, clients=4)
        self.server.start()
        self.append = f"net.port={self.server.port} net.size={SIZE}"

    def drive(self, machine):
        machine.wait_text("guest: got")
        machine.hmp("device_add virtio-rng-pci,bus=slot,id=more")
        machine.qmp("inject-nmi")
        for refused in ["loadvm x", "restore"]:
            answer = machine.hmp(refused)
            if "the machine is recorded" not in answer:
                raise AssertionError(f"{refused} in a recording: {answer}")
        machine.say("go on")
        machine.wait_text("guest: put")
        machine.qmp("system_reset")
        machine.wait_text("guest: got", 2)
        machine.say("go on")
        machine.wait_text("guest: put", 2)
        machine.say("end")
        machine.wait_end()

    def change(self, text):
        """A bit of the last byte of a long frame is another."""
        return changed(text, " frame n0 ", -2, 1000)


CASES = {"1": Lines, "4": FourLines, "net": Network}


def changed(text, which, digits, longer=0):
    lines = text.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if which in line and len(line) > longer)
    words = lines[at].rstrip("\n").split(" ")
    begin = digits % len(words[4])
    byte = int(words[4][begin:begin + 2], 16) ^ 1
    words[4] = f"{words[4][:begin]}{byte:02x}{words[4][begin + 2:]}"
    lines[at] = " ".join(words) + "\n"
    return "".join(lines)


def check_replay(start, recording, first):
    again = start("replayed", "replay", recording)
    again.wait_end()
    if again.text() != first.text():
        raise AssertionError("the replay's log is another")
    if again.hashes.read_text() != first.hashes.read_text():
        raise AssertionError("the replay's hashes are others")


def check_departure(start, recording, change):
    other = recording.with_name("changed")
    other.write_text(change(recording.read_text()))
    machine = start("departed", "replay", other)
    status = machine.process.wait(timeout=livemachine.TIMEOUT)
    errors = machine.errors.read_text()
    if status != 1 or not re.search(r"the replay departs from what was recorded: section '[^']+' of '[^']*' differs "
                                    r"\(instruction \d+, .*up to instruction \d+ it was the same", errors):
        raise AssertionError(f"a changed recording: status {status}: {errors[-300:]}")


def run_case(args, kind):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        rig, recording = kind(args, folder), folder / "recording"

        def case(start):
            first = start("recorded", "record", recording)
            rig.drive(first)
            check_replay(start, recording, first)
            check_departure(start, recording, rig.change)
            print(f"# {len(first.hashes.read_text().splitlines())} hashes, "
                  f"{recording.read_text().count(' frame ')} frames")

        return livemachine.play(case, rig.start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["cloud", "busybox"], run_case)


if __name__ == "__main__":
    sys.exit(main())

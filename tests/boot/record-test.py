#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records a kernel with user space that gets lines on a serial port at any time, and replays it without
anybody who sends them: the same log and the same hashes. A recording that somebody changed is one that
the replay departs from. Prints TAP.

Usage: record-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import pathlib
import random
import sys
import tempfile
import time

import livemachine
import taptest

CASES = {"1": 1, "4": 4}
LINES = 12


class Rig:
    def __init__(self, args, cpus, folder):
        self.args, self.cpus, self.folder = args, cpus, folder
        self.initrd = livemachine.make_initramfs(args, folder, "cloud", "record-init", [])

    def start(self, name, mode, recording):
        place = self.folder / name
        place.mkdir()
        machine = livemachine.Machine(
            self.args, "cloud", self.initrd, place, "",
            ["-smp", self.cpus, "-m", "192M", "-icount",
             f"shift=0,sleep=off,rr={mode},rrfile={recording},hash=100000000,hash-file={place / 'hashes'}",
             "-chardev", f"socket,id=say,path={place / 'say'},server=on,wait=off",
             "-serial", "chardev:say"])
        machine.hashes = place / "hashes"
        return machine


def record(start, recording):
    machine = start("recorded", "record", recording)
    machine.wait_text("guest: ready")
    numbers = random.Random(1)
    for n in range(LINES):
        time.sleep(numbers.uniform(0, 0.2))
        machine.say(f"line {n}")
    machine.wait_text(f"guest: 'line {LINES - 1}'")
    machine.say("end")
    machine.wait_end()
    return machine


def check_replay(start, recording, first):
    again = start("replayed", "replay", recording)
    again.wait_end()
    if again.text() != first.text() or again.hashes.read_text() != first.hashes.read_text():
        raise AssertionError("the replay's log or hashes are others")


def change(text):
    """One letter of what was typed is another."""
    lines = text.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if " data say " in line)
    words = lines[at].split(" ")
    words[4] = ("4d" if words[4][:2] != "4d" else "4e") + words[4][2:]
    lines[at] = " ".join(words)
    return "".join(lines)


def check_departure(start, recording):
    changed = recording.with_name("changed")
    changed.write_text(change(recording.read_text()))
    machine = start("departed", "replay", changed)
    status = machine.process.wait(timeout=livemachine.TIMEOUT)
    errors = machine.errors.read_text()
    if status != 1 or "the replay departs from what was recorded" not in errors:
        raise AssertionError(f"a changed recording: status {status}: {errors[-300:]}")


def run_case(args, cpus):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        rig, recording = Rig(args, cpus, folder), folder / "recording"

        def case(start):
            first = record(start, recording)
            check_replay(start, recording, first)
            check_departure(start, recording)

        return livemachine.play(case, rig.start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["cloud", "busybox"], run_case)


if __name__ == "__main__":
    sys.exit(main())

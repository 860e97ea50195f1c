#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots of a kernel that boots and works on a disk, taken at any instruction under -icount; each is
loaded in a new process, which must have the same hashes a million instructions later.

A case is a row of CASES; --count is how many snapshots. Prints TAP.

Usage: snapshot-test.py --qemu PROGRAM --guests FOLDER [--count N] [--seed N] [--list] [CASE]...
"""
import pathlib
import random
import sys
import tempfile
import time

import livemachine
import taptest

EVERY = 1_000_000
DISK_SIZE = 16 << 20
PATIENCE = 120
UNIT = ["-device", "intel-iommu,intremap=on,eim=on"]
AMD = ["-device", "amd-iommu,intremap=on,xtsup=on"]


class Case:
    def __init__(self, cpus, unit=UNIT, options=(), loaded_by=None):
        self.cpus, self.options = cpus, [*unit, *options]
        self.loaded_by = loaded_by  # the tier that goes on from the snapshots; None: the same


CASES = {
    "check": Case(2, options=["-seed", "3"], loaded_by="jit,hot=0"),
    "1": Case(1),
    "4": Case(4, loaded_by="interp"),
    "4-amd": Case(4, AMD),
}


class Rig:
    """The folder of a case, and machines that are set up alike."""

    def __init__(self, args, case, folder):
        self.args, self.case, self.folder = args, case, folder
        self.initrd = livemachine.make_initramfs(args, folder, "cloud", "snapshot-init",
                                                 ["virtio_pci", "virtio_blk", "virtio_rng"])
        self.machines = 0
        (folder / "snapshots").mkdir()
        (folder / "disk.raw").write_bytes(bytes(range(256)) * (DISK_SIZE // 256))

    def start(self, every, *options, tier=None):
        self.machines += 1
        place = self.folder / str(self.machines)
        place.mkdir()
        args = self.args if tier is None else argparse_like(self.args, tier)
        machine = livemachine.Machine(
            args, "cloud", self.initrd, place, "intel_iommu=on",
            ["-smp", self.case.cpus, "-m", "192M", "-icount",
             f"shift=0,sleep=off,hash={every},hash-file={place / 'hashes'}",
             "-snapshots", self.folder / "snapshots",
             "-drive", f"file={self.folder / 'disk.raw'},if=none,id=disk0,format=raw,snapshot=on",
             "-device", "virtio-blk-pci,drive=disk0", "-device", "virtio-rng-pci",
             *self.case.options, *options])
        machine.hashes = place / "hashes"
        return machine


def argparse_like(args, tier):
    copy = type(args)(**vars(args))
    copy.tier = tier
    return copy


def lines_of(machine):
    """Its complete lines by their number of instructions."""
    text = machine.hashes.read_text() if machine.hashes.exists() else ""
    lines = text[:text.rfind("\n") + 1].splitlines()
    return {int(line.split()[1].rstrip(":")): line for line in lines}


def end(machine):
    machine.process.kill()
    machine.process.wait()


def take_snapshots(rig, machine, numbers):
    """Their names, with where each was taken."""
    taken = {}
    for n in range(rig.args.count):
        time.sleep(numbers.uniform(0, rig.args.pause))
        answer = machine.hmp(f"savevm s{n}")
        if answer:
            raise AssertionError(f"savevm: {answer}")
    for line in machine.hmp("info snapshots").splitlines()[1:]:
        words = line.split()
        taken[words[0]] = int(words[-1])
    if len(taken) != rig.args.count:
        raise AssertionError(f"there are {len(taken)} snapshots, not {rig.args.count}")
    return taken


def wait_for_lines(machine, count):
    limit = time.monotonic() + PATIENCE
    while len(lines_of(machine)) < count:
        if machine.process.poll() is not None or time.monotonic() > limit:
            raise AssertionError(f"only {len(lines_of(machine))} hashes: "
                                 f"{machine.errors.read_text()[-300:]}")
        time.sleep(0.02)


def load_one(rig, name, at, known):
    machine = rig.start(EVERY, "-loadvm", name, tier=rig.case.loaded_by)
    try:
        wait_for_lines(machine, 2)
        for number, line in sorted(lines_of(machine).items())[:2]:
            if known.get(number) != line:
                return [f"{name}, taken at {at}:", f"  {known.get(number)}", f"  {line}"]
    finally:
        end(machine)
    return []


def as_without(rig, known):
    """Taking snapshots has changed nothing."""
    every = 25 * EVERY
    machine = rig.start(every)
    try:
        machine.wait_text("guest: round 1")
        lines = lines_of(machine)
    finally:
        end(machine)
    return [f"without snapshots: {line}, not {known[n]}" for n, line in lines.items()
            if n in known and known[n] != line]


def play(rig):
    numbers = random.Random(rig.args.seed)
    machine = rig.start(EVERY)
    try:
        taken = take_snapshots(rig, machine, numbers)
        last = len(lines_of(machine))
        wait_for_lines(machine, last + 4)
        known = lines_of(machine)
    finally:
        end(machine)
    wrong = []
    for name, at in taken.items():
        wrong += load_one(rig, name, at, known)
    print(f"# {len(taken)} snapshots from {min(taken.values())} to {max(taken.values())}")
    return wrong + as_without(rig, known), machine.text()


def run_case(args, case):
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return play(Rig(args, case, pathlib.Path(temporary)))
        except AssertionError as error:
            return [str(error)], ""


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two, at most")
    parser.add_argument("--seed", type=int, default=1)
    args = taptest.parse(parser, CASES)
    return taptest.run(args, CASES, ["cloud", "busybox"], run_case)


if __name__ == "__main__":
    sys.exit(main())

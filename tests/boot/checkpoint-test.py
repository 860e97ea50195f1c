#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checkpoints of a kernel that boots and works on a disk under -icount: the run after a restore is the run
after the checkpoint, hash for hash, with its disk as it was; and
another run is the same, whenever checkpoints are taken. Prints TAP.

Usage: checkpoint-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import pathlib
import random
import re
import sys
import tempfile
import time

import livemachine
import taptest

EVERY = 10_000_000
DISK_SIZE = 16 << 20
PATIENCE = 120
INTEL = ["-device", "intel-iommu,intremap=on,eim=on"]
AMD = ["-device", "amd-iommu,intremap=on,xtsup=on"]

CASES = {
    "1": (1, INTEL, "jit"),
    "2": (2, [*INTEL, "-seed", "3"], "jit,hot=0"),
    "2-interp": (2, INTEL, "interp"),
    "4-amd": (4, AMD, "jit"),
}


def lines_of(machine):
    """(instructions, line) in the order printed; complete ones."""
    text = machine.hashes.read_text() if machine.hashes.exists() else ""
    lines = text[:text.rfind("\n") + 1].splitlines()
    return [(int(line.split()[1].rstrip(":")), line) for line in lines]


def wait_for(machine, what, done):
    limit = time.monotonic() + PATIENCE
    while not done():
        if machine.process.poll() is not None or time.monotonic() > limit:
            raise AssertionError(f"no {what}: {machine.errors.read_text()[-300:]}")
        time.sleep(0.01)


def differing(lines):
    """Numbers of instructions at which the machine was more than one thing."""
    known, wrong = {}, []
    for number, line in lines:
        if known.setdefault(number, line) != line:
            wrong += [f"  {known[number]}", f"  {line}"]
    return wrong


def run_case(args, case):
    with tempfile.TemporaryDirectory() as folder:
        return run(args, case, pathlib.Path(folder))


def run(args, case, folder):
    cpus, options, tier = case
    args = type(args)(**vars(args))
    args.tier = tier
    initrd = livemachine.make_initramfs(args, folder, "cloud", "snapshot-init",
                                        ["virtio_pci", "virtio_blk", "virtio_rng"])
    (folder / "disk.raw").write_bytes(bytes(range(256)) * (DISK_SIZE // 256))

    def start(place):
        (folder / place).mkdir()
        machine = livemachine.Machine(
            args, "cloud", initrd, folder / place, "intel_iommu=on",
            ["-smp", cpus, "-m", "96M", "-icount",
             f"shift=0,sleep=off,checkpoints=8,hash={EVERY},hash-file={folder / place / 'hashes'}",
             "-drive", f"file={folder / 'disk.raw'},if=none,id=disk0,format=raw,snapshot=on",
             "-device", "virtio-blk-pci,drive=disk0", "-device", "virtio-rng-pci", *options])
        machine.hashes = folder / place / "hashes"
        return machine

    def play(started):
        machine = started("a")
        numbers = random.Random(args.seed)
        for text in ["", "guest: round 1"]:
            if text:
                machine.wait_text(text)
            go_back_and_forth(machine, numbers)
        lines = lines_of(machine)
        machine.process.kill()
        wrong = differing(lines)
        repeated = len(lines) - len(dict(lines))
        if wrong or repeated < 16:
            raise AssertionError("\n".join([f"{repeated} hashes came twice", *wrong[:8]]))
        without(started("b"), dict(lines))

    return livemachine.play(play, start)


def ran(machine, count):
    """So many more hashes."""
    count += len(lines_of(machine))
    wait_for(machine, "more hashes", lambda: len(lines_of(machine)) >= count)


def go_back_and_forth(machine, numbers):
    """A checkpoint, and back to it twice."""
    for _ in range(2):
        time.sleep(numbers.uniform(0.05, 0.3))
        number = int(re.search(r"\d+", machine.hmp("checkpoint"))[0])
        for _ in range(2):
            ran(machine, 4)
            answer = machine.hmp(f"restore {number}")
            if answer:
                raise AssertionError(f"restore {number}: {answer}")
        ran(machine, 5)


def without(machine, known):
    """Taking checkpoints has changed nothing."""
    wait_for(machine, "hashes", lambda: len(lines_of(machine)) >= 50)
    for number, line in lines_of(machine):
        if known.get(number, line) != line:
            raise AssertionError(f"without checkpoints: {line}, not {known[number]}")


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--seed", type=int, default=1)
    return taptest.run(taptest.parse(parser, CASES), CASES, ["cloud", "busybox"], run_case)


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a kernel to user space with work on a disk, several times under -icount, and compares the
machines' hashes each so many instructions: both tiers, code translated at once and later, and with --also
the program as another compiler makes it.

A case is a row of CASES; --runs and --every make it longer. Prints TAP.

Usage: replay-test.py --qemu PROGRAM --guests FOLDER [--also PROGRAM] [--runs N] [--every INSTRUCTIONS] [--list]
                      [CASE]...
"""
import pathlib
import subprocess
import sys
import tempfile

import taptest
from livemachine import make_initramfs

TIMEOUT = 1800
DISK_SIZE = 16 << 20
TIERS = ["tier=jit", "tier=interp", "tier=jit,hot=0"]


class Case:
    def __init__(self, cpus, tiers=TIERS, options=()):
        self.cpus, self.tiers, self.options = cpus, tiers, list(options)


SEEDED = ["-seed", "7"]
CASES = {
    "check": Case(2, TIERS[:2], SEEDED),
    "1": Case(1),
    "2": Case(2),
    "4": Case(4),
    "8": Case(8),
    "4-seeded": Case(4, options=SEEDED),
    "4-amd": Case(4, TIERS[:2], ["-device", "amd-iommu,intremap=on,xtsup=on"]),
}


def boot(args, program, case, tier, folder, initrd):
    """One run: its hashes, its serial line, and what is wrong."""
    kernel = next((args.guests / "cloud" / "boot").glob("vmlinuz-*"))
    hashes, serial = folder / "hashes", folder / "serial"
    unit = [] if "amd-iommu" in " ".join(case.options) else ["-device", "intel-iommu,intremap=on,eim=on"]
    line = [program, "-machine", "q35", "-accel", f"tcg,{tier}", "-cpu", "max", "-nographic",
            "-monitor", "none", "-smp", case.cpus, "-m", "256M", "-no-reboot", "-serial",
            f"file:{serial}", "-icount",
            f"shift=0,sleep=off,hash={args.every},hash-file={hashes}", *unit,
            "-drive", f"file={folder / 'disk.raw'},if=none,id=disk0,format=raw,snapshot=on",
            "-device", f"virtio-blk-pci,drive=disk0,num-queues={min(case.cpus, 4)}",
            "-device", "virtio-rng-pci", "-kernel", kernel, "-initrd", initrd,
            "-append", "console=ttyS0 intel_iommu=on", *case.options]
    process = subprocess.run([str(word) for word in line], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                             check=False)
    log = serial.read_bytes().decode(errors="replace").replace("\r", "")
    wrong = []
    if process.returncode != 0:
        wrong.append(f"{tier}: exit status {process.returncode}: {process.stdout.decode()[-300:]}")
    if "guest: done" not in log or "guest: FAIL" in log or "guest: disk sha256" not in log:
        wrong.append(f"{tier}: the guest did not do its work")
    return hashes.read_text().splitlines(), log, wrong


def compare(first, hashes, name, log, first_log):
    """What differs first."""
    for one, other in zip(first, hashes):
        if one != other:
            return [f"{name} differs:", f"  {one}", f"  {other}"]
    if len(first) != len(hashes) or log != first_log:
        return [f"{name}: {len(hashes)} hashes, not {len(first)}, or another log"]
    return []


def run_case(args, case):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "disk.raw").write_bytes(bytes(range(256)) * (DISK_SIZE // 256))
        initrd = make_initramfs(args, folder, "cloud", "init", ["virtio_pci", "virtio_blk", "virtio_rng"])
        first, first_log, wrong = [], "", []
        runs = [(program, tier) for program in [args.qemu, *args.also] for tier in case.tiers * args.runs]
        for program, tier in runs:
            hashes, log, why = boot(args, program, case, tier, folder, initrd)
            wrong += why
            if not first:
                first, first_log = hashes, log
            wrong += compare(first, hashes, f"{program}, {tier}", log, first_log)
            if wrong:
                return wrong, log
        if len(first) < 10:
            wrong.append(f"there are only {len(first)} hashes")
        print(f"# {len(first)} hashes, {len(runs)} runs")
        return wrong, first_log


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--runs", type=int, default=1, help="of each tier")
    parser.add_argument("--also", action="append", default=[], metavar="PROGRAM")
    parser.add_argument("--every", type=int, default=50_000_000, metavar="INSTRUCTIONS")
    args = taptest.parse(parser, CASES)
    return taptest.run(args, CASES, ["cloud", "busybox"], run_case)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything at once for as long as asked: a disk with checksums behind the remapping unit, interrupts
moved, CPUs off and on, sleeps close together (programs/sleeps.c), on four vCPUs. Nothing may be lost.
Prints TAP and, as comments, what was done.

Usage: soak-test.py --qemu PROGRAM --guests FOLDER [--tier T] [--kernel cloud|generic] [--seconds N]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import taptest

HERE = pathlib.Path(__file__).resolve().parent
BAD = [r"guest: FAIL", r"^guest: log", r"Kernel panic", r"Call Trace", r"rcu.*stall", r"soft lockup",
       r"guest: irq (SPU|ERR|MIS):.*[1-9]"]


def make_initramfs(args, folder):
    compiler = os.environ.get("CC", "cc").split()[-1]
    subprocess.run([compiler, "-O1", "-static", "-pthread", HERE / "programs" / "sleeps.c", "-o",
                    folder / "sleeps"], check=True)
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs",
                    folder / "initrd", "--guests", args.guests, "--kernel", args.kernel, "--init",
                    HERE / "soak-init", "--file", f"{folder / 'sleeps'}:bin/sleeps", "--module",
                    "virtio_pci", "--module", "virtio_blk", "--module", "virtio_rng"], check=True)
    return folder / "initrd"


def command(args, folder):
    disk = folder / "disk.raw"
    with open(disk, "wb") as file:
        file.truncate(32 << 20)
    kernel = next((args.guests / args.kernel / "boot").glob("vmlinuz-*"))
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max", "-smp", "4",
            "-m", "512M", "-nographic", "-no-reboot", "-device", "intel-iommu,intremap=on,eim=on",
            "-drive", f"file={disk},if=none,id=disk0,format=raw", "-device",
            "virtio-blk-pci,drive=disk0,num-queues=4", "-device", "virtio-rng-pci", "-kernel", kernel,
            "-initrd", make_initramfs(args, folder), "-append",
            f"console=ttyS0 intel_iommu=on quiet soak={args.seconds}"]
    return [str(word) for word in line]


def problems(log, status):
    wrong = [f"bad line: {line.strip()}" for pattern in BAD for line in log.splitlines()
             if re.search(pattern, line)]
    rounds = re.search(r"guest: rounds: disk (\d+), CPUs off and on (\d+), sleeps (\d+)", log)
    if "guest: done" not in log:
        wrong.append("the guest did not come to its end")
    elif not rounds or "0" in rounds.groups():
        wrong.append(f"something was never done: {rounds and rounds.group(0)}")
    if status != 0:
        wrong.append(f"ended with status {status}, not 0" if status is not None else "not done in time")
    return wrong


def main():
    parser = taptest.options()
    parser.add_argument("--kernel", default="cloud")
    parser.add_argument("--seconds", type=int, default=20, help="of the guest's time")
    args = parser.parse_args()
    taptest.need(args, ["busybox", args.kernel])
    print("1..1", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder, began = pathlib.Path(temporary), time.monotonic()
        with open(folder / "log", "wb") as file:
            try:
                status = subprocess.run(command(args, folder), stdin=subprocess.DEVNULL, stdout=file,
                                        stderr=subprocess.STDOUT,
                                        timeout=600 + 4 * args.seconds).returncode
            except subprocess.TimeoutExpired:
                status = None
        log = (folder / "log").read_text(errors="replace").replace("\r", "")
    wrong = problems(log, status)
    for line in re.findall(r"^(?:guest: (?:rounds|soak|irq +\d+:|done).*|qemu.*)$", log, re.MULTILINE):
        print(f"# {line}")
    print(f"# {time.monotonic() - began:.0f} s of the host's time")
    return taptest.report(1, "soak", wrong, log)


sys.exit(main())

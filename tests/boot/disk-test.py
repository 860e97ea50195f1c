#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real kernels with a disk and a CD-ROM drive on the controllers that PCs have, and compares what
they read with the files on the host.

A case is a row of CASES: the kernel and its modules, the machine, the guest's steps (functions of
nvme-init and of STEPS), and what its log must have. Prints TAP.

Usage: disk-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import hashlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import isofile
import kernellog
import livemachine
import taptest

HERE = pathlib.Path(__file__).resolve().parent
BAD = [*kernellog.BAD, kernellog.BAD_COUNTS, r"ata\d.*(exception|failed|timeout|hard resetting|softreset)",
       r"(sd|sr) .*(FAILED|Sense Key|error)", r"I/O error", r"exception Emask"]
UNIT = ["-device", "intel-iommu,intremap=on,eim=on"]
BYTES = 512 * 4096

STEPS = """
# The disc in /dev/sr0: its file, by its sum.
disc_test() {
    wait_for /dev/sr0
    mkdir -p /cd
    mount -t iso9660 -o ro /dev/sr0 /cd || echo "guest: FAIL mount of the disc"
    echo "guest: disc sha256 $(sha256sum </cd/data.bin)"
    umount /cd
}
show_irqs() { grep -E 'ahci|ata|virtio' /proc/interrupts | sed 's/^/guest: irq /'; }
"""


class Case:
    def __init__(self, steps, machine, modules, wants=(), kernel="generic", append="", irq="IR-PCI-MSI", rows=1):
        self.steps, self.machine, self.modules = steps, machine, modules
        self.wants, self.kernel, self.append, self.irq, self.rows = list(wants), kernel, append, irq, rows


AHCI = ["ahci", "sd_mod", "sr_mod", "isofs", "crc32c_generic", "ext4"]
ALL = ("wait_for /dev/sda\nraw_test /dev/sda disk\nmount_test /dev/sda\ndiscard_test /dev/sda\n"
       "disc_test\nraw_test /dev/sda disk\nshow_irqs\n")
SOME = "wait_for /dev/sda\nraw_test /dev/sda disk\ndisc_test\nshow_irqs\n"
CASES = {
    "ahci": Case(ALL, [*UNIT, "-drive", "file={disk},format=raw,discard=unmap", "-cdrom", "{disc}"], AHCI,
                 ["guest: mounted twice", "guest: discarded", "NCQ", r"SATA link up 6\.0 Gbps"]),
    "ahci-pin": Case(SOME, [*UNIT, "-hda", "{disk}", "-cdrom", "{disc}"], AHCI, append="pci=nomsi",
                     irq="IR-IO-APIC"),
    "virtio-scsi": Case(ALL, [*UNIT, "-device", "virtio-scsi-pci,id=s,num_queues=2",
                              "-drive", "file={disk},format=raw,if=none,id=d,discard=unmap",
                              "-device", "scsi-hd,drive=d,bus=s.0,scsi-id=1,lun=0",
                              "-drive", "file={disc},format=raw,if=none,id=c,media=cdrom",
                              "-device", "scsi-cd,drive=c,bus=s.0,scsi-id=1,lun=3"],
                        ["virtio_pci", "virtio_scsi", "sd_mod", "sr_mod", "isofs"],
                        ["guest: mounted twice", "guest: discarded"], kernel="cloud"),
    "ahci-no-unit": Case(SOME, ["-hda", "{disk}", "-cdrom", "{disc}"], AHCI, irq="PCI-MSI"),
}


def make_initramfs(args, case, folder):
    target, scenario = folder / "initramfs.cpio", folder / "scenario"
    scenario.write_text(STEPS + case.steps)
    command = [sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", target,
               "--guests", args.guests, "--kernel", case.kernel, "--init", HERE / "nvme-init",
               "--file", f"{scenario}:scenario"]
    for module in case.modules:
        command += ["--module", module]
    subprocess.run(command, check=True)
    return target


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


def problems(case, log, files, data):
    """Everything that is wrong with a run, one line each."""
    wrong = [f"the log has no '{text}'" for text in ["guest: user space on", "guest: done", *case.wants]
             if not re.search(text, log)]
    wrong += kernellog.bad_lines(log, BAD)
    with open(files["disk"], "rb") as file:
        sums = {"disk": sum_of(file.read(BYTES)), "disc": sum_of(data)}
    for name, on_host in sums.items():
        found = re.findall(rf"guest: {name} sha256 ([0-9a-f]{{64}})", log)
        if not found or found[-1] != on_host:
            wrong.append(f"{name}'s checksum is {found} in the guest, {on_host} on the host")
    rows = re.findall(r"guest: irq +\d+:([ \d]+) +(\S+) .*(?:ahci|ata|virtio)", log)
    if sum(kind == case.irq and any(map(int, counts.split())) for counts, kind in rows) < case.rows:
        wrong.append(f"no {case.irq} interrupt came: {rows}")
    return wrong


def run_case(args, case):
    data = random.Random(4711).randbytes(3 << 20)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        files = {"disk": folder / "disk.raw", "disc": folder / "disc.iso"}
        with open(files["disk"], "wb") as file:
            file.truncate(32 << 20)
        files["disc"].write_bytes(isofile.make({"DATA.BIN": data}))
        words = [word.format(**files) for word in case.machine]
        line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max", "-smp", "2",
                "-m", "512M", "-nographic", "-no-reboot", *words,
                "-kernel", livemachine.image(args, case.kernel), "-initrd", make_initramfs(args, case, folder),
                "-append", f"console=ttyS0 intel_iommu=on {case.append}".strip()]
        try:
            done = subprocess.run([str(word) for word in line], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
            log = done.stdout.decode(errors="replace").replace("\r", "")
            wrong = [] if done.returncode == 0 else [f"ended with status {done.returncode}"]
        except subprocess.TimeoutExpired as late:
            log, wrong = (late.stdout or b"").decode(errors="replace"), ["did not end"]
        return wrong + problems(case, log, files, data), log


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", *(CASES[name].kernel for name in args.cases)], run_case)


sys.exit(main())

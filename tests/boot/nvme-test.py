#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real kernels that work on NVM Express controllers, and compares what they read with the
drives' files.

A case is a row of CASES: the kernel, the machine, the steps of the guest (functions of nvme-init),
and what its log must have. Prints TAP.

Usage: nvme-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import kernellog
import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "600"))
# Whatever the machine, these mean that an interrupt, a DMA or a command went wrong.
BAD = [*kernellog.BAD, kernellog.BAD_COUNTS, r"nvme.*(timeout|fatal|I/O error|resetting|Removing)"]
UNIT = ["-device", "intel-iommu,intremap=on,eim=on"]
DISK = ["-drive", "file={disk},if=none,id=d0,format=raw"]
X2APIC = "DMAR-IR: Enabled IRQ remapping in x2apic mode"
RAW = "raw_test /dev/nvme0n1 disk\n"


class Case:
    def __init__(self, steps, machine, wants=(), kernel="cloud", cpus=2, append="", memory="512M",
                 irq="IR-PCI-MSI", queues=None, checks=("disk",), allows=(), modules=()):
        self.steps, self.machine, self.wants, self.kernel = steps, machine, list(wants), kernel
        self.cpus, self.append, self.memory, self.irq = cpus, append, memory, irq
        # Which controller works, and how many of its queues' interrupts have to have come.
        self.queues = queues or (0, min(cpus, 4))
        self.checks, self.allows, self.modules = checks, allows, list(modules)


NVME = ["-device", "nvme,drive=d0,serial=SW1,id=nvme0"]

SRIOV = "nvme,drive=d0,serial=SW1,id=nvme0,sriov_max_vfs={},sriov-online=on"


def example(page):
    """The options of a page's example, beside those that all cases have."""
    text = (HERE.parent.parent / "docs" / "devices" / page).read_text().replace("\\\n", "")
    line = re.search(r"^ +qemu-system-x86_64 -machine q35 -smp 2 -m 512M (.*)$", text, re.M)
    return re.sub(r"file=(\w+)\.raw", r"file={\1}", line.group(1)).split()


CASES = {
    "cloud": Case("wait_for /dev/nvme0n2\n" + RAW + "mount_test /dev/nvme0n2\n"
                  "discard_test /dev/nvme0n2\nshow_interrupts\nreset_test\n",
                  example("nvme.md"),
                  [X2APIC, "guest: mounted twice", "guest: discarded", "guest: reset done"]),
    "cloud-no-unit": Case(RAW, DISK + NVME, irq="PCI-MSI"),
    "cloud-pin": Case(RAW, UNIT + DISK + NVME, append="pci=nomsi", irq="IR-IO-APIC", queues=(0, 0)),
    # Virtual functions of a root complex's own function, and behind a port: more than 8 in all.
    "generic-sriov": Case("sriov_test 3\nshow_interrupts\nsriov_off_test\n",
                          UNIT + DISK + ["-device", SRIOV.format(3)],
                          ["guest: 3 functions, 4 live", "guest: no functions are left"],
                          kernel="generic", queues=(3, 1)),
    "generic-sriov-port": Case("sriov_test 12\nshow_interrupts\nsriov_off_test\n",
                               UNIT + DISK + ["-device", "pcie-root-port,id=rp0",
                                              "-device", SRIOV.format(12) + ",bus=rp0"],
                               ["guest: 12 functions, 13 live", "guest: nvme12 is 0000:01:01.4",
                                "guest: no functions are left"],
                               kernel="generic", queues=(12, 1)),
    # The message is blocked and recorded under the virtual function's id; work goes on.
    "generic-sriov-compat": Case("compat_test\n" + RAW,
                                 UNIT + DISK + NVME + ["-device", "intr-testdev,sriov-vfs=2"],
                                 ["guest: compatibility format from 0000:00:1f.7",
                                  r"INTR-REMAP\] Request device \[00:1f\.7\] fault index 0x0 "
                                  r"\[fault reason 0x25\]"],
                                 kernel="generic", modules=["pci-pf-stub"],
                                 allows=["DRHD: handling fault status", "fault reason 0x25", "interrupts? .*lost"]),
    # Firmware has the physical function alone under the first unit, and the virtual one sends to the
    # second, which knows nothing of what it may send.
    "generic-vf-uncovered": Case(RAW + "uncovered_test\n",
                                 ["-device", "intel-iommu,id=own,scope=nvme0,broken=vf-uncovered"] + UNIT + DISK +
                                 ["-device", SRIOV.format(1)],
                                 [r"DMAR: DRHD: handling fault status reg 2",
                                  r"INTR-REMAP\] Request device \[00:1f\.7\] fault index 0x[0-9a-f]+ "
                                  r"\[fault reason 0x2[26]\]"],
                                 kernel="generic", append="intel_iommu=off",
                                 allows=["DRHD: handling fault status", "interrupts? .*lost", r"fault reason 0x2[26]"]),
    # A queue for each CPU: ids above 255 take interrupts.
    "cloud-288": Case(RAW + "last_cpu_test\n",
                      UNIT + DISK + ["-device", "nvme,drive=d0,serial=SW1,max_ioqpairs=288,"
                                                "msix_qsize=289"],
                      [r"guest: CPU 287 took [1-9]", "288/0/0 default/read/poll queues"],
                      cpus=288, memory="1G"),
    "generic-288": Case(RAW + "last_cpu_test\n",
                        UNIT + DISK + ["-device", "nvme,drive=d0,serial=SW1,max_ioqpairs=288,"
                                                  "msix_qsize=289"],
                        [r"guest: CPU 287 took [1-9]", "288/0/0 default/read/poll queues"],
                        kernel="generic", cpus=288, memory="2G"),
    "cloud-4k-blocks": Case(RAW, UNIT + DISK + ["-device", "nvme,drive=d0,serial=SW1,mdts=5,"
                                                           "logical_block_size=4096"]),
}


def make_initramfs(args, case, folder):
    target, scenario = folder / "initramfs.cpio", folder / "scenario"
    scenario.write_text("wait_for /dev/nvme0n1\n" + case.steps)
    command = [sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", target,
               "--guests", args.guests, "--kernel", case.kernel, "--init", HERE / "nvme-init",
               "--file", f"{scenario}:scenario"]
    if case.kernel != "cloud":  # built in there
        case.modules.append("nvme")
    for module in case.modules:
        command += ["--module", module]
    subprocess.run(command, check=True)
    return target


def command(args, case, folder, drives):
    kernel = next((args.guests / case.kernel / "boot").glob("vmlinuz-*"))
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max",
            "-smp", str(case.cpus), "-m", case.memory, "-nographic", "-no-reboot",
            *(word.format(**drives) for word in case.machine),
            "-kernel", kernel, "-initrd", make_initramfs(args, case, folder),
            "-append", f"console=ttyS0 intel_iommu=on {case.append}".strip()]
    return [str(word) for word in line]


def run(line, log_path):
    """The guest's log and the exit status; None for a time-out."""
    with open(log_path, "wb") as log:
        try:
            status = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, timeout=TIMEOUT).returncode
        except subprocess.TimeoutExpired:
            status = None
    return log_path.read_bytes().decode(errors="replace").replace("\r", ""), status


def problems(case, log, status, drives):
    """Everything that is wrong with a run, one line each."""
    wrong = []
    if status != 0:
        wrong.append(f"ended with status {status}, not 0")
    for text in ["guest: user space on", "guest: done", *case.wants]:
        if not re.search(text, log):
            wrong.append(f"the log has no '{text}'")
    wrong += kernellog.bad_lines(log, BAD, case.allows)
    for name in case.checks:
        found = re.search(rf"guest: {name} sha256 ([0-9a-f]{{64}})", log)
        with open(drives[name], "rb") as file:
            on_host = hashlib.sha256(file.read(512 * 4096)).hexdigest()
        if not found or found.group(1) != on_host:
            wrong.append(f"{name}'s checksum is {found and found.group(1)} in the guest, "
                         f"{on_host} on the host")
    controller, queues = case.queues
    rows = re.findall(rf"guest: irq +\d+:([ \d]+) +(\S+) .*\bnvme{controller}q(\d+)", log)
    busy = {int(queue) for counts, kind, queue in rows
            if kind == case.irq and any(int(count) for count in counts.split())}
    if len(busy - {0}) < queues or not busy:
        wrong.append(f"{case.irq} interrupts of queues {sorted(busy)}: fewer than {queues}")
    return wrong


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the logs")
    args = taptest.parse(parser, CASES)
    taptest.need(args, ["busybox", *(CASES[name].kernel for name in args.cases)])
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        case = CASES[name]
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            drives = {drive: folder / f"{drive}.raw" for drive in ("disk", "two")}
            for path in drives.values():
                with open(path, "wb") as file:
                    file.truncate(32 << 20)
            logs = args.keep or folder
            logs.mkdir(parents=True, exist_ok=True)
            log, status = run(command(args, case, folder, drives), logs / f"nvme-{name}.log")
            wrong = problems(case, log, status, drives)
        failed += taptest.report(number, name, wrong, log)
    return 1 if failed else 0


sys.exit(main())

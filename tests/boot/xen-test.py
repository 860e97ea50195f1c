#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots Xen with a Linux dom0 that works on its disks while it moves their interrupts: an NVMe
controller's and a virtio disk's by MSI, another's by an IOAPIC's pin. What Xen says, what it says of
its interrupts when asked on its console, what dom0 and the monitor count, and which of lint's rules
were broken has to be as the case has it. Others boot a first domain of ours that makes hypercalls
(tests/guest/xen). Prints TAP.

Usage: xen-test.py --qemu PROGRAM --guests FOLDER --calls IMAGE [CASE]...
"""
import hashlib
import pathlib
import re
import shutil
import sys
import tempfile

import kernellog
import taptest
from livemachine import Machine, image, make_initramfs, play

KERNEL = "generic"
MODULES = ["virtio_pci", "virtio_blk", "nvme"]
# Odd: the last move is to CPU 1.
MOVES = 25
DISK_BYTES = 1 << 20
WORK_BYTES = 256 << 10
# What switches Xen's console from the one to the other.
SWITCH = "\x01\x01\x01"
TO_DOM0 = "Serial input to DOM0"


class Disk:
    def __init__(self, device, where, name, row):
        """The device, where it is, what Linux calls it, and its row in /proc/interrupts."""
        self.device, self.where, self.name, self.row = device, where, name, row


DISKS = [Disk("nvme,serial=SW1,max_ioqpairs=1,msix_qsize=1,bus=port", "01:00.0", "nvme0n1", "-msi-x +nvme0q0"),
         Disk("virtio-blk-pci,num-queues=2,vectors=2,addr=6", "00:06.0", "vda", "-msi-x +virtio0-virtqueues"),
         Disk("virtio-blk-pci,vectors=0,addr=7", "00:07.0", "vdb", "-ioapic-level +virtio1")]
INTEL = ["-device", "intel-iommu,intremap=on,eim=on"]
# With less than 1 GiB Xen's tables for this unit have two levels, and it falls over what it maps above.
AMD = ["-cpu", "EPYC,+x2apic", "-device", "amd-iommu", "-m", "1100M"]


class Case:
    def __init__(self, says, unit=(), xen="", remaps=True, lint=(), refuses="", pins_move=True):
        """What Xen says; the machine's unit; Xen's words; whether interrupts are remapped; rules of
        lint's that Xen breaks; or what it says when it will not start; whether it moves pins that are live."""
        self.says, self.unit, self.xen, self.remaps = says, unit, xen, remaps
        self.lint, self.refuses, self.pins_move = set(lint), refuses, pins_move


# Without remapping it moves pins that are live.
PINS_LINT = ["rte-halves-live"]
VTD_LINT = ["gcmd-oneshot-echoed", "event-without-address", "event-changed-live"]
# Its entries have an index where a vector was; messages are set up before they have an address.
AMD_LINT = ["rte-vector-low", "msi-vector-low", "msi-address-outside"]
X2APIC = ["Intel VT-d Interrupt Remapping enabled", "Switched to APIC driver x2apic_mixed"]
CASES = {
    "xen": Case([*X2APIC, "Using scheduler: SMP Credit Scheduler rev2"], INTEL, lint=VTD_LINT),
    "xen-x2apic-phys": Case(["Switched to APIC driver x2apic_phys"], INTEL, "x2apic_phys", lint=VTD_LINT),
    "xen-no-intremap": Case(["Intel VT-d Interrupt Remapping not enabled"], INTEL, "iommu=no-intremap",
                            remaps=False, lint=VTD_LINT + PINS_LINT),
    "xen-credit": Case([*X2APIC, "Using scheduler: SMP Credit Scheduler (credit)"], INTEL, "sched=credit",
                       lint=VTD_LINT),
    "xen-amd": Case(["AMD-Vi: IOMMU 0 Enabled", "Interrupt remapping enabled"], AMD, lint=AMD_LINT,
                    # A level is an edge to the local APIC here (RqEoi is 0), so remote IRR is set while Xen looks
                    # whether it may move it.
                    pins_move=False),
    "xen-no-unit": Case(["I/O virtualisation disabled"], remaps=False, lint=PINS_LINT),
    "xen-pvh": Case([], INTEL, "dom0=pvh", refuses="Error creating d0: -22"),
}


class Calls:
    """Our own first domain, which takes 20 interrupts of a pin and 20 of an MSI."""

    def __init__(self, unit=(), xen="", remaps=True):
        self.unit, self.xen, self.remaps = unit, xen, remaps


CALLS = {
    "xen-calls": Calls(INTEL),
    "xen-calls-no-intremap": Calls(INTEL, "iommu=no-intremap", remaps=False),
    "xen-calls-amd": Calls(AMD),
}


class Guest:
    """A second domain, which is given a disk's controller."""

    def __init__(self, unit, xen=""):
        self.unit, self.xen, self.remaps = unit, xen, True


CASES.update(CALLS)
CASES["xen-domu"] = Guest(INTEL)
# Of the tools' package.
TOOLS = ["xl", "xenstored", "xenconsoled", "xen-init-dom0"]
LIB = "lib/x86_64-linux-gnu"


class XenMachine(Machine):
    """Its serial line is a socket, too, for Xen's keys and dom0's input."""

    def serial(self, folder):
        return ["-chardev", f"socket,id=com1,path={folder / 'say'},server=on,wait=off,logfile={self.log}",
                "-serial", "chardev:com1"]

    def boot(self, args, kernel, initrd, append):
        """`initrd` is what multiboot takes: dom0's kernel with its words, then its initramfs."""
        return ["-kernel", image(args, "xen", "xen-*-amd64.gz"), "-initrd", initrd,
                "-append", f"console=com1 dom0_vcpus_pin {append}".strip()]


def options(case, folder):
    words = ["-m", "1G", "-no-shutdown", *case.unit, "-device", "pcie-root-port,id=port"]
    for n, disk in enumerate(DISKS):
        path = folder / f"disk{n}"
        path.write_bytes(bytes(DISK_BYTES))
        words += ["-drive", f"file={path},if=none,id=d{n},format=raw", "-device", f"{disk.device},drive=d{n}"]
    return words


def start(args, case, folder):
    initrd = make_initramfs(args, folder, KERNEL, "units-init", MODULES)
    # Xen forgets a move that is asked for while it is still at the one before.
    words = (f"ask moves={MOVES} pause=100000 disks={'+'.join(disk.name for disk in DISKS)} "
             f"irqs={'|'.join(disk.row.replace(' ', '.') for disk in DISKS)}")
    modules = f"{image(args, KERNEL)} console=hvc0 quiet {words},{initrd}"
    return XenMachine(args, None, modules, folder, f"dom0_mem=512M {case.xen}", options(case, folder))


def ask_xen(machine, key, last):
    """What Xen prints for a key on its console, to a line with that text; dom0 gets no input until then."""
    before = len(machine.text())
    machine.press(SWITCH + key)
    machine.wait_text(last, machine.text().count(last) + 1)
    machine.press(SWITCH)
    machine.wait_text(TO_DOM0, machine.text().count(TO_DOM0) + 1)
    return machine.text()[before:].replace("\r\n\r\n", "\n")


def xen_irqs(disk, irq, devices):
    """Xen's numbers for a disk's interrupts: its MSIs', or those of dom0's own number, a pin's."""
    found = re.search(rf"0000:{disk.where} .*MSIs <([\d ]*)>", devices)
    return found.group(1).split() if found and found.group(1).strip() else [irq]


def disk_problems(case, disk, path, log, interrupts, devices):
    """What is wrong with it: its bytes, dom0's interrupts, or Xen's, one of which it has moved to where
    dom0 moved it last."""
    wrong = []
    digest = hashlib.sha256(path.read_bytes()[:WORK_BYTES]).hexdigest()
    if not re.search(rf"guest: {disk.name} went [1-9]\d* rounds, sha256 {digest}", log):
        wrong.append(f"{disk.name} has not what dom0 wrote, {digest} on the host")
    row = re.search(rf"guest: irq +(\d+): +(\d+) +(\d+) +xen-pirq +{disk.row}", log)
    if not row or "0" in row.groups():
        return [*wrong, f"{disk.name}'s interrupts did not come on both CPUs"]
    irqs = xen_irqs(disk, row.group(1), devices)
    if irqs == [row.group(1)] and not case.pins_move:
        return wrong
    if not any(re.search(rf"IRQ: *{irq} .* aff:\{{1\}}/\{{1\}} .*d0:", interrupts) for irq in irqs):
        wrong.append(f"Xen has moved none of {disk.name}'s interrupts {irqs} to CPU 1")
    return wrong


def problems(case, log):
    wants = [*case.says, "Brought up 2 CPUs", "ACPI: RSDP 0x00000000000F0000", f"{MOVES} times", "guest: done"]
    return ([f"the log has no '{text}'" for text in wants if text not in log] +
            kernellog.bad_lines(log, [*kernellog.BAD, r"\(XEN\).*(BUG|Assertion|DMAR:.*Fault|IO_PAGE_FAULT)"]))


def counts_problems(case, counts):
    if not case.remaps:
        return []
    unit = counts["iommu"]
    return [f"the unit counted {unit}"] if unit["blocked"] or unit["remapped"] < MOVES else []


def run_started(case, machine, folder):
    machine.qmp("query-status")
    machine.wait_text("guest: ask")
    interrupts, devices = ask_xen(machine, "i", "Pin 23:"), ask_xen(machine, "Q", "0000:00:00.0")
    machine.say("go")
    machine.wait_text("guest: done")
    machine.wait_event("SHUTDOWN")
    counts = machine.qmp("x-query-interrupts")
    broken = {row["rule"] for row in machine.qmp("x-query-lint")["broken"]}
    machine.qmp("quit")
    machine.wait_end()
    log = machine.text().replace("\r", "")
    wrong = problems(case, log) + counts_problems(case, counts)
    for n, disk in enumerate(DISKS):
        wrong += disk_problems(case, disk, folder / f"disk{n}", log, interrupts, devices)
    if broken != case.lint:
        wrong.append(f"lint found {sorted(broken)}, not {sorted(case.lint)}")
    return wrong


def start_calls(args, case, folder):
    return XenMachine(args, None, args.calls, folder, f"dom0_mem=64M dom0_max_vcpus=2 {case.xen}",
                      ["-m", "512M", "-no-reboot", "-no-shutdown", *case.unit, "-serial", f"file:{folder / 'dom0.log'}",
                       "-device", "pc-testdev", "-device", "edu"])


def run_calls(machine, case, folder):
    machine.qmp("query-status")
    machine.wait_event("SHUTDOWN")
    counts = machine.qmp("x-query-interrupts")
    machine.qmp("quit")
    machine.wait_end()
    said = (folder / "dom0.log").read_text().replace("\r", "")
    wrong = [line for line in said.splitlines() if "FAIL" in line] + counts_problems(case, counts)
    if "guest: done" not in said:
        wrong.append(f"dom0 did not come to its end: {said[-200:]!r}")
    return wrong


def tools_tree(args, folder):
    """What dom0 runs, from the unpacked package."""
    source, tree = args.guests / "xen-tools", folder / "tools"
    for pattern in [*(f"usr/lib/xen-*/bin/{tool}" for tool in TOOLS), f"{LIB}/*.so*", f"usr/{LIB}/*.so*",
                    "lib64/*.so*"]:
        for path in source.glob(pattern):
            target = tree / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target, follow_symlinks=False)
    return tree


def start_guest(args, case, folder):
    disk = folder / "disk"
    disk.write_bytes(bytes(DISK_BYTES))
    inner = make_initramfs(args, folder, "cloud", "xen-domu-guest", ["xen-pcifront", "virtio_pci", "virtio_blk"],
                           name="domu")
    initrd = make_initramfs(args, folder, KERNEL, "xen-domu-init",
                            ["xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xenfs", "xen-pciback"],
                            [f"{image(args, 'cloud')}:domu/vmlinuz", f"{inner}:domu/initramfs"],
                            tools_tree(args, folder))
    modules = f"{image(args, KERNEL)} console=hvc0 quiet pass=0000:01:00.0,{initrd}"
    return XenMachine(args, None, modules, folder, f"dom0_mem=512M {case.xen}",
                      ["-m", "1G", "-no-shutdown", *case.unit, "-device", "pcie-root-port,id=port",
                       "-drive", f"file={disk},if=none,id=d,format=raw",
                       "-device", "virtio-blk-pci,iommu_platform=on,drive=d,bus=port"])


def run_guest(machine, case, folder):
    machine.qmp("query-status")
    machine.wait_text("guest: done")
    machine.wait_event("SHUTDOWN")
    counts = machine.qmp("x-query-interrupts")
    machine.qmp("quit")
    machine.wait_end()
    log = machine.text().replace("\r", "")
    digest = hashlib.sha256((folder / "disk").read_bytes()[:WORK_BYTES]).hexdigest()
    wants = [rf"guest: domu: sha256 {digest}", r"guest: domu: irq .*[1-9].*xen-pirq +-pcifront-msi-x +virtio0-req",
             r"guest: xen .*PCI-MSI.*d1:", r"guest: list domu"]
    return ([f"the log has no '{text}'" for text in wants if not re.search(text, log)] +
            [line for line in log.splitlines() if "FAIL" in line] + counts_problems(case, counts) +
            kernellog.bad_lines(log))


def run_case(args, case):
    """What is wrong, and the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def scene(begin):
            machine = begin(args, case, folder)
            if isinstance(case, Calls):
                wrong = run_calls(machine, case, folder)
            elif isinstance(case, Guest):
                wrong = run_guest(machine, case, folder)
            elif case.refuses:
                machine.wait_text(case.refuses)
                wrong = []
            else:
                wrong = run_started(case, machine, folder)
            if wrong:
                raise AssertionError("\n".join(wrong))

        return play(scene, {Calls: start_calls, Guest: start_guest}.get(type(case), start))


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--calls", type=pathlib.Path, default="build/tests/guest/xen-calls.elf")
    args = taptest.parse(parser, CASES)
    guests = ["busybox", KERNEL, "xen"]
    if any(isinstance(CASES[name], Guest) for name in args.cases):
        guests += ["cloud", "xen-tools"]
    return taptest.run(args, CASES, guests, run_case)


sys.exit(main())

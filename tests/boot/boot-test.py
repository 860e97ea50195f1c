#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real kernels to user space and reads what they say.

A case is a row of CASES: the kernel, the command line, and what the guest's log must and must not
have. The guest's init (tests/boot/init) works on a virtio disk and moves interrupts; this side checks
the disk's file against the checksum that the guest read. Prints TAP.

Usage: boot-test.py --qemu PROGRAM --guests FOLDER [--list] [CASE]...
"""
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import kernellog
import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "600"))

X2APIC = ["DMAR-IR: Enabled IRQ remapping in x2apic mode",
          "Switched APIC routing to cluster x2apic"]
XAPIC = ["DMAR-IR: Enabled IRQ remapping in xapic mode"]
NO_REMAP = []
UNIT = "intel-iommu,intremap=on,eim=on"
AMD = "amd-iommu"
AMD_XAPIC = ["AMD-Vi: Interrupt remapping enabled"]
AMD_X2APIC = [*AMD_XAPIC, "AMD-Vi: X2APIC enabled"]
RMRR = "rmrr=0x10000000-0x100fffff:00:01.0"
IVMD = "ivmd=0x10000000-0x100fffff:00:01.0"
ANDD = "andd=\\_SB.PCI0.ISA.COM1@00:01.0"
QUEUES = 8
HYPERV = ["Hypervisor detected: Microsoft Hyper-V", "Hyper-V: Using hypercall for remote TLB flush",
          "Hyper-V: Using IPI hypercalls", "Hyper-V: Using enlightened APIC",
          "clocksource: Switched to clocksource hyperv_clocksource_tsc_page"]
# A switch behind a root port, behind that a conventional bus and another one; and an empty port.
BRIDGES = ("pcie-root-port,id=rp1,slot=1 pcie-root-port,id=rp2,slot=2 x3130-upstream,id=up,bus=rp1 "
           "xio3130-downstream,id=dn,bus=up,addr=2,slot=3 pcie-pci-bridge,id=old,bus=dn "
           "edu,bus=old,addr=3 pci-bridge,id=older,bus=old,addr=5,chassis_nr=2")


class Case:
    def __init__(self, kernel, cpus, unit, wants, cpu="max", append="", memory="512M", extra=(),
                 virtio="", disk_irq=None, stalls=False, steals=False, allows=(), everywhere=None,
                 seen=(), bridges="", out_of_reach=False):
        self.kernel, self.cpus, self.unit, self.wants = kernel, cpus, unit, wants
        self.cpu, self.append, self.memory, self.extra = cpu, append, memory, list(extra)
        self.virtio, self.stalls, self.steals, self.allows = virtio, stalls, steals, allows
        self.everywhere, self.seen = everywhere, seen
        self.bridges, self.out_of_reach = bridges.split(), out_of_reach
        self.disk_irq = disk_irq or ("IR-PCI-MSI" if self.remapped() else "")

    def online(self):
        return 1 if "maxcpus=1" in self.append else self.cpus

    def remapped(self):
        return self.unit is not None and bool(self.wants)


CASES = {
    **{f"{kernel}-{cpus}": Case(kernel, cpus, UNIT, X2APIC)
       for kernel in ("cloud", "generic") for cpus in (1, 2, 8)},
    "cloud-xapic": Case("cloud", 2, "intel-iommu,intremap=on", XAPIC, cpu="max,-x2apic"),
    "generic-xapic": Case("generic", 2, "intel-iommu,intremap=on", XAPIC, cpu="max,-x2apic"),
    "cloud-no-unit": Case("cloud", 2, None, NO_REMAP),
    "generic-no-unit": Case("generic", 2, None, NO_REMAP),
    "cloud-intremap-off": Case("cloud", 2, "intel-iommu,intremap=off", NO_REMAP),
    "generic-intremap-off": Case("generic", 2, "intel-iommu,intremap=off", NO_REMAP),
    "cloud-caching-mode": Case("cloud", 2, UNIT + ",caching-mode=on", X2APIC),
    "cloud-latency": Case("cloud", 2, UNIT + ",qi-latency=20000,gcmd-latency=50000", X2APIC),
    "cloud-iec-random": Case("cloud", 2, UNIT + ",iec=random,seed=7", X2APIC),
    "cloud-aw-39": Case("cloud", 2, UNIT + ",aw-bits=39", X2APIC),
    "cloud-aw-57": Case("cloud", 2, UNIT + ",aw-bits=57", X2APIC),
    "cloud-fault-records": Case("cloud", 2, UNIT + ",fault-records=8", X2APIC),
    "cloud-guest-decompresses": Case("cloud", 1, UNIT, X2APIC,
                                     extra=["-machine", "q35,host-decompress=off"]),
    "generic-guest-decompresses": Case("generic", 1, UNIT, X2APIC,
                                       extra=["-machine", "q35,host-decompress=off"]),
    # Units like real ones; the kernel says what it found.
    **{f"generic-model-{model}": Case("generic", 2, f"intel-iommu,model={model}",
                                      [*X2APIC, f"Host address width {haw}",
                                       f"dmar0: reg_base_addr fed90000 ver {shown}"])
       for model, haw, shown in [("client", 39, "1:0 cap d2008c40660462 ecap f050da"),
                                 ("server", 46, "1:0 cap 8d2078c106f0466 ecap f020df"),
                                 ("spr", 52, "6:0 cap 8ed008c40780c66 ecap 40000f050df"),
                                 ("qemu", 39, "1:0 cap d2008c22260206 ecap f00f5a")]},
    # Tables that are not flushed are read old, and the kernel flushes them.
    "generic-stale-tables": Case("generic", 2, "intel-iommu,model=client,stale-tables=on", X2APIC,
                                 virtio="iommu_platform=on"),
    "generic-write-buffer": Case("generic", 2, "intel-iommu,rwbf=on,stale-tables=on", X2APIC,
                                 virtio="iommu_platform=on"),
    # Ids above 255: the last CPU takes an interrupt of the entropy device.
    "cloud-288": Case("cloud", 288, UNIT, [X2APIC[0], "x2apic: enabled by BIOS"], memory="1G"),
    "cloud-3g": Case("cloud", 2, UNIT, X2APIC, memory="3G"),
    "cloud-no-hpet": Case("cloud", 2, UNIT, X2APIC, extra=["-machine", "q35,hpet=off"]),
    "cloud-hpet-msi": Case("cloud", 2, UNIT, X2APIC, extra=["-global", "hpet.msi=on"],
                           append="clocksource=hpet"),
    "cloud-ioapic-11": Case("cloud", 2, UNIT, X2APIC, extra=["-global", "ioapic.version=0x11"]),
    "cloud-qemu64": Case("cloud", 2, "intel-iommu,intremap=on", XAPIC, cpu="qemu64,-x2apic"),
    "cloud-nox2apic": Case("cloud", 2, UNIT, XAPIC, append="nox2apic"),
    "cloud-pt": Case("cloud", 2, UNIT, X2APIC, append="iommu=pt"),
    "cloud-pti": Case("cloud", 2, UNIT, X2APIC, append="pti=on nohz=off clocksource=acpi_pm"),
    "cloud-legacy-virtio": Case("cloud", 2, None, NO_REMAP, virtio="disable-modern=on"),
    "cloud-disk-by-pin": Case("cloud", 2, UNIT, X2APIC, virtio="vectors=0",
                              disk_irq="IR-IO-APIC"),
    # Where the local APIC's timer may stop, comparators are the clock events, a message for each CPU.
    "cloud-hpet-clockevents": Case("cloud", 4, UNIT, X2APIC, cpu="max,-arat",
                                   extra=["-global", "hpet.timers=8"], everywhere="IR-HPET-MSI"),
    "cloud-ioapics": Case("cloud", 2, UNIT,
                          [*X2APIC, "apic_id 1, version 32, address 0xfec01000, GSI 24-143",
                           "apic_id 2, version 17, address 0xfec02000, GSI 200-439"],
                          extra=["-device", "ioapic,pins=120", "-device", "hpet",
                                 "-device", "ioapic,version=0x11,pins=240,gsi-base=200"]),
    "cloud-ioapic-eoi-delay": Case("cloud", 2, UNIT, X2APIC, virtio="vectors=0", disk_irq="IR-IO-APIC",
                                   extra=["-global", "ioapic.eoi-delay=20000"]),
    "cloud-ioapic-no-eoi-register": Case("cloud", 2, None, NO_REMAP, virtio="vectors=0",
                                         extra=["-global", "ioapic.eoi-register=off"]),
    # Linux makes up for levels that came as edges, and counts them.
    "cloud-ioapic-level-as-edge": Case("cloud", 2, None, NO_REMAP, virtio="vectors=0",
                                       extra=["-global", "ioapic.version=0x11",
                                              "-global", "ioapic.level-as-edge=on"],
                                       allows=[r"guest: irq MIS"], seen=[r"guest: irq MIS: +[1-9]"]),
    # PCI pins are active low, and a kernel that reads the tables right does not need that forgiven.
    "cloud-strict": Case("cloud", 2, UNIT, X2APIC, virtio="vectors=0", disk_irq="IR-IO-APIC",
                         extra=["-machine", "q35,forgive=none"]),
    "cloud-strict-no-unit": Case("cloud", 2, None, NO_REMAP, virtio="vectors=0",
                                 extra=["-machine", "q35,forgive=none"]),
    # Everything through the i8259 pair. The serial driver raises and lowers its line with
    # interrupts off (its test for THRE, and a message while a program writes), which an 8259A
    # answers by its default interrupt: a few, as on hardware.
    "cloud-noapic": Case("cloud", 1, None, NO_REMAP, append="noapic", virtio="vectors=0",
                         allows=[r"guest: irq ERR: +[1-9]$"]),
    "cloud-host-stalls": Case("cloud", 2, UNIT, X2APIC, stalls=True),
    # The same, and the guest is told.
    "cloud-steal-time": Case("cloud", 2, UNIT, X2APIC, cpu="max,+kvm-steal-time", stalls=True,
                             steals=True),
    # CPUs and lines by the MP table, with the disk on a PCI pin; or its half of the story.
    "generic-acpi-off": Case("generic", 2, None, ["MultiProcessor Specification v1.4"],
                           append="acpi=off", virtio="vectors=0", disk_irq="IO-APIC"),
    "generic-pci-noacpi": Case("generic", 2, None, ["MultiProcessor Specification v1.4"],
                             append="pci=noacpi", virtio="vectors=0", disk_irq="IO-APIC"),
    # By the 32-bit entry, whoever unpacks.
    "686-2": Case("686", 2, None, NO_REMAP),
    "686-pae-2": Case("686-pae", 2, None, NO_REMAP),
    "686-guest-decompresses": Case("686", 2, None, NO_REMAP,
                                   extra=["-machine", "q35,host-decompress=off"]),
    # The disk and the entropy device behind five bridges, under one id; numbered and placed by us,
    # and by the kernel.
    "generic-bridges": Case("generic", 2, UNIT, X2APIC, bridges=BRIDGES, virtio="bus=older"),
    "cloud-bridges-reassigned": Case("cloud", 2, UNIT, X2APIC, bridges=BRIDGES, virtio="bus=older",
                                     append="pci=assign-busses,realloc"),
    "cloud-bridges-by-pin": Case("cloud", 2, UNIT, X2APIC, bridges=BRIDGES, disk_irq="IR-IO-APIC",
                                 virtio="bus=older,vectors=0"),
    # Firmware's mistakes: what the kernel says of each, and how it goes on.
    **{f"cloud-{mistake}": Case("cloud", 2, f"{UNIT},broken={mistake}", wants, disk_irq=irq)
       for mistake, irq, wants in [
           ("no-ioapic-scope", " PCI-MSI", ["ioapic 0 has no mapping iommu, interrupt remapping will be "
                                           "disabled"]),
           ("no-hpet-scope", "IR-PCI-MSI", X2APIC),
           ("duplicate-base", "IR-PCI-MSI", X2APIC),
           ("zero-base", " PCI-MSI", ["Your BIOS is broken; DMAR reported at address 0!"]),
           ("dead-unit", " PCI-MSI", ["Your BIOS is broken; DMAR reported at address fed90000 returns "
                                     "all ones!"]),
           ("wrong-haw", " PCI-MSI", ["Invalid DMAR haw"])]},
    # A device without a unit has no message domain; its driver goes on with its pin.
    "cloud-uncovered-device": Case("cloud", 2, f"{UNIT},broken=uncovered-device", X2APIC,
                                   disk_irq="IR-IO-APIC", allows=["Call Trace"],
                                   seen=["WARNING: CPU.* pci_msi_setup_msi_irqs"]),
    # AMD's unit. The cloud kernel has no driver for it.
    **{f"generic-amd-{cpus}": Case("generic", cpus, AMD, AMD_X2APIC, cpu="EPYC,+x2apic")
       for cpus in (1, 2, 8)},
    "generic-amd-xapic": Case("generic", 2, "amd-iommu,xtsup=off", AMD_XAPIC, cpu="EPYC,-x2apic"),
    "generic-amd-no-ga": Case("generic", 2, "amd-iommu,ga=off", AMD_XAPIC, cpu="EPYC"),
    "generic-amd-dma": Case("generic", 2, AMD, [*AMD_X2APIC, "iommu: Default domain type: Translated"],
                            cpu="EPYC,+x2apic", virtio="iommu_platform=on"),
    "generic-amd-latency": Case("generic", 2, "amd-iommu,command-latency=5000", AMD_X2APIC,
                                cpu="EPYC,+x2apic", virtio="iommu_platform=on"),
    "generic-amd-288": Case("generic", 288, AMD, AMD_X2APIC, cpu="EPYC,+x2apic", memory="2G"),
    # The table tells of functions one by one, or in ranges, and of memory that is kept for one of them.
    **{f"generic-amd-{how}": Case("generic", 2, f"{AMD},device-iotlb=on,ivhd={how},{IVMD}",
                                  [*AMD_X2APIC, "range_start: 0000000010000000"], append="amd_iommu_dump",
                                  cpu="EPYC,+x2apic", virtio="iommu_platform=on",
                                  seen=[told, r"BIOS-e820: \[mem 0x0+10000000-0x0+100fffff\] reserved"])
       for how, told in [("functions", r"DEV_SELECT\s+devid: (0000:)?00:01\.0"),
                         ("ranges", r"DEV_RANGE_END\s+devid: (0000:)?ff:1f\.7")]},
    # Firmware's mistakes, and what the kernel says of each.
    **{f"generic-amd-{mistake}": Case("generic", 2, f"{AMD},broken={mistake}", wants, disk_irq=irq,
                                      cpu="EPYC,+x2apic")
       for mistake, irq, wants in [
           ("ioapic-id", " PCI-MSI", ["AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found",
                                      "AMD-Vi: Disabling interrupt remapping"]),
           ("no-ioapic", " PCI-MSI", ["AMD-Vi: [Firmware Bug]: : IOAPIC[0] not in IVRS table",
                                      "AMD-Vi: Disabling interrupt remapping"]),
           ("no-hpet", "IR-PCI-MSI", AMD_X2APIC),
           ("no-ivhd", " PCI-MSI", []),
           ("old-ivhd", "IR-PCI-MSI", AMD_XAPIC),
           ("wrong-efr", "IR-PCI-MSI", [*AMD_X2APIC, "AMD-Vi: [Firmware Warn]: EFR mismatch. Use IVHD EFR"])]},
    "cloud-amd": Case("cloud", 2, AMD, NO_REMAP, cpu="EPYC"),
    # Guests of Hyper-V: timers of its own on every CPU. Its IOAPIC reaches ids below 256, messages as well.
    "cloud-hyperv": Case("cloud", 2, None, HYPERV, extra=["-machine", "q35,hyperv=on"], everywhere="HVS"),
    "generic-hyperv": Case("generic", 4, None, HYPERV, cpu="max,hv-passthrough", everywhere="HVS"),
    "cloud-hyperv-xapic": Case("cloud", 2, None, HYPERV, cpu="max,-x2apic,hv-passthrough",
                               everywhere="HVS"),
    "cloud-hyperv-amd": Case("cloud", 2, None, HYPERV, cpu="EPYC,hv-passthrough", everywhere="HVS"),
    "cloud-hyperv-unit": Case("cloud", 2, UNIT, [X2APIC[0], *HYPERV], cpu="max,hv-passthrough"),
    "cloud-hyperv-288": Case("cloud", 288, None, [*HYPERV, "smp: Brought up 1 node, 288 CPUs"],
                             memory="1G", extra=["-machine", "q35,hyperv=on"], virtio="vectors=0",
                             disk_irq="IR-IO-APIC", everywhere="HVS", out_of_reach=True),
    # The partition that owns the devices, whose interrupts the hypervisor maps.
    "cloud-hyperv-root": Case("cloud", 2, None,
                              [HYPERV[0], "Hyper-V: running as root partition"],
                              cpu="max,hv-passthrough,hv-root", disk_irq="HV-PCI-MSI"),
    # What the table tells beside the units: each part is read, and the disk goes on.
    "generic-dmar-parts": Case("generic", 2,
                               f"{UNIT},device-iotlb=on,satc=00:01.0,satc-required=on,numa_node=0,{RMRR},{ANDD}",
                               [*X2APIC, "DMAR: RMRR base: 0x00000010000000 end: 0x000000100fffff",
                                "DMAR: ATSR flags: 0x1", "DMAR: SATC flags: 0x1",
                                "DMAR: RHSA base: 0x000000fed90000 proximity domain: 0x0",
                                "DMAR: ANDD device: 1 name: \\_SB.PCI0.ISA.COM1",
                                'DMAR: ACPI device "PNP0501:00" under DMAR at fed90000 as 00:01.0'],
                               seen=[r"BIOS-e820: \[mem 0x0+10000000-0x0+100fffff\] reserved"]),
    # And what firmware gets wrong in these parts.
    **{f"cloud-{mistake}": Case("cloud", 2, f"{UNIT},broken={mistake},{part}", wants, disk_irq=irq,
                                allows=["Firmware Bug"])
       for mistake, part, irq, wants in [
           ("rmrr-not-reserved", RMRR, "IR-PCI-MSI",
            [*X2APIC, "No firmware reserved region can cover this RMRR "
             "[0x0000000010000000-0x00000000100fffff]"]),
           ("rmrr-backwards", RMRR, "IR-PCI-MSI",
            [*X2APIC, "Your BIOS is broken; bad RMRR [0x00000000100fffff-0x0000000010000000]"]),
           ("andd-without-scope", ANDD, "IR-PCI-MSI",
            [*X2APIC, "No IOMMU scope found for ANDD enumeration ID 1 (PNP0501:00)"]),
           ("andd-unterminated", ANDD, " PCI-MSI",
            ["Your BIOS is broken; ANDD object name is not NUL-terminated"])]},
    # The device that was told of so is left without messages that pass.
    "cloud-scope-type": Case("cloud", 2, f"{UNIT},id=own,scope=00:09.0,broken=scope-type",
                             [*X2APIC, "Device scope type does not match for 0000:00:09.0"],
                             extra=["-device", UNIT, "-device", "edu,addr=9"]),
    "cloud-one-cpu-of-two": Case("cloud", 2, UNIT, X2APIC, append="maxcpus=1"),
}


def make_initramfs(args, kernel, folder):
    target = folder / f"{kernel}.cpio"
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", target,
                    "--guests", args.guests, "--kernel", kernel, "--init", HERE / "init",
                    "--module", "virtio_pci", "--module", "virtio_blk", "--module", "virtio_rng"],
                   check=True)
    return target


def command(args, case, folder, disk):
    kernel = next((args.guests / case.kernel / "boot").glob("vmlinuz-*"))
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", case.cpu,
            "-smp", str(case.cpus), "-m", case.memory, "-nographic", "-no-reboot"]
    if case.unit:
        line += ["-device", case.unit]
    for bridge in case.bridges:
        line += ["-device", bridge]
    line += ["-drive", f"file={disk},if=none,id=disk0,format=raw",
             "-device", ",".join(filter(None, ["virtio-blk-pci,drive=disk0",
                                               f"num-queues={min(case.cpus, QUEUES)}", case.virtio])),
             "-device", ",".join(filter(None, ["virtio-rng-pci", case.virtio])),
             "-kernel", kernel,
             "-initrd", make_initramfs(args, case.kernel, folder),
             "-append", f"console=ttyS0 intel_iommu=on {case.append}".strip(), *case.extra]
    return [str(word) for word in line]


def stall(process, log_path):
    """The host runs other things most of the time, until the guest is in user space. A kernel that
    waits for five timer interrupts must still see them within the time that it gives them."""
    end = time.monotonic() + TIMEOUT
    while (process.poll() is None and time.monotonic() < end
           and b"guest: user space on" not in log_path.read_bytes()):
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.25)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.03)


def run(line, log_path, stalls):
    """The guest's log and the exit status; None for a time-out."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT)
        try:
            if stalls:
                stall(process, log_path)
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            process.kill()
            process.wait()
    return log_path.read_bytes().decode(errors="replace").replace("\r", ""), status


def count_of(log, what):
    found = re.search(what, log)
    return int(found.group(1)) if found else 0


def counts_by_cpu(log, cpus, name):
    """Of the rows of /proc/interrupts with this in them, the sum for each CPU."""
    total = [0] * cpus
    for line in log.splitlines():
        row = re.match(r"guest: irq +\w+:((?: +\d+)+) .*", line)
        if row and name in line:
            total = [a + int(b) for a, b in zip(total, row.group(1).split())]
    return total


def problems(case, log, status, disk):
    """Everything that is wrong with a run, one line each."""
    wrong = []
    if status is None:
        wrong.append(f"not done after {TIMEOUT} s")
    elif status != 0:
        wrong.append(f"ended with status {status}, not 0")
    for text in ["guest: user space on", "guest: done", *case.wants]:
        if text not in log:
            wrong.append(f"the log has no '{text}'")
    wrong += [f"the log has nothing like '{text}'" for text in case.seen if not re.search(text, log)]
    if not case.remapped() and "Enabled IRQ remapping" in log:
        wrong.append("remapping was enabled without a unit that offers it")
    wrong += kernellog.bad_lines(log, allows=case.allows)
    found = re.search(r"guest: disk sha256 ([0-9a-f]{64})", log)
    with open(disk, "rb") as file:
        on_host = hashlib.sha256(file.read(512 * 4096)).hexdigest()
    if not found or found.group(1) != on_host:
        wrong.append(f"the disk's checksum is {found and found.group(1)} in the guest, "
                     f"{on_host} on the host")
    for device in ("disk", "rng"):
        # With more CPUs than queues, the CPUs at work on the disk may share one.
        several = 1 if device == "disk" and case.cpus > QUEUES else min(case.online(), 2)
        seen = count_of(log, rf"guest: {device} interrupts on (\d+) CPUs")
        if seen < several:
            wrong.append(f"{device} interrupts on {seen} CPUs, not on {several} or more")
    if not re.search(rf"guest: irq +\d+: .*{case.disk_irq}.*virtio0", log):
        wrong.append(f"the disk's interrupts are not {case.disk_irq}")
    if case.everywhere and min(counts_by_cpu(log, case.online(), case.everywhere)) == 0:
        wrong.append(f"{case.everywhere} is not counted on every CPU")
    if (count_of(log, r"guest: the last CPU took (\d+)") == 0) != case.out_of_reach:
        wrong.append("the last CPU took "
                     + ("an interrupt beyond its reach" if case.out_of_reach else
                        "none of the interrupts that were steered to it"))
    stolen = count_of(log, r"guest: stolen ticks: (\d+)")
    if (stolen > 0) != case.steals:
        wrong.append(f"the guest was told of {stolen} stolen ticks")
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
            disk = folder / "disk.raw"
            with open(disk, "wb") as file:
                file.truncate(16 << 20)
            logs = args.keep or folder
            logs.mkdir(parents=True, exist_ok=True)
            line = command(args, case, folder, disk)
            log, status = run(line, logs / f"{name}.log", case.stalls)
            wrong = problems(case, log, status, disk)
        failed += taptest.report(number, name, wrong, log)
    return 1 if failed else 0


sys.exit(main())

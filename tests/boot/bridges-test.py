#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel on machines with bridges and looks at what it makes of them: one remapping
entry for a conventional bus, pins shared behind two bridges, devices that come and go. Prints TAP.

Each case is a function that gets a running machine; the guest's side is bridges-init.

Usage: bridges-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import pathlib
import random
import re
import socket
import sys
import tempfile
import zlib

import netpeer
import taptest
from livemachine import TIMEOUT, Machine, make_initramfs, play

HERE = pathlib.Path(__file__).resolve().parent
UNIT = ["-device", "intel-iommu,intremap=on,eim=on"]
DISK = 1 << 20
KERNEL = "generic"
MODULES = ["virtio_pci", "virtio_blk", "virtio_rng", "uio_pci_generic", "nvme", "vmd", "af_packet", "e1000e"]
NET_BYTES = 2 << 20
LINES = 200  # that a serial port echoes


def devices(*names):
    return [word for name in names for word in ("-device", name)]


class Disks:
    """Files for drives d0, d1 and so on."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def drive(self):
        """The next drive, and no device yet."""
        path = self.folder / f"disk{self.count}"
        path.write_bytes(bytes(DISK))
        self.count += 1
        return ["-drive", f"file={path},if=none,id=d{self.count - 1},format=raw"]

    def options(self, *more):
        """A drive and the options of its virtio-blk-pci for each text."""
        return [word for text in more for word in
                [*self.drive(), *devices(f"virtio-blk-pci,drive=d{self.count - 1}{text}")]]


def check(ok, what):
    if not ok:
        raise AssertionError(what)


def no_failures(machine):
    machine.wait_text("guest: done")
    machine.wait_end()
    bad = [line for line in machine.text().splitlines() if "guest: FAIL" in line]
    check(not bad, "\n".join(bad))


def one_id_for_a_bus(start):
    """A disk and the entropy device on a conventional bus: entries for the bus, and interrupts come.
    intr-testdev elsewhere, which sends what the entropy device's MSI-X table says, is refused."""
    machine = start("alias", lambda disks: [
        *UNIT, *devices("pcie-root-port,id=rp1,slot=1", "pcie-root-port,id=rp2,slot=2",
                        "pcie-pci-bridge,id=old,bus=rp1"),
        *disks.options(",bus=old,addr=1"), *devices("virtio-rng-pci,bus=old,addr=2",
                                                    "intr-testdev,bus=rp2")],
        append="iomem=relaxed")
    machine.wait_text("guest: ready")
    entries = machine.hmp("info irte all")
    check(entries.count("from buses 02 to 02") >= 4, "no entries are for bus 2:\n" + entries)
    machine.say("go")
    no_failures(machine)
    check("source-id verification failure" in machine.text(), "the kernel saw no refusal")
    check(re.search(r"Request device \[03:00\.0\]", machine.text()), "it was not 03:00.0's")


def shared_pins(start):
    machine = start("pins", lambda disks: [
        *UNIT, *devices("pcie-root-port,id=rp1,slot=1", "pcie-pci-bridge,id=old,bus=rp1",
                        "pci-bridge,id=older,bus=old,addr=4,chassis_nr=1"),
        *disks.options(",bus=older,addr=1", ",bus=older,addr=5", ",bus=old,addr=1"),
        *devices("edu,bus=older,addr=9", "virtio-rng-pci,bus=older,addr=13")],
        append="pci=nomsi iomem=relaxed")
    no_failures(machine)
    check("guest: edu interrupted 100 times" in machine.text(), "edu's interrupts are missing")
    rows = [line for line in machine.text().splitlines() if "guest: irq" in line]
    check(any("virtio" in row and "uio" in row for row in rows),
          "no pin is shared:\n" + "\n".join(rows))


def echoes(path):
    """Says lines to a serial port, and hears each come back."""
    with socket.socket(socket.AF_UNIX) as port:
        port.connect(str(path))
        port.settimeout(TIMEOUT)
        with port.makefile("rb") as lines:
            for number in range(LINES):
                line = b"%d %s\n" % (number, b"0123456789abcdef" * 3)
                port.sendall(line)
                heard = lines.readline()
                check(heard == line, f"the serial port answers {heard} to {line}")
            port.sendall(b"end\n")


# In a switch's slots 0, 4 and 8, and behind the latter's bridge in 4 and 8: one pin for all.
STORM = devices("pcie-root-port,id=rp1,slot=1", "x3130-upstream,id=up,bus=rp1",
                "xio3130-downstream,id=dn1,bus=up,slot=2,addr=0",
                "xio3130-downstream,id=dn2,bus=up,slot=3,addr=4",
                "xio3130-downstream,id=dn3,bus=up,slot=4,addr=8", "pcie-pci-bridge,id=old,bus=dn3",
                "nvme,drive=d0,serial=S0,bus=dn1", "e1000e,netdev=n0,bus=dn2", "edu,bus=old,addr=4",
                "pci-serial,bus=old,addr=8,chardev=far")


def intx_storms(start):
    """A disk, a network card, edu and a serial port on one pin, all at work at once; bytes are compared."""
    data = random.Random(1).randbytes(NET_BYTES)
    server = netpeer.Server(data)
    server.start()
    machine = start("storms", lambda disks: [
        *UNIT, *disks.drive(), "-netdev", "user,id=n0", "-chardev",
        f"socket,id=far,path={disks.folder / 'far'},server=on,wait=off", *STORM],
        append=f"pci=nomsi iomem=relaxed port={server.port} size={NET_BYTES}")
    machine.wait_text("guest: ready")
    echoes(machine.path.parent / "far")
    no_failures(machine)
    text = machine.text()
    for what, crc in {"received": zlib.crc32(data), "sent": server.taken}.items():
        check(f"guest: {what} {crc:08x} {NET_BYTES} bytes" in text, f"{what} bytes differ")
    check("guest: edu interrupted 100 times" in text, "edu's interrupts are missing")
    rows = [line for line in text.splitlines() if "guest: irq" in line]
    check(any(all(name in row for name in ("IR-IO-APIC", "nvme0q", "eth0", "uio", "ttyS"))
              for row in rows), "they share no pin:\n" + "\n".join(rows))


SLOTS = devices("pcie-root-port,id=rp1,slot=1", "pcie-root-port,id=rp2,slot=2",
                "pcie-root-port,id=rp3,slot=3", "x3130-upstream,id=up,bus=rp3",
                "xio3130-downstream,id=dn,bus=up,slot=4", "pxb-pcie,id=far,bus_nr=0x80",
                "pcie-root-port,id=rp4,bus=far,slot=5")
PORTS = ["rp1", "rp2", "dn", "rp4"]  # those without a device
# Ports of two VMDs, in a domain of its own each.
VMD_SLOTS = devices("vmd,id=v,ports=2", "vmd,id=w,mode=bypass,ports=1")
VMD_PORTS = ["v.0", "v.1", "w.0"]


def spare_drives(disks, ports):
    """A drive for each port, and no device yet."""
    return [word for _ in ports for word in disks.drive()]


def hotplug(rounds):
    """Disks come into all slots, are used, and go when the guest lets go of them."""
    def run(start):
        machine = start("hotplug", lambda disks: [*UNIT, *SLOTS, *spare_drives(disks, PORTS)],
                        append=f"rounds={rounds} slots={len(PORTS)}")
        machine.wait_text("guest: ready")
        for number in range(1, rounds + 1):
            for at, port in enumerate(PORTS):
                machine.qmp("device_add", driver="virtio-blk-pci", id=f"disk{at}", drive=f"d{at}",
                            bus=port)
            machine.wait_text(f"guest: used {number}.")
            for at in range(len(PORTS)):
                machine.qmp("device_del", id=f"disk{at}")
            for _ in PORTS:
                machine.wait_event("DEVICE_DELETED")
            machine.wait_text(f"guest: gone {number}.")
        no_failures(machine)
    return run


def nvme_hotplug(rounds, slots=SLOTS, ports=PORTS, settle=0):
    """NVMe disks come into all slots and go while they work: torn out, and every tenth time when the
    guest lets go of them. The next ones come after `settle` seconds."""
    def run(start):
        machine = start("nvme", lambda disks: [*UNIT, *slots, *spare_drives(disks, ports)],
                        append=f"rounds={rounds} slots={len(ports)} settle={settle}")
        machine.wait_text("guest: ready")
        for number in range(1, rounds + 1):
            for at, port in enumerate(ports):
                machine.qmp("device_add", driver="nvme", id=f"disk{at}", drive=f"d{at}",
                            serial=f"S{at}", bus=port)
            machine.wait_text(f"guest: busy {number}.")
            for at in range(len(ports)):
                machine.qmp("device_del", id=f"disk{at}", surprise=number % 10 != 2)
            for _ in ports:
                machine.wait_event("DEVICE_DELETED")
            machine.wait_text(f"guest: gone {number}.")
        no_failures(machine)
    return run


CASES = {
    "one-id-for-a-bus": one_id_for_a_bus,
    "shared-pins": shared_pins,
    "intx-storms": intx_storms,
    "hotplug": hotplug(2),
    "hotplug-long": hotplug(25),  # four at a time: a hundred
    "nvme-hotplug": nvme_hotplug(3),
    "nvme-hotplug-long": nvme_hotplug(100),
    # A second after it took the power from an empty slot the driver looks at it again; a button that is pressed
    # in that second would count as pressed after it.
    "vmd-hotplug": nvme_hotplug(3, VMD_SLOTS, VMD_PORTS, settle=2),
}


def run_case(args, case):
    """What is wrong, and the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd = make_initramfs(args, folder, KERNEL, "bridges-init", MODULES,
                                [f"{HERE / 'net-dhcp'}:/net-dhcp", f"{netpeer.build(folder)}:/bin/net-peer"])

        def start(what, options, append=""):
            append = f"intel_iommu=on bridges={what} {append}"
            words = ["-serial", f"unix:{folder / 'say'},server=on,wait=off"]
            words += options(Disks(folder))
            return Machine(args, KERNEL, initrd, folder, append, words)

        return play(case, start)


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

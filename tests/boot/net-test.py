#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real kernels with a network card on -netdev user: an address by DHCP, then bytes by TCP from a
server on the host's loopback, to it, and to a port of the guest by hostfwd; all are compared by their
checksums. The card's interrupts come through the remapping unit. Prints TAP.

Usage: net-test.py --qemu PROGRAM --guests FOLDER [--megabytes N] [CASE]...
"""
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import zlib

import kernellog
import netpeer
import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 300
UNIT = "intel-iommu,intremap=on,eim=on"
BAD = [*kernellog.BAD, r"Tx Unit Hang", r"NETDEV WATCHDOG", r"eth[01] .*errors:[1-9]"]


class Case:
    """A kernel and a card; `driver` is what binds to it, `irq` the kind of its interrupts, `address` the card's
    own if it is known."""

    def __init__(self, kernel, card, driver, modules, cpus=1, unit=UNIT, netdev="", append="",
                 irq="IR-PCI-MSI", vectors=1, address="52:54:00:12:34:56"):
        self.kernel, self.card, self.driver, self.modules = kernel, card, driver, modules
        self.cpus, self.unit, self.netdev, self.append = cpus, unit, netdev, append
        self.irq, self.vectors, self.address = irq, vectors, address


VIRTIO = ["virtio_pci", "virtio_net"]
CASES = {
    "virtio": Case("generic", "virtio-net-pci", "virtio_net", VIRTIO, vectors=3),
    "virtio-cloud": Case("cloud", "virtio-net-pci", "virtio_net", VIRTIO, vectors=3),
    "virtio-queues": Case("cloud", "virtio-net-pci,mq=on", "virtio_net", VIRTIO, cpus=2,
                          netdev=",queues=2", vectors=5),
    "virtio-plain": Case("cloud", "virtio-net-pci,mrg_rxbuf=off,csum=off,guest_csum=off,ctrl_vq=off",
                         "virtio_net", VIRTIO, unit=None, irq="PCI-MSI", vectors=3),
    "virtio-legacy": Case("cloud", "virtio-net-pci,disable-modern=on,vectors=0", "virtio_net", VIRTIO,
                          unit=None, irq="IO-APIC"),
    "igb": Case("generic", "igb", "igb", ["igb"], vectors=2),
    "igb-queues": Case("generic", "igb", "igb", ["igb"], cpus=2, vectors=3),
    "igb-pin": Case("generic", "igb", "igb", ["igb"], append="pci=nomsi", irq="IR-IO-APIC"),
    "igb-vf": Case("generic", "igb", "igbvf", ["igb", "igbvf"], append="net.vfs=2", vectors=5,
                   address=""),
    "e1000e": Case("generic", "e1000e", "e1000e", ["e1000e"], vectors=3),
    "e1000e-msi": Case("generic", "e1000e", "e1000e", ["e1000e"], append="e1000e.params=IntMode=1"),
    "e1000e-pin": Case("generic", "e1000e", "e1000e", ["e1000e"], append="pci=nomsi",
                       irq="IR-IO-APIC"),
    "e1000": Case("generic", "e1000", "e1000", ["e1000"], irq="IR-IO-APIC"),
    "e1000e-no-unit": Case("generic", "e1000e", "e1000e", ["e1000e"], unit=None, irq="PCI-MSI",
                           vectors=3),
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def command(args, case, folder, port, forward):
    kernel = next((args.guests / case.kernel / "boot").glob("vmlinuz-*"))
    initrd = folder / "initrd"
    peer = netpeer.build(folder)
    modules = [word for name in ["af_packet", *case.modules] for word in ("--module", name)]
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                    "--guests", args.guests, "--kernel", case.kernel, "--init", HERE / "net-init",
                    "--file", f"{HERE / 'net-dhcp'}:/net-dhcp", "--file", f"{peer}:/bin/net-peer",
                    *modules], check=True)
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}" if args.tier else "tcg",
            "-cpu", "max", "-smp", str(case.cpus), "-m", "512M", "-nographic", "-no-reboot",
            "-nodefaults", "-serial", "stdio"]
    if case.unit:
        line += ["-device", args.unit or case.unit]
    line += ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{forward}-:5000{case.netdev}",
             "-device", f"{case.card},netdev=n0", "-kernel", kernel, "-initrd", initrd, "-append",
             f"console=ttyS0 net.port={port} net.size={args.megabytes << 20} {case.append}".strip()]
    return [str(word) for word in line]


def push(port, data):
    """To the guest's port, once it listens there: before, the connection is closed at once."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


def run(line, log_path, forward, data):
    """The guest's log and the exit status, None for a time-out."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            end = time.monotonic() + TIMEOUT
            while (process.poll() is None and time.monotonic() < end
                   and b"guest: listening" not in log_path.read_bytes()):
                time.sleep(0.05)
            time.sleep(0.2)
            if process.poll() is None:
                push(forward, data)
            status = process.wait(TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            status = None
        finally:
            process.kill()
            process.wait()
    return log_path.read_bytes().decode(errors="replace").replace("\r", ""), status


def problems(case, log, status, data, server):
    wrong = [] if status == 0 else [f"the emulator ended with {status}, not 0"]
    sums = {"received": zlib.crc32(data), "forwarded": zlib.crc32(data), "sent": server.taken}
    for what, expected in sums.items():
        found = re.search(rf"guest: {what} ([0-9a-f]{{8}}) (\d+) bytes", log)
        if not found or (found[1], int(found[2])) != (f"{expected:08x}", len(data)):
            wrong.append(f"{what}: the guest says {found and found[0]}, the host {expected:08x}, "
                         f"{len(data)} bytes")
    for text in (f"guest: card {case.driver} {case.address}", "guest: address 10.0.2.15",
                 "guest: resolver nameserver 10.0.2.3", "guest: done"):
        if text not in log:
            wrong.append(f"'{text}' is missing")
    wrong += kernellog.bad_lines(log, BAD)
    lines = [line for line in re.findall(r"guest: irq +\d+: .*", log) if case.irq in line]
    if len(lines) < case.vectors:
        wrong.append(f"{len(lines)} interrupts of the kind {case.irq}, not {case.vectors} or more")
    return wrong


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--unit", help="-device of the remapping unit, in place of the cases'")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the logs")
    args = taptest.parse(parser, CASES)
    taptest.need(args, ["busybox", *(CASES[name].kernel for name in args.cases)])
    print(f"1..{len(args.cases)}")
    failed = 0
    data = random.Random(1).randbytes(args.megabytes << 20)
    for number, name in enumerate(args.cases, 1):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            logs = args.keep or folder
            logs.mkdir(parents=True, exist_ok=True)
            server, forward = netpeer.Server(data), free_port()
            server.start()
            line = command(args, CASES[name], folder, server.port, forward)
            log, status = run(line, logs / f"net-{name}.log", forward, data)
            wrong = problems(CASES[name], log, status, data, server)
        failed += taptest.report(number, name, wrong, log)
        print("# " + ", ".join(f"{what} in {seconds} s" for what, seconds in re.findall(
            r"guest: (received|sent|forwarded) .* in ([0-9.]+) s", log)))
    return 1 if failed else 0


sys.exit(main())

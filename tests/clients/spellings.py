#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Options as people write them: each line of `spellings` starts the machine, or is refused or warned of
in words that it names. A line is a name, what comes of it, and what is added to `-display none -S`:

    ok              the machine starts and nothing is said
    warns TEXT      it starts, and a warning has TEXT
    refused TEXT    one line on stderr has TEXT, and the status is 1
    needs PATH ...  as the rest says if the host has the file, else the line is passed over

DIR is a folder with disk (1 MiB), disk64 (64 MiB), text (empty), q2.qcow2 where qemu-img is there; KERNEL
a kernel of 32 bytes that does nothing.

Usage: spellings.py --qemu PROGRAM [--update] [NAME ...]. Prints TAP; --update writes what it sees.
"""
import argparse
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest

TABLE = pathlib.Path(__file__).with_name("spellings")
# A Multiboot kernel: its header alone, with addresses, and HLT.
KERNEL = bytes.fromhex("02b0ad1b" "00000100" "fe4f51e4" "00001000" "00001000" "24001000" "24001000"
                       "20001000" "f4ebfdf4")


def rows():
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, wanted, options = line.split("\t")
            yield name, wanted, options


def make_folder(folder):
    (folder / "t").mkdir()
    for name, size in (("disk", 1 << 20), ("disk64", 64 << 20), ("text", 0)):
        with open(folder / name, "wb") as file:
            file.truncate(size)
    (folder / "kernel").write_bytes(KERNEL)
    if shutil.which("qemu-img"):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", folder / "q2.qcow2", "64M"], check=True)


def started(path, program):
    """True once QMP greets; False if the program ended before. A program in the background has another
    process, whose parent ends with 0."""
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            try:
                client.connect(path)
                return b'"QMP"' in client.recv(4096)
            except OSError:
                if program.poll() not in (None, 0):
                    return False
        if program.poll() == 0 and not os.path.exists(path):
            return False
        time.sleep(0.01)


def quit_program(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        while client.recv(4096):
            pass


def seen(qemu, options):
    """What comes of a line, as the table says it, with all that was said."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_folder(folder)
        kernel = str(folder / "kernel")
        given = shlex.split(options.replace("DIR", name).replace("KERNEL", kernel))
        line = [qemu, "-display", "none", "-S", "-qmp", f"unix:{name}/started,server=on,wait=off"]
        if "-bios" not in given and "-kernel" not in given:
            line += ["-kernel", kernel]
        program = subprocess.Popen(line + given, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, cwd=folder)
        try:
            up = started(f"{name}/started", program)
            if up:
                quit_program(f"{name}/started")
            said = program.communicate(timeout=60)[1]
        finally:
            if program.poll() is None:
                program.send_signal(signal.SIGKILL)
        lines = said.replace(name, "DIR").strip().splitlines()
        if not up:
            return "refused " + " | ".join(lines) if program.returncode == 1 and len(lines) == 1 \
                else f"ends with {program.returncode}: " + " | ".join(lines)
        return "warns " + " | ".join(lines) if lines else "ok"


def wrong_with(qemu, wanted, options):
    while wanted.startswith("needs "):
        _, path, wanted = wanted.split(" ", 2)
        if not os.path.exists(path):
            return []
    kind, _, text = wanted.partition(" ")
    got = seen(qemu, options)
    if got.split(" ")[0] == kind and text in got:
        return []
    return [f"{options}: {got}, not {wanted}"]


def update(qemu, names):
    lines = []
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, wanted, options = line.split("\t")
            if not names or name in names:
                wanted = seen(qemu, options)
            line = f"{name}\t{wanted}\t{options}"
        lines.append(line)
    TABLE.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.update:
        update(args.qemu, args.names)
        return 0
    wanted = [row for row in rows() if not args.names or row[0] in args.names]
    print(f"1..{len(wanted)}")
    return 1 if sum([taptest.report(number, name, wrong_with(args.qemu, what, options))
                     for number, (name, what, options) in enumerate(wanted, 1)]) else 0


sys.exit(main())

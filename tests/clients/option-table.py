#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of all options in docs/command-line.md, made from the rows in system/options*.c: what each does,
or why it does nothing. Every row is tried: by a line of `spellings`, where there has to be one; without its
value, which is refused in a line; and with "help" where that is no value, which shows what it takes.

Usage: option-table.py --update, or --check [--qemu PROGRAM]. Prints TAP.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/command-line.md"
BEGIN, END = "<!-- options: made by tests/clients/option-table.py -->", "<!-- end of options -->"
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)+|NULL)'
ROW = re.compile(r'\{"([-\w]+)",\s*(true|false),\s*(\w+)(?:,\s*' + TEXT + r')?(?:,\s*' + TEXT + r')?\},')
# What other options are called for short, or as they once were: no texts of their own.
SAME = {"M": "machine", "h": "help", "hdb": "hda", "hdc": "hda", "hdd": "hda", "fdb": "fda", "sd": "fda", "vnc": "display"}


def text_of(literal):
    if literal in (None, "", "NULL"):
        return ""
    return re.sub(r'\\(.)', r'\1', "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal)))


def rows():
    """(name, takes a value, what it does), sorted."""
    found = {}
    for path in sorted((ROOT / "system").glob("options*.c")):
        source = path.read_text()
        for table in re.findall(r"^(?:static )?const OptRow \w+\[\] = \{$(.*?)^\};$", source, re.M | re.S):
            for name, value, handler, told, why in ROW.findall(table):
                told, why = text_of(told), text_of(why)
                if not told and name in SAME:
                    told = f"as `-{SAME[name]}`"
                elif not told and handler == "NULL":
                    told = f"refused: {why}"
                elif not told and handler == "opt_not_yet":
                    told = "refused: not supported yet"
                elif not told and handler == "opt_accept":
                    told = f"nothing: {why}" if why else ""
                elif not told:
                    told = why
                if name in found:
                    raise SystemExit(f"-{name} has two rows")
                found[name] = (name, value == "true", told)
    return sorted(found.values(), key=lambda row: (row[0].lower(), row[0]))


def table():
    lines = [BEGIN, "| option | what it does |", "|---|---|"]
    for name, value, told in rows():
        told = told.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `-{name}{' VALUE' if value else ''}` | {told} |")
    return "\n".join(lines + [END])


def with_table(page):
    return re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: table(), page, flags=re.S)


def agrees(_):
    page = PAGE.read_text()
    if BEGIN not in page or with_table(page) != page:
        yield "docs/command-line.md is not what the code says; option-table.py --update writes it"
    for name, _, told in rows():
        if not told:
            yield f"-{name}: nothing says what it does, or why nothing"


def is_tried(_):
    lines = (ROOT / "tests/clients/spellings").read_text().split()
    words = set(lines) | {"-display", "-h", "-help", "-version"}
    for name, _, _ in rows():
        if f"-{name}" not in words:
            yield f"-{name}: no line of spellings has it"


def run(qemu, *options, fds=()):
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([qemu, *options], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, pass_fds=fds)


def needs_value(qemu):
    for name, value, _ in rows():
        if value:
            done = run(qemu, f"-{name}")
            if done.returncode != 1 or len(done.stderr.splitlines()) != 1:
                yield f"-{name} without its value: {done.returncode}, {done.stderr!r}"


def shows_help(qemu):
    for option in ("-machine", "-device", "-cpu", "-accel", "-object", "-chardev", "-netdev", "-nic", "-audiodev", "-d", "-trace",
                   "-L", "-boot", "-numa", "-smp", "-m", "-vga", "-lint", "-rtc", "-action"):
        for word in ("help", "?") if option != "-L" else ("help",):  # "?" is a folder's name
            done = run(qemu, option, word)
            if done.returncode or done.stderr or not done.stdout:
                yield f"{option} {word}: {done.returncode}, {done.stderr!r}, {done.stdout!r}"
    for option, word in (("-machine", "q35,help"), ("-device", "e1000,help"), ("-object", "rng-random,help")):
        done = run(qemu, option, word)
        if done.returncode or " options:" not in done.stdout:
            yield f"{option} {word}: {done.returncode}, {done.stderr!r}"


def takes_fds(qemu):
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 20)
        fd = file.fileno()
        line = ["-display", "none", "-nodefaults", "-accel", "qtest", "-qmp", "stdio", "-add-fd", f"fd={fd},set=2",
                "-drive", "file=/dev/fdset/2,format=raw,if=virtio"]
        talk = '{"execute":"qmp_capabilities"}{"execute":"query-block"}{"execute":"query-fdsets"}' \
               '{"execute":"remove-fd","arguments":{"fdset-id":2}}{"execute":"query-fdsets"}{"execute":"quit"}'
        done = subprocess.run([qemu, *line], input=talk, capture_output=True, text=True, timeout=60, pass_fds=[fd])
        lists = re.findall(r'"fdset-id"', done.stdout)
        if done.returncode or done.stderr or f"/fd/{fd}" not in done.stdout or len(lists) != 1 or '"error"' in done.stdout:
            yield f"-add-fd: {done.returncode}, {done.stderr!r}, {done.stdout!r}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.update:
        PAGE.write_text(with_table(PAGE.read_text()))
        return 0
    cases = {"the table in docs/command-line.md": agrees, "each row is tried": is_tried}
    if args.qemu:
        cases |= {"a value that is missing": needs_value, "help": shows_help, "files of a set": takes_fds}
    qemu = os.path.abspath(args.qemu) if args.qemu else None
    print(f"1..{len(cases)}")
    return 1 if sum([taptest.report(number, name, list(check(qemu)))
                     for number, (name, check) in enumerate(cases.items(), 1)]) else 0


sys.exit(main())

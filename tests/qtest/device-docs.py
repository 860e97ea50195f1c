#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds docs/devices/ to what the program has. Each device of `-device help` is in a group, has a page
that names it, each of its own properties, and the files that it is made of; and an example command
line that starts. The board's own devices have pages too, without examples.

An example is a line of a ```sh block that starts with qemu-system-x86_64 (\\ goes on on the next). It is
run in a folder with an empty 64 MiB `disk.raw` and `two.raw`, with -accel qtest, no screen and stopped;
the test asks QMP for the device and ends it. Prints TAP.

Usage: device-docs.py --qemu PROGRAM --root FOLDER
"""
import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

PROGRAM = "qemu-system-x86_64"
# Properties of a bus or transport, told once: docs/devices/{pci,virtio}.md.
OF_THE_BUS = {"addr", "bus", "multifunction", "disable-legacy", "disable-modern", "iommu_platform",
              "event_idx", "indirect_desc", "ioeventfd", "vectors"}


def run(*line):
    return subprocess.run(line, capture_output=True, text=True, timeout=60).stdout


def listed(qemu):
    """(group, name, aliases) of each device."""
    group, rows = None, []
    for line in run(qemu, "-device", "help").splitlines():
        if found := re.match(r'name "([^"]+)"(?:.*alias "([^"]+)")?', line):
            rows.append((group, found[1], [name for name in found.groups() if name]))
        elif line.endswith(":"):
            group = line[:-1]
    return rows


def properties(qemu, name):
    text = run(qemu, "-device", f"{name},help")
    return set(re.findall(r"^  ([\w-]+)=<", text, re.M)) - OF_THE_BUS


def examples(text):
    """Command lines in blocks of code, as words; a block that is a shell's session has prompts."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    blocks += re.findall(r"(?:^ {4,}\S.*\n)+", text, re.M)
    lines = [line.strip().removeprefix("$ ")
             for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in dict.fromkeys(lines)
            if line.startswith(PROGRAM + " ") and not line.endswith("...")]


def creates(line, names):
    devices = [word.split(",")[0] for option, word in zip(line, line[1:]) if option == "-device"]
    return any(name in devices for name in names)


def starts(qemu, line, folder):
    """Runs an example; what is wrong, or nothing."""
    where = pathlib.Path(folder)
    for name in ("disk.raw", "two.raw"):
        with open(where / name, "wb") as disk:
            disk.truncate(64 << 20)
    asked = "".join(json.dumps({"execute": name}) + "\n"
                    for name in ("qmp_capabilities", "query-status", "quit"))
    done = subprocess.run([qemu, *line, "-accel", "qtest", "-display", "none", "-S", "-qmp", "stdio"],
                          input=asked, capture_output=True, text=True, timeout=60, cwd=folder)
    if done.returncode or '"running"' not in done.stdout:
        return f"status {done.returncode}: {done.stderr.strip()}"
    return done.stderr.strip()


def complaints(qemu, pages, group, name, names):
    mine = {page: text for page, text in pages.items() if any(f"`{n}`" in text for n in names)}
    if not group:
        return ["it is in no group"]
    if not mine:
        return [f"no page of docs/devices names `{name}`"]
    text = "\n".join(mine.values())
    wrong = [f"no page says what {prop} does" for prop in sorted(properties(qemu, name))
             if not re.search(rf"`{re.escape(prop)}[`=]", text)]
    wrong += [] if re.search(r"`hw/[\w/*{},.-]+`", text) else ["no page names its files"]
    shown = [line for line in examples(text) if creates(line, names)]
    wrong += [] if shown else ["no page has an example command line with it"]
    for line in shown:
        with tempfile.TemporaryDirectory() as folder:
            said = starts(qemu, line, folder)
        wrong += [f"{shlex.join(line)}: {said}"] if said else []
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.qemu = str(pathlib.Path(args.qemu).resolve())
    pages = {page.name: page.read_text() for page in (args.root / "docs/devices").glob("*.md")}
    rows = listed(args.qemu)
    print(f"1..{len(rows)}")
    failed = 0
    for number, (group, name, names) in enumerate(rows, 1):
        wrong = complaints(args.qemu, pages, group, name, names)
        failed += bool(wrong)
        print("ok" if not wrong else "not ok", number, "-", name)
        print("".join(f"# {line}\n" for line in wrong), end="", flush=True)
    sys.exit(bool(failed or not rows))


main()

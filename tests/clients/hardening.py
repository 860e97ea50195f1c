#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How the program is linked, and what of its memory can be executed while a machine runs: nothing that can be
written, and none of the guest's. Prints TAP.

Usage: hardening.py --qemu PROGRAM
"""
import argparse
import re
import subprocess
import sys
import time

RAM = 96 << 20
TIERS = ["interp", "jit"]


def linked(qemu):
    """What readelf does not show of a hardened program."""
    text = subprocess.run(["readelf", "-hldW", qemu], capture_output=True, text=True, check=True).stdout
    wants = {"a position-independent program": r"Type:\s+DYN",
             "RELRO": r"GNU_RELRO", "all of it (BIND_NOW)": r"BIND_NOW|Flags:.*NOW",
             "a stack that is not executed": r"GNU_STACK\s.*\sRW\s"}
    wrong = [f"not {what}" for what, pattern in wants.items() if not re.search(pattern, text)]
    segments = re.findall(r"^\s+LOAD\s.*\s([R ][W ][E ])\s+0x", text, re.M)
    if not segments or any("W" in flags and "E" in flags for flags in segments):
        wrong.append(f"a segment is written and executed: {segments}")
    return wrong


def mappings(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            first, last, flags, rest = re.match(r"(\w+)-(\w+) (\S+) (.*)", line).groups()
            yield int(last, 16) - int(first, 16), flags, rest


def running(qemu, tier):
    with subprocess.Popen([qemu, "-M", "q35", "-accel", f"tcg,tier={tier}", "-m", str(RAM >> 20), "-display",
                           "none", "-nodefaults"], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as program:
        time.sleep(1)  # firmware runs, and is translated
        rows = list(mappings(program.pid))
        program.terminate()
    wrong = [f"written and executed: {row}" for row in rows if "w" in row[1] and "x" in row[1]]
    wrong += [f"executed, and of nobody's file: {row}" for row in rows if "x" in row[1] and
              not re.search(r" /(?!memfd)|/memfd:host code|\[v(dso|syscall)\]", row[2])]
    ram = [row for row in rows if row[0] >= RAM and row[1].startswith("rw") and "/" not in row[2]]
    wrong += [] if ram else ["the guest's memory was not found"]
    host_code = [row[1][:3] for row in rows if "host code" in row[2]]
    if tier == "jit" and sorted(host_code) != ["r-x", "rw-"]:
        wrong.append(f"the translator's code has not its two mappings: {host_code}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    args = parser.parse_args()
    cases = {"linked": lambda: linked(args.qemu)}
    cases.update({f"mappings, {tier}": lambda tier=tier: running(args.qemu, tier) for tier in TIERS})
    print(f"1..{len(cases)}")
    failed = 0
    for n, (name, case) in enumerate(cases.items(), 1):
        wrong = case()
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {n} - {name}")
        print("".join(f"# {line}\n" for line in wrong), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs guest replay under -icount in several ways; what it prints has to be what replay.txt has, wherever the
program was built and runs. Prints TAP.

Usage: replay-test.py PROGRAM IMAGE EXPECTED [--print]; with --print, what EXPECTED should be.
"""
import pathlib
import subprocess
import sys

WAYS = {"1 vCPU": ["-smp", "1"], "4 vCPUs": ["-smp", "4"], "4 vCPUs, seed 5": ["-smp", "4", "-seed", "5"],
        "8 vCPUs, shift 3": ["-smp", "8", "-icount", "3,sleep=off"]}
TIERS = ["interp", "jit,hot=0", "jit"]


def lines(program, image, tier, options):
    run = subprocess.run([program, "-machine", "q35", "-accel", f"tcg,tier={tier}", "-cpu", "Haswell", "-m", "32M",
                          "-icount", "0,sleep=off", "-nographic", "-monitor", "none", "-no-reboot",
                          *options, "-kernel", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, timeout=100, check=False)  # alone, it starts nobody: a warning
    text = run.stdout.decode(errors="replace").replace("\r", "")
    return text if run.returncode == 0 else f"{text}{run.stderr.decode()}exit status {run.returncode}\n"


def main():
    program, image, expected, *rest = sys.argv[1:]
    if rest:
        print("".join(f"{way}:\n{lines(program, image, TIERS[0], options)}" for way, options in WAYS.items()), end="")
        return 0
    want, failed, number = pathlib.Path(expected).read_text(), 0, 0
    print(f"1..{len(WAYS) * len(TIERS)}")
    for way, options in WAYS.items():
        for tier in TIERS:
            got = f"{way}:\n{lines(program, image, tier, options)}"
            good = got in want and got.endswith("guest: done\n")
            number, failed = number + 1, failed + (not good)
            print(f"{'ok' if good else 'not ok'} {number} {way}, {tier}")
            if not good:
                print("# " + got.replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a bare-metal guest on one tier; passes if it says "guest: done", never "guest: FAIL", and ends by itself.

Usage: run-guest.py PROGRAM TIER IMAGE [OPTION]...; TIER is what follows -accel tcg,
"""
import subprocess
import sys

program, tier, image, *options = sys.argv[1:]
command = [program, "-machine", "q35", "-accel", f"tcg,{tier}", "-m", "128M", "-nographic", "-no-reboot",
           *options, "-kernel", image]
try:
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=100)
    out, status = run.stdout, run.returncode
except subprocess.TimeoutExpired as late:
    out, status = late.stdout or b"", "none: it ran too long"
text = out.decode(errors="replace")
print(text)
good = status == 0 and "guest: done" in text and "guest: FAIL" not in text
if not good:
    print(f"# exit status {status}\n# command: {' '.join(command)}")
sys.exit(0 if good else 1)

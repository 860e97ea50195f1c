#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a bare-metal guest on one tier; passes if it ends by itself and says "guest: done", never "guest: FAIL".

Usage: run-guest.py [--fails=TEXT | --lint=RULE]... PROGRAM TIER IMAGE [OPTION]...; TIER is what follows -accel tcg,
With --fails it has to say just these after "guest: FAIL ", in this order. Of lint's rules it has to break just those
of --lint.
"""
import re
import subprocess
import sys

args = sys.argv[1:]
wanted = [a.removeprefix("--fails=") for a in args if a.startswith("--fails=")]
rules = {a.removeprefix("--lint=") for a in args if a.startswith("--lint=")}
program, tier, image, *options = [a for a in args if not a.startswith(("--fails=", "--lint="))]
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
failures = re.findall(r"guest: FAIL ([^\r\n]*)", text)
ended = ("guest: ended with failures" if wanted else "guest: done") in text
broken = set(re.findall(r"lint: [^:\n]+: ([a-z0-9-]+): ", text))
if broken != rules:
    print(f"# rules of lint broken: {sorted(broken)}; expected: {sorted(rules)}")
good = status == 0 and ended and failures == wanted and broken == rules
if not good:
    print(f"# exit status {status}\n# command: {' '.join(command)}")
sys.exit(0 if good else 1)

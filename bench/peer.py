# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks share: the two programs, guests' files, and runs in turn."""
import os
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = os.environ.get("PEER", "/usr/bin/qemu-system-x86_64")


def ours(build):
    return str(build / "qemu-system-x86_64")


def version(program):
    run = subprocess.run([program, "--version"], capture_output=True, text=True)
    return run.stdout.split("\n")[0]


def fetch(build, *names):
    subprocess.run([ROOT / "scripts" / "fetch-guests", build / "guests", *names], check=True)


def initramfs(build, target, kernel, init, *options):
    subprocess.run([ROOT / "scripts" / "make-initramfs", target, "--guests", build / "guests",
                    "--kernel", kernel, "--init", init, *options], check=True)
    return target


def kernel_image(build, kernel):
    return next((build / "guests" / kernel / "boot").glob("vmlinuz-*"))


def until(program, line, mark, env=None):
    """Starts a guest; seconds until a line with `mark`, the lines till then, each as (seconds, text),
    and the process."""
    start = time.monotonic()
    process = subprocess.Popen([program, *map(str, line)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    lines = []
    for raw in process.stdout:
        lines.append((time.monotonic() - start, raw.decode(errors="replace").rstrip()))
        if mark in lines[-1][1]:
            return lines[-1][0], lines, process
    process.wait()
    return None, lines, process


def alternate(programs, runs, once):
    """`once(program)` for each program in turn, `runs` times; a list of results a program."""
    results = {program: [] for program in programs}
    for _ in range(runs):
        for program in programs:
            results[program].append(once(program))
    return results


def median(values):
    return statistics.median(values)

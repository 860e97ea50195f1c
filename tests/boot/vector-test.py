#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector instructions under a real kernel: what programs compute with AVX, and what they do without.

tests/boot/vector.c is compiled for x86-64 and for x86-64-v3; in the guest both must print what the
first prints on the host. OpenSSL and the C library choose their code by the CPU's flags, and must
agree with busybox, which does not. A case is a CPU and how many of it. Prints TAP.

Usage: vector-test.py --qemu PROGRAM --guests FOLDER [--tier TIER] [CASE]...
"""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import taptest

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "600"))
LIB = "lib/x86_64-linux-gnu"
V3 = {"avx", "avx2", "fma", "bmi1", "bmi2", "abm", "movbe", "f16c"}
BAD = [r"guest: FAIL", r"guest: log", r"Kernel panic", r"Call Trace"]
# The -cpu, the number of CPUs, the flags that the guest has and those that it has not.
CASES = {
    "max-1": ("max", 1, V3, set()),
    "max-2": ("max", 2, V3, set()),
    "no-xsaves": ("max,-xsaves,-xsavec", 1, V3 | {"xsaveopt"}, {"xsaves"}),
    "no-avx2": ("max,-avx2", 1, {"avx", "fma", "bmi2"}, {"avx2"}),
    "no-avx": ("max,-avx", 1, {"bmi2", "xsave"}, V3 - {"bmi1", "bmi2", "abm", "movbe"}),
    "no-xsave": ("max,-xsave", 1, {"bmi2"}, {"avx", "fma", "xsave"}),
    "haswell": ("Haswell", 1, V3, {"adx"}),
}


def compile_programs(folder):
    """The two programs, and the digest of what they are to print."""
    programs = {}
    for level in ("x86-64", "x86-64-v3"):
        programs[level] = folder / f"vector-{level}"
        subprocess.run([os.environ.get("CC", "gcc").split()[-1], "-O3", "-ffp-contract=off",
                        "-static", f"-march={level}", "-o", programs[level], HERE / "vector.c",
                        "-lm"], check=True)
    output = subprocess.run([programs["x86-64"]], check=True, stdout=subprocess.PIPE).stdout
    return programs, hashlib.sha256(output).hexdigest()


def make_initramfs(args, folder, programs):
    tools = args.guests / "tools"
    files = [(program, f"bin/vector-{level}") for level, program in programs.items()]
    if (tools / "usr/bin/openssl").exists():
        files += [(tools / "usr/bin/openssl", "usr/bin/openssl"),
                  (tools / LIB / "ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2"),
                  (tools / LIB / "libc.so.6", f"{LIB}/libc.so.6"),
                  (tools / "usr" / LIB / "libssl.so.3", f"usr/{LIB}/libssl.so.3"),
                  (tools / "usr" / LIB / "libcrypto.so.3", f"usr/{LIB}/libcrypto.so.3")]
    target = folder / "vector.cpio"
    pairs = [word for host, guest in files for word in ("--file", f"{host}:{guest}")]
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", target,
                    "--guests", args.guests, "--kernel", "cloud", "--init", HERE / "vector-init",
                    *pairs], check=True)
    return target


def boot(args, initramfs, cpu, count):
    kernel = next((args.guests / "cloud" / "boot").glob("vmlinuz-*"))
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", cpu,
            "-smp", count, "-m", "512M", "-nographic", "-no-reboot", "-kernel", kernel,
            "-initrd", initramfs, "-append", "console=ttyS0 quiet"]
    return subprocess.run([str(word) for word in line], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT).stdout.decode(errors="replace").replace("\r", "")


def problems(log, digest, wanted, unwanted):
    """Everything that is wrong with a run, one line each."""
    wrong = [f"bad line: {line.strip()}" for pattern in BAD for line in log.splitlines()
             if re.search(pattern, line)]
    if "guest: done" not in log:
        wrong.append("the guest did not come to its end")
    found = re.search(r"^guest: flags (.*)", log, re.MULTILINE)
    flags = set(found.group(1).split()) if found else set()
    if wanted - flags:
        wrong.append(f"the guest lacks {', '.join(sorted(wanted - flags))}")
    if unwanted & flags:
        wrong.append(f"the guest has {', '.join(sorted(unwanted & flags))}")
    runs = re.findall(r"^guest: vector (\S+) ([0-9a-f]{64})", log, re.MULTILINE)
    if len(runs) != (6 if "avx2" in flags else 3):
        wrong.append(f"{len(runs)} programs ran")
    wrong += [f"{name} computes something else" for name, seen in runs if seen != digest]
    for kind in ("RSA", "EC"):
        if f"guest: {kind}" in log and f"guest: {kind} Verified OK" not in log:
            wrong.append(f"an {kind} signature is wrong")
    return wrong


def main():
    parser = taptest.options(CASES)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the logs")
    args = taptest.parse(parser, CASES)
    taptest.need(args, ["busybox", "cloud"])
    host = set(re.search(r"^flags.*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(),
                         re.MULTILINE).group(1).split())
    failed = 0
    print(f"1..{len(args.cases)}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        programs, digest = compile_programs(folder)
        initramfs = make_initramfs(args, folder, programs)
        for number, name in enumerate(args.cases, 1):
            cpu, count, wanted, unwanted = CASES[name]
            if (V3 & wanted) - host:
                print(f"ok {number} {name} # SKIP the host lacks "
                      f"{', '.join(sorted((V3 & wanted) - host))}")
                continue
            log = boot(args, initramfs, cpu, count)
            if args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / f"vector-{name}.log").write_text(log)
            wrong = problems(log, digest, wanted, unwanted)
            failed += taptest.report(number, name, wrong, log)
    return 1 if failed else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's gdb at the other end of the gdb server: its own words on what it saw. Prints TAP.

Usage: gdb-test.py --qemu PROGRAM --tier TIER --guest IMAGE --real IMAGE --corrupt IMAGE --guests FOLDER [CASE]...
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import rsp

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = ["set pagination off", "set confirm off", "set width 0"]


def gdb(emulator, commands, program=None):
    """What gdb prints for these commands, once it is connected."""
    emulator.client().close()  # there is something to connect to
    words = ["gdb", "-nx", "-batch"]
    for command in [*SETTINGS, f"target remote {emulator.path}", *commands]:
        words += ["-ex", command]
    done = subprocess.run([*words, *([str(program)] if program else [])], text=True, timeout=rsp.SECONDS,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def wants(out, *patterns):
    """The patterns, one after another."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.M).search(out, at)
        if not found:
            raise AssertionError(f"no '{pattern}' after {at} in:\n{out}")
        at = found.end()


def source_level(args, folder):
    """Names, lines, arguments, a condition, a watchpoint, finish, threads, and a variable set."""
    emulator = rsp.Emulator(args.qemu, args.tier, folder, args.guest, ["-S", "-smp", "8"])
    yield emulator
    out = gdb(emulator, [
        "break count_round if cpu == 5 && round == 7", "continue", "backtrace 2", "print rounds[5]",
        "finish", "info threads", "delete", "watch precious", "continue", "continue", "delete",
        "print/x $cr0 & 1", "print $_thread", "monitor info status", "print rounds_left = 0",
        "detach"], args.guest)
    wants(out, r"Breakpoint 1, count_round \(cpu=.*5, round=.*7\)", r"#1 .* go_round \(\)", r"= 7$",
          r"Value returned is .* = 8", r"Thread 1\.8 \(CPU#7, APIC id 7", r"Hardware watchpoint 2: precious",
          r"Old value = 23294", r"New value = \d+000", r"spoil \(with", r"New value = \d+000", r"= 0x1$",
          r"= 2$", r"VM status: paused", r"= 0$", r"detached")
    if emulator.process.wait(rsp.SECONDS) != 0 or "guest: done" not in emulator.serial():
        raise AssertionError(f"the guest did not end after the debugger had left: {emulator.serial()}")


def real_mode(args, folder):
    """A kernel that stays in real mode: a breakpoint by linear address, and steps of 16-bit code."""
    emulator = rsp.Emulator(args.qemu, args.tier, folder, args.real, ["-S"])
    yield emulator
    out = gdb(emulator, ["stepi", "print/x $cr0 & 1", "print/x $cs_base + $pc", "print/x $cs * 16 == $cs_base",
                         "print $instructions", "stepi 3", "print $instructions"])
    wants(out, r"= 0x0$", r"= 0x[0-9a-f]+$", r"= 0x1$", r"= 1$", r"= 4$")


def wait_for(emulator, pattern):
    """The match, once the guest's serial line has it."""
    end = time.monotonic() + rsp.SECONDS
    while not (found := re.search(pattern, emulator.serial())):
        if time.monotonic() > end or emulator.process.poll() is not None:
            raise AssertionError(f"no '{pattern}' in: {emulator.serial()[-500:]}")
        time.sleep(0.05)
    return found


def linux(args, folder):
    """Debian's kernel, running when gdb comes; then it goes on as if nothing had been."""
    initrd = pathlib.Path(folder) / "initrd"
    subprocess.run([HERE.parents[1] / "scripts" / "make-initramfs", initrd, "--guests", args.guests,
                    "--kernel", "cloud", "--init", HERE / "init"], check=True)
    emulator = rsp.Emulator(args.qemu, args.tier, folder, next(pathlib.Path(args.guests, "cloud/boot").glob("vmlinuz-*")),
                            ["-smp", "4", "-cpu", "max", "-m", "512M", "-device", "intel-iommu", "-initrd", initrd,
                             "-append", "console=ttyS0 quiet panic=-1 intel_iommu=on"])
    yield emulator
    symbols = {name: "0x" + wait_for(emulator, rf"guest: (\w+) . {name}")[1]
               for name in ("jiffies_64", "do_sys_openat2")}
    out = gdb(emulator, [
        f"break *{symbols['do_sys_openat2']}", f"watch *(unsigned long *){symbols['jiffies_64']}",
        "disable 1", "continue", "continue", "disable 2", "enable 1", "continue", "print $pc", "info threads",
        "print (char[12])*(char *)$rsi", "print $gs_base != 0", "monitor info status", "delete", "detach"])
    wants(out, r"Hardware watchpoint 2", r"Old value = (\d+)", r"New value = \d+", r"New value = \d+",
          r"hit Breakpoint 1, ", rf"= .*{symbols['do_sys_openat2']}", r"Thread 1\.4", r'= "/', r"= 1$",
          r"status: paused", r"detached")
    ticks = int(re.findall(r"guest: tick (\d+)", emulator.serial())[-1])
    wait_for(emulator, rf"guest: tick {ticks + 2}\b")


def corrupt(args, folder):
    """corrupt.gdb: from a lost interrupt back to the store that spoiled its entry."""
    emulator = rsp.Emulator(args.qemu, args.tier, folder, args.corrupt, [
        "-S", "-icount", "shift=0,sleep=off,checkpoint-every=500000", "-device",
        "intel-iommu,intremap=on,eim=on", "-device", "edu,id=edu"])
    yield emulator
    out = gdb(emulator, [f"source {HERE / 'corrupt.gdb'}"], args.corrupt)
    if not re.search(r"stopped by break-intr: #\d+ edu .* its entry is not present \(22h\)", out):
        raise AssertionError(f"the loss is not named in:\n{out}")
    wants(out, r"SIGTRAP", r"faults with 22h", r"Hardware watchpoint 1", r"New value = 5308417$",
          r"#0 .* finish_job \(", r"#1 .* work \(round=12\)", r"\$1 = \{low = 0x510001, high = 0x40008\}", r"=> .*finish_job\+\d+>:\s+mov ",
          r"\$2 = \{low = 0x[0-9a-f]{10,}, high = 0x40008\}")


CASES = {"source-level": source_level, "real-mode": real_mode, "corrupt": corrupt, "linux": linux}


def why_not(args, name):
    if not shutil.which("gdb"):
        return "there is no gdb; scripts/setup --tests installs it"
    missing = [guest for guest in ("cloud", "busybox")
               if not pathlib.Path(args.guests, guest, ".complete").exists()]
    if name == "linux" and missing:
        return f"not there: 'scripts/fetch-guests {args.guests} {' '.join(missing)}' gets it"
    return ""


def run_case(args, case):
    with tempfile.TemporaryDirectory() as folder:
        steps = case(args, folder)
        emulator = next(steps)
        try:
            next(steps, None)
            return ""
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        finally:
            emulator.end()


sys.exit(rsp.run(CASES, ("--qemu", "--tier", "--guest", "--real", "--corrupt", "--guests"), run_case, why_not))

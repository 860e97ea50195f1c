#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The host fails: each call of a run, in turn, fails once, or from then on. The emulator ends with one clear
line, or goes on; it does not crash, hang, or say what only its makers understand. Then a host that is short of
something: files, memory, room on a disk. Prints TAP.

Usage: hostfail.py --qemu PROGRAM --library FAIL.SO [--count N | --all] [CALL:N[:on]]...
"""
import argparse
import errno
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = "qemu-system-x86_64: "
TIMEOUT = 30
FIRST = 10000
# What the manual pages say that each fails with.
ERRORS = {"open": errno.EMFILE, "open64": errno.EMFILE, "fopen": errno.EACCES, "fclose": errno.ENOSPC,
          "read": errno.EIO, "write": errno.ENOSPC, "pread": errno.EIO, "preadv": errno.EIO,
          "pwritev": errno.ENOSPC, "lseek": errno.EIO, "fstat": errno.EIO, "fdatasync": errno.EIO,
          "fallocate": errno.EOPNOTSUPP, "ftruncate": errno.ENOSPC, "mmap": errno.ENOMEM,
          "madvise": errno.EINVAL, "memfd_create": errno.ENOSYS, "socket": errno.EMFILE,
          "bind": errno.EADDRINUSE, "listen": errno.EADDRINUSE, "connect": errno.ECONNREFUSED,
          "accept4": errno.ECONNABORTED, "send": errno.ECONNRESET, "socketpair": errno.EMFILE,
          "fork": errno.EAGAIN, "timerfd_create": errno.EMFILE, "timerfd_settime": errno.EINVAL,
          "getrandom": errno.EAGAIN, "rename": errno.EXDEV, "unlink": errno.EBUSY}
COMMANDS = ["qmp_capabilities", "query-status", "savevm one", "pmemsave 0 4096 {folder}/memory",
            "screendump {folder}/screen.ppm", "system_reset", "loadvm one", "info snapshots", "delvm one",
            "info block", "quit"]


def commands(folder):
    lines = []
    for text in COMMANDS:
        text = text.format(folder=folder)
        if text.replace("-", "_").replace("_", "").isalpha() and text != "quit" or text == "quit":
            lines.append('{"execute": "%s"}' % text)
        else:
            lines.append('{"execute": "human-monitor-command", "arguments": {"command-line": "%s"}}' % text)
    return "\n".join(lines) + "\n"


def machine(qemu, folder):
    """All that opens something: disks, logs, a recording of interrupts, sockets, a screen."""
    disk = folder / "disk"
    if not disk.exists():
        disk.write_bytes(bytes(1 << 20))
    return [qemu, "-M", "q35", "-m", "32M", "-display", "none", "-vga", "std", "-qmp", "stdio",
            "-drive", f"file={disk},format=raw,if=virtio", "-serial", f"file:{folder / 'serial'}",
            "-D", folder / "log", "-d", "guest_errors,int", "-journal", f"file={folder / 'journal'}",
            "-snapshots", folder, "-netdev", "socket,id=n,listen=127.0.0.1:0", "-device", "e1000e,netdev=n",
            "-chardev", f"socket,id=s,path={folder / 'socket'},server=on,wait=off",
            "-pidfile", folder / "pid", "-device", "virtio-rng-pci"]


def run(line, folder, environment=None, stdout=subprocess.DEVNULL, limits=None):
    done = subprocess.Popen([str(word) for word in line], stdin=subprocess.PIPE, stdout=stdout,
                            stderr=subprocess.PIPE, text=True, preexec_fn=limits,
                            env={**os.environ, **(environment or {})})
    try:
        _, errors = done.communicate(commands(folder), timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        # A monitor that can't be read any more cannot end the machine; signals can.
        done.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        done.send_signal(signal.SIGTERM)
        try:
            _, errors = done.communicate(timeout=TIMEOUT)
            return (0 if done.returncode == -signal.SIGTERM else done.returncode), errors
        except subprocess.TimeoutExpired:
            done.kill()
            done.communicate()
            return "hangs", ""
    return done.returncode, errors


def wrong_with(status, errors):
    lines = [line for line in errors.splitlines() if line]
    if status == "hangs":
        return "hangs"
    if status < 0 or status > 1:
        return f"status {status}: {errors[-300:]}"
    if status == 1 and not lines:
        return "ends with status 1 and says nothing"
    strange = [line for line in lines if not line.startswith(PROGRAM)]
    return f"says '{strange[0]}'" if strange else ""


def counts(args):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        status, errors = run(machine(args.qemu, folder), folder,
                             {"LD_PRELOAD": args.library, "HOSTFAIL_COUNTS": str(folder / "counts")})
        if wrong_with(status, errors) or status != 0:
            sys.exit(f"hostfail: the run that nothing fails in does: {status} {errors}")
        return {name: int(count) for name, count in
                (row.split() for row in (folder / "counts").read_text().splitlines())}


def fail(args, case):
    name, nth, *more = case.split(":")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        environment = {"LD_PRELOAD": args.library, "HOSTFAIL": f"{name}:{nth}:{ERRORS[name]}"}
        if more:
            environment["HOSTFAIL_ON"] = "1"
        return wrong_with(*run(machine(args.qemu, folder), folder, environment))


def choose(args):
    if args.cases:
        return args.cases
    all_cases = [f"{name}:{n}{end}" for name, count in counts(args).items()
                 for n in range(1, min(count, FIRST) + 1) for end in ("", ":on")]
    if args.all:
        return all_cases
    # Of what is called a thousand times not only that: the first calls of each, then any.
    few = [case for case in all_cases if int(case.split(":")[1]) <= 3]
    rest = sorted(set(all_cases) - set(few))
    drawn = random.Random(1)
    chosen = few if len(few) <= args.count else drawn.sample(few, args.count)
    return chosen + drawn.sample(rest, min(len(rest), args.count - len(chosen)))


# A host that is short of something. Each gives the limits or another command line.

def limit(what, value):
    return lambda: resource.setrlimit(what, (value, value))


def short_of(args):
    def with_line(change, **others):
        def case(folder):
            return wrong_with(*run(change(machine(args.qemu, folder)), folder, **others))
        return case

    def same(line):
        return line

    def on_full(option, text):
        def change(line):
            line = list(line)
            line[line.index(option) + 1] = text
            return line
        return with_line(change)

    def closed_stdout(folder):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return wrong_with(*run(machine(args.qemu, folder), folder, stdout=writer))
        finally:
            os.close(writer)

    def ended_any_time(number):
        def case(folder):
            for n in range(5):
                program = subprocess.Popen([str(word) for word in machine(args.qemu, folder)],
                                           stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE, text=True)
                time.sleep(0.05 * n)
                program.send_signal(number)
                _, errors = program.communicate(timeout=TIMEOUT)
                if program.returncode not in (0, -number) or wrong_with(0, errors):
                    return f"after {50 * n} ms: status {program.returncode}: {errors}"
            return ""
        return case

    return {"8 files": with_line(same, limits=limit(resource.RLIMIT_NOFILE, 8)),
            "32 files": with_line(same, limits=limit(resource.RLIMIT_NOFILE, 32)),
            "no memory": with_line(same, limits=limit(resource.RLIMIT_AS, 100 << 20)),
            "files of 4 KiB": with_line(same, limits=lambda: (
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))),
            "-D on a full disk": on_full("-D", "/dev/full"),
            "-serial on a full disk": on_full("-serial", "file:/dev/full"),
            "-journal on a full disk": on_full("-journal", "file=/dev/full"),
            "stdout closed": closed_stdout,
            "SIGTERM": ended_any_time(signal.SIGTERM),
            "SIGKILL": ended_any_time(signal.SIGKILL)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("cases", nargs="*", metavar="CALL:N[:on]")
    args = parser.parse_args()
    cases = choose(args)
    others = {} if args.cases else short_of(args)
    print(f"1..{len(cases) + len(others)}")
    failed = 0
    for n, case in enumerate([*cases, *others], 1):
        if case in others:
            with tempfile.TemporaryDirectory() as temporary:
                wrong = others[case](pathlib.Path(temporary))
        else:
            wrong = fail(args, case)
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {n} - {case}", flush=True)
        if wrong:
            print("\n".join(f"# {line}" for line in wrong.splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

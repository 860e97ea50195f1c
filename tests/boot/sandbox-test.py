#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which system calls the machine's process makes once it is set up, as strace(1) sees them: none but those of
the sandbox's table, and each of the table's rules by one run or another. Prints TAP.

Usage: sandbox-test.py --qemu PROGRAM --guests FOLDER [--tier TIER]
"""
import json
import os
import pathlib
import re
import signal
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import taptest

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "system" / "sandbox_filter.c"
AT_MOST = 26
TIMEOUT = 300


def rules():
    """Names of calls: those that all machines may make, and those of networks of users."""
    text = TABLE.read_text().split("rules[] = {")[1].split("\n};")[0]
    rows = re.findall(r"\{CALL\((\w+)\)(?:, (\w+))?", text)
    base = {name for name, where in rows if where != "SANDBOX_USER_NET"}
    return base, {name for name, where in rows if where == "SANDBOX_USER_NET"}


def calls_of(log):
    """Calls after the filter was loaded that were made, and those that were trapped."""
    made, trapped, last, after = set(), set(), None, False
    for line in log.read_text(errors="replace").splitlines():
        if "seccomp(SECCOMP_SET_MODE_FILTER, " in line and line.rstrip().endswith("= 0"):
            after = True
        elif after and (found := re.match(r"(\w+)\(", line)):
            made |= {last} if last else set()
            last = found.group(1)
        elif after and "SIGSYS" in line and last:
            trapped.add(last)
            last = None
    return made | ({last} if last else set()), trapped


def wrapper(folder, qemu, name, extra=""):
    """A program to start instead of the emulator, and where its calls are then."""
    log, script = folder / f"{name}.log", folder / name
    script.write_text(f"#!/bin/sh\nexec strace -o {log} -- {qemu} \"$@\" {extra}\n")
    script.chmod(0o755)
    return script, log


def boot(args, folder, program, case):
    script, log = wrapper(folder, args.qemu, program.split("-", maxsplit=1)[0])
    done = subprocess.run([sys.executable, HERE / program, "--qemu", script, "--guests", args.guests,
                           "--tier", args.tier, case], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{program} {case} fails: {done.stdout[-2000:]}")
    return calls_of(log)


def client(path):
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        peer = socket.socket(socket.AF_UNIX)
        if peer.connect_ex(str(path)) == 0:
            return peer
        peer.close()
        time.sleep(0.05)
    raise AssertionError("the monitor does not listen")


def say(peer, line, waits=True):
    peer.sendall(json.dumps(line).encode() + b"\n")
    data = b""
    while waits and b'"return"' not in data:
        part = peer.recv(65536)
        if not part:
            raise AssertionError("the monitor closed its connection")
        data += part


def hmp(line):
    return {"execute": "human-monitor-command", "arguments": {"command-line": line}}


def signalled(process, name, seconds):
    subprocess.run(["kill", f"-{name}", str(process)], check=False, stderr=subprocess.DEVNULL)
    time.sleep(seconds)


def rare(args, folder):
    """A reset, a snapshot, stops by the host, and an end that needs a second signal: a peer reads nothing."""
    script, log = wrapper(folder, args.qemu, "rare")
    with subprocess.Popen([script, "-accel", f"tcg,tier={args.tier}", "-display", "none", "-m", "64M",
                           "-snapshots", folder, "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"],
                          stderr=subprocess.PIPE,
                          env=dict(os.environ, MALLOC_MMAP_THRESHOLD_="65536")) as program:
        peer = client(folder / "qmp")
        say(peer, {"execute": "qmp_capabilities"})
        for line in ("savevm a", "loadvm a", "delvm a", "system_reset", "info registers"):
            say(peer, hmp(line))
        machine = int(subprocess.run(["pgrep", "-P", str(program.pid)], capture_output=True, text=True,
                                     check=True).stdout.split()[0])
        for _ in range(5):
            signalled(machine, "STOP", 0.2)
            signalled(machine, "CONT", 0.2)
        for _ in range(300):
            say(peer, hmp("info mtree"), waits=False)
        time.sleep(1)
        for _ in range(4):
            signalled(machine, "TERM", 1.3)
        program.wait(timeout=TIMEOUT)
    return calls_of(log)


def wrong_with(name, made, allowed):
    wrong = []
    if not made:
        wrong.append(f"{name}: no call was seen")
    if len(made) > len(allowed) or len(allowed) > AT_MOST:
        wrong.append(f"{name}: {len(made)} different calls")
    if made - allowed:
        wrong.append(f"{name}: not in the table: {' '.join(sorted(made - allowed))}")
    return wrong


def may_trace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-o", "/dev/null", "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = taptest.options()
    args = parser.parse_args()
    args.qemu = pathlib.Path(args.qemu).resolve()
    taptest.need(args, ["cloud", "busybox"])
    if not may_trace():
        print("1..0 # SKIP strace is not there, or may not trace; 'scripts/setup --tests' gets it")
        return 0
    base, user_net = rules()
    print("1..3")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        disk, _ = boot(args, folder, "boot-test.py", "cloud-1")
        failed = taptest.report(1, "a disk", wrong_with("disk", disk, base))
        net, _ = boot(args, folder, "net-test.py", "virtio-cloud")
        failed += taptest.report(2, "a network", wrong_with("network", net, base | user_net))
        others, _ = rare(args, folder)
        unused = (base | user_net) - disk - net - others
        wrong = wrong_with("monitor", others, base)
        wrong += [f"no run makes this call, which the table allows: {name}" for name in sorted(unused)]
        failed += taptest.report(3, "each rule is used", wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())

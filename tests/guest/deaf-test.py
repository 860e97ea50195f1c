#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""While a guest faults for ever without executing anything, QMP answers and SIGTERM ends the emulator.

Usage: deaf-test.py PROGRAM TIER IMAGE; TIER is what follows -accel tcg,
"""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
program, tier, image = sys.argv[1:]


def connect(path):
    for _ in range(PATIENCE * 10):
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(PATIENCE)
            sock.connect(str(path))
            return sock.makefile("rw")
        except OSError:
            time.sleep(0.1)
    sys.exit("no QMP socket")


def execute(qmp, command, **arguments):
    qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    qmp.flush()
    for line in qmp:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            sys.exit(f"{command}: {answer}")
    sys.exit(f"{command}: no answer")


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "qmp"
    process = subprocess.Popen([program, "-machine", "q35", "-accel", f"tcg,{tier}", "-m", "128M", "-display", "none",
                                "-serial", "stdio", "-monitor", "none", "-qmp", f"unix:{path},server=on,wait=off",
                                "-kernel", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert "about to page-fault" in line, line
        qmp = connect(path)
        qmp.readline()
        execute(qmp, "qmp_capabilities")
        status = execute(qmp, "query-status")
        assert status["status"] == "running", status
        registers = execute(qmp, "human-monitor-command", **{"command-line": "info registers"})
        assert "CR2=0000000100000000" in registers, registers
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, process.returncode
    finally:
        process.kill()
print("ok")

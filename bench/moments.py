# SPDX-License-Identifier: GPL-2.0-or-later
"""What counted time, recordings, snapshots and checkpoints cost (docs/determinism.md): rows of bench/all."""
import json
import pathlib
import re
import socket
import subprocess
import time

import peer

COUNTED = ["-icount", "shift=3,sleep=off"]
READY = "bench: user space"
WAIT_S = 60


class Monitor:
    """A QMP connection that times commands of the human monitor."""

    def __init__(self, path):
        end = time.monotonic() + WAIT_S
        self.peer = socket.socket(socket.AF_UNIX)
        while self.peer.connect_ex(str(path)) != 0:
            if time.monotonic() > end:
                raise SystemExit("bench: the monitor does not listen")
            time.sleep(0.01)
        self.file = self.peer.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while "return" not in (answer := json.loads(self.file.readline())):
            if "error" in answer:
                raise SystemExit(f"bench: {command}: {answer['error']['desc']}")
        return answer["return"]

    def timed(self, line):
        """Milliseconds."""
        start = time.monotonic()
        said = self.ask("human-monitor-command", **{"command-line": line})
        if re.search(r"^Error|cannot|unknown", said):
            raise SystemExit(f"bench: {line}: {said.strip()}")
        return (time.monotonic() - start) * 1000


def boots(bench):
    """Boots by the clock of the host, by instructions, and recorded; ours as a part of its own without, too."""
    def once(program, *options):
        taken, lines, process = peer.until(program, [*bench.line(program), *options], READY)
        process.kill()
        process.wait()
        if taken is None:
            raise SystemExit(f"bench: {program} did not boot: {lines[-1:]}")
        return taken

    recording = bench.folder / "run.rr"
    ways = {"": [], ", -icount": COUNTED,
            ", recorded": ["-icount", f"shift=3,sleep=off,rr=record,rrfile={recording}"]}
    times = {way: {program: [] for program in bench.programs} for way in ways}
    for _ in range(bench.args.runs):
        for way, options in ways.items():
            for program in bench.programs:
                # Without -icount the peer's sleep=off is of no use; it records with its own default.
                times[way][program].append(once(program, *options))
    for way in list(ways)[1:]:
        bench.add(f"boot cloud{way}", times[way], "s")
        plain, counted = (peer.median(times[w][bench.ours]) for w in ("", way))
        print(f"{f'  as a part of ours without':34} {'':10} {counted / plain:10.2f}", flush=True)


def booted(bench, program, options):
    path = bench.folder / "monitor"
    path.unlink(missing_ok=True)
    taken, _, process = peer.until(program, [*bench.line(program), "-qmp", f"unix:{path},server=on,wait=off",
                                             *options], READY)
    if taken is None:
        raise SystemExit(f"bench: {program} did not boot")
    return process, Monitor(path)


def timed_lines(bench, program, options, lines):
    """Milliseconds by line, of a machine that has booted."""
    process, monitor = booted(bench, program, options)
    times = {line: monitor.timed(line) for line in lines}
    process.kill()
    process.wait()
    return times


def snapshots(bench):
    """The peer keeps them in an image; it needs one that it may write."""
    folder = bench.folder / "snapshots"
    folder.mkdir()

    def once(program):
        image = bench.folder / "vm.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"], check=True)
        theirs = ["-drive", f"file={image},format=qcow2,if=none,id=vm"]
        return timed_lines(bench, program, ["-snapshots", folder] if program == bench.ours else theirs,
                           ["savevm a", "loadvm a"])
    results = peer.alternate(bench.programs, bench.args.runs, once)
    for line in ("savevm a", "loadvm a"):
        bench.add(line.split()[0], {p: [run[line] for run in runs] for p, runs in results.items()}, "ms")
    sizes = [path.stat().st_size for path in folder.iterdir() if path.is_file()]
    print(f"{'  size of ours':34} {'':10} {max(sizes) / 2**20:10.2f} MiB", flush=True)


def checkpoints(bench):
    """Ours alone: the first, which begins the watch over memory, the second, and the way back after a second."""
    found = {"checkpoint, first": [], "checkpoint, second": [], "restore": []}
    for _ in range(bench.args.runs):
        process, monitor = booted(bench, bench.ours, [])
        found["checkpoint, first"].append(monitor.timed("checkpoint"))
        time.sleep(1)
        found["checkpoint, second"].append(monitor.timed("checkpoint"))
        time.sleep(1)
        found["restore"].append(monitor.timed("restore"))
        process.kill()
        process.wait()
    for name, times in found.items():
        print(f"{name:34} {'-':>10} {peer.median(times):10.2f} ms", flush=True)


def run(bench):
    boots(bench)
    if pathlib.Path("/usr/bin/qemu-img").exists():
        snapshots(bench)
    else:
        print("snapshots: not measured, qemu-img of Debian's qemu-utils is not here")
    checkpoints(bench)

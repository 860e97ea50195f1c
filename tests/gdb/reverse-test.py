#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Back in a run under -icount, packet by packet, on tests/guest/debugged.c: what the machine is at each place,
by its hash, is what it was there on the way forward. Prints TAP.

Usage: reverse-test.py --qemu PROGRAM --tier TIER --guest IMAGE --nm PROGRAM [CASE]...
"""
import re
import subprocess
import sys
import tempfile

import rsp

WORDS = "qSupported:multiprocess+;swbreak+;hwbreak+"
RIP = 16  # its number in the description's first feature


class Session:
    def __init__(self, args, folder, cpus, *options):
        self.emulator = rsp.Emulator(
            args.qemu, args.tier, folder, args.guest,
            ["-S", "-no-shutdown", "-smp", str(cpus), "-seed", "1", "-icount",
             "shift=0,sleep=off,checkpoint-every=300000", *options])
        table = subprocess.run([args.nm, args.guest], check=True, text=True, capture_output=True).stdout
        self.symbols = {name: int(value, 16) for value, name in re.findall(r"(\S+) \w (\S+)", table)}
        self.client = self.emulator.client()
        self.features = self.client.ask(WORDS)

    def go(self, packet):
        """What is said at the stop."""
        self.client.go(packet)
        return self.client.reply()

    def here(self):
        """The chosen thread, where it is, and what the whole machine is."""
        hashed = self.client.monitor("x-state-hash").strip()
        return self.client.ask("qC"), self.client.ask(f"p{RIP:x}"), hashed

    def breakpoint(self, name, kind=0, size=1, on=True):
        answer = self.client.ask(f"{'Z' if on else 'z'}{kind},{self.symbols[name]:x},{size:x}")
        if answer != "OK":
            raise AssertionError(f"breakpoint at {name}: {answer}")

    def continue_times(self, count):
        """The places of so many stops."""
        places = []
        for _ in range(count):
            self.go("c")
            places.append(self.here())
        return places


def same(what, was, now):
    if was != now:
        raise AssertionError(f"{what}:\n  {was}\n  {now}")


def features(args, folder):
    """The words are there where the machine can go back, and only there."""
    session = Session(args, folder, 1)
    yield session
    if "ReverseStep+" not in session.features or "ReverseContinue+" not in session.features:
        raise AssertionError(session.features)


def steps_of(cpus, count):
    def steps(args, folder):
        """Steps forward, and the same ones back; then forward again."""
        session = Session(args, folder, cpus)
        yield session
        session.breakpoint("go_round")
        for _ in range(cpus):
            session.go("c")
        session.breakpoint("go_round", on=False)
        session.breakpoint("spoil")
        if cpus > 1:
            session.go("c")
        session.breakpoint("spoil", on=False)
        places = [session.here()]
        for _ in range(count):
            session.go("s")
            places.append(session.here())
        for number in reversed(range(count)):
            session.go("bs")
            same(f"back at step {number}", places[number], session.here())
        for number in range(1, count + 1):
            session.go("s")
            same(f"again at step {number}", places[number], session.here())
    return steps


def hits_of(cpus):
    def hits(args, folder):
        """Hits of a breakpoint by several CPUs, backwards to the first; there is nothing before that."""
        session = Session(args, folder, cpus)
        yield session
        session.breakpoint("count_round")
        places = session.continue_times(60)
        for number in (58, 57, 56):
            said = session.go("bc")
            if "swbreak" not in said:
                raise AssertionError(said)
            same(f"back at hit {number}", places[number], session.here())
        same("forward again", places[57:60], session.continue_times(3))
        session.breakpoint("count_round", on=False)
        session.breakpoint("guest_main")
        session.go("bc")
        if int.from_bytes(bytes.fromhex(session.here()[1]), "little") != session.symbols["guest_main"]:
            raise AssertionError(f"not at guest_main: {session.here()}")
        said = session.go("bc")
        if "replaylog:begin" not in said:
            raise AssertionError(said)
        session.breakpoint("guest_main", on=False)
        session.breakpoint("count_round")
        same("from the beginning", places, session.continue_times(60))
    return hits


def writes(args, folder):
    """Writes to a number, backwards: it stops before each, far back, and forward after each."""
    session = Session(args, folder, 2)
    yield session
    value = session.symbols["precious"]

    def read():
        return int.from_bytes(bytes.fromhex(session.client.ask(f"m{value:x},8")), "little")

    session.breakpoint("precious", kind=2, size=8)
    for number in range(1, 6):
        said = session.go("c")
        if f"watch:{value:x}" not in said or read() != number * 1000:
            raise AssertionError(f"write {number}: {said}, {read()}")
    after = session.here()
    for number in range(5, 0, -1):
        said = session.go("bc")
        before = (number - 1) * 1000 or 0x5afe
        if f"watch:{value:x}" not in said or read() != before:
            raise AssertionError(f"before write {number}: {said}, {read()}, not {before}")
    for _ in range(5):
        session.go("c")
    same("the fifth write", after, session.here())


def unchanged(args, folder):
    """A run with breakpoints in its midst is the run without: the same hash at the same place."""
    ends = []
    for name in ("guest_main", "count_round"):
        session = Session(args, folder, 4)
        yield session
        if name == "count_round":
            session.breakpoint(name)
            session.breakpoint("rounds", kind=4, size=8)
            session.continue_times(400)
            session.breakpoint(name, on=False)
            session.breakpoint("rounds", kind=4, size=8, on=False)
        session.breakpoint("precious", kind=2, size=8)
        session.continue_times(1)
        ends.append(session.here())
        session.emulator.end()
        (session.emulator.path).unlink()
    same("with and without breakpoints", *ends)


CASES = {"features": features, "steps-1": steps_of(1, 60), "steps-4": steps_of(4, 40), "hits-1": hits_of(1),
         "hits-4": hits_of(4), "hits-8": hits_of(8), "writes": writes, "unchanged": unchanged}


def run_case(args, case):
    with tempfile.TemporaryDirectory() as folder:
        sessions = []
        try:
            for session in case(args, folder):
                sessions.append(session)
            return ""
        except (AssertionError, OSError) as error:
            return f"{error}\n{sessions[-1].emulator.log.read_text()[-500:] if sessions else ''}"
        finally:
            for session in sessions:
                session.emulator.end()


sys.exit(rsp.run(CASES, ["--qemu", "--tier", "--guest", "--nm"], run_case))

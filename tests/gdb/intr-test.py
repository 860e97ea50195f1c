#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at interrupts (`monitor break-intr`) of tests/guest/corrupt.c under -icount: which attempt it was, that a
run with stops is the run without, forwards, backwards and in a replay. Prints TAP.

Usage: intr-test.py --qemu PROGRAM --tier TIER --guest IMAGE --nm PROGRAM [CASE]...
"""
import re
import subprocess
import sys
import tempfile

import rsp

WORDS = "qSupported:multiprocess+;swbreak+;hwbreak+"
DEVICES = ["-device", "intel-iommu,intremap=on,eim=on", "-device", "edu,id=edu"]
RIP = 16
INDEX, ENTRY_BYTES = 5, 16  # corrupt.c's entry
ROUNDS_TO_LOSS = 19


class Session:
    def __init__(self, args, folder, icount=""):
        icount = f"shift=0,sleep=off,checkpoint-every=300000,hash=50000,hash-file={folder}/hashes{icount}"
        self.folder = folder
        self.emulator = rsp.Emulator(args.qemu, args.tier, folder, args.guest,
                                     ["-S", "-icount", icount, *DEVICES])
        table = subprocess.run([args.nm, args.guest], check=True, text=True, capture_output=True).stdout
        self.symbols = {name: int(value, 16) for value, name in re.findall(r"(\S+) \w (\S+)", table)}
        self.client = self.emulator.client()
        self.client.ask(WORDS)

    def go(self, packet="c"):
        """What the console has of the stop, and the stop."""
        self.client.go(packet)
        said = self.client.reply()
        text = ""
        while said.startswith("O"):
            text += bytes.fromhex(said[1:]).decode()
            said = self.client.reply()
        return text, said

    def here(self):
        hashed = self.client.monitor("x-state-hash").strip()
        return self.client.ask("qC"), self.client.ask(f"p{RIP:x}"), hashed

    def stop_at(self, what):
        said = self.client.monitor(f"break-intr {what}")
        if said:
            raise AssertionError(f"break-intr {what}: {said}")

    def end(self):
        """Lets it run to its end: its hashes on the way."""
        self.stop_at("none")
        self.client.go("c")
        self.emulator.process.wait(rsp.SECONDS)
        with open(f"{self.folder}/hashes", encoding="ascii") as hashes:
            lines = hashes.read()
        self.emulator.path.unlink(missing_ok=True)
        return lines


def serial_of(text):
    found = re.search(r"stopped by break-intr: #(\d+) ", text)
    if not found:
        raise AssertionError(f"no attempt is named: {text}")
    return int(found.group(1))


def equal(what, was, now):
    if was != now:
        raise AssertionError(f"{what}:\n  {was}\n  {now}")


def kinds(args, folder):
    """By vector, ending, filter and number; and what is none of these."""
    session = Session(args, folder)
    yield session
    client = session.client
    for wrong, answer in (("ending lots", "'lost'"), ("state=open", "has not ended"), ("pin=x", "pin=x"),
                          ("vector 0x51 sometimes=yes", "sometimes")):
        said = client.monitor(f"break-intr {wrong}")
        if answer not in said or not said:
            raise AssertionError(f"{wrong}: {said}")
    equal("nothing", "nothing is waited for\n", client.monitor("break-intr"))
    session.stop_at("vector 0x51")
    seen = []
    for _ in range(3):
        text, said = session.go()
        if not said.startswith("T05") or "vector 51h" not in text:
            raise AssertionError(f"{said}: {text}")
        seen.append(serial_of(text))
    if seen != sorted(set(seen)):
        raise AssertionError(f"out of order: {seen}")
    session.stop_at(f"{seen[-1] + 2}")
    equal("by number", seen[-1] + 2, serial_of(session.go()[0]))
    session.stop_at("dev=edu")
    equal("by device", seen[-1] + 3, serial_of(session.go()[0]))
    session.stop_at("ending lost")
    text, said = session.go()
    if "edu" not in text or "its entry is not present (22h)" not in text or not said.startswith("T05"):
        raise AssertionError(text)
    if len(re.findall("stopped by break-intr", session.emulator.log.read_text())) != 6:
        raise AssertionError("standard error does not have each stop")


def unchanged(args, folder):
    """A run with stops is the run without: its hashes."""
    ends = []
    for stops in (0, ROUNDS_TO_LOSS):
        session = Session(args, folder)
        yield session
        if stops:
            session.stop_at("dev=edu")
        for _ in range(stops):
            session.go()
        ends.append(session.end())
    equal("with and without stops", *ends)
    if len(ends[0].splitlines()) < 20:
        raise AssertionError(f"few hashes: {ends[0]}")


def back_to_write(session):
    """From the loss to the instruction that spoiled the entry, and forward to the loss again."""
    session.stop_at("ending lost")
    session.go()
    lost = session.here()
    entry = session.symbols["table"] + INDEX * ENTRY_BYTES
    spoilt = session.client.ask(f"m{entry:x},8")
    equal("a watchpoint", "OK", session.client.ask(f"Z2,{entry:x},8"))
    said = session.go("bc")[1]
    if f"watch:{entry:x}" not in said:
        raise AssertionError(said)
    written = session.here()
    good = session.client.ask(f"m{entry:x},8")
    low = session.symbols["finish_job"]
    at = int.from_bytes(bytes.fromhex(written[1]), "little")
    if good == spoilt or not low <= at < low + 64:
        raise AssertionError(f"{at:#x} is not in finish_job ({low:#x}); {good}, {spoilt}")
    session.go("s")
    equal("after the write", spoilt, session.client.ask(f"m{entry:x},8"))
    session.go("bs")
    equal("before the write again", written, session.here())
    equal("no watchpoint", "OK", session.client.ask(f"z2,{entry:x},8"))
    text = session.go()[0]
    equal("the loss again", lost, session.here())
    return serial_of(text), lost, written


def backwards(args, folder):
    session = Session(args, folder)
    yield session
    back_to_write(session)


def replay(args, folder):
    """The same in a replay, at the same places."""
    places = []
    for mode in ("record", "replay"):
        session = Session(args, folder, f",rr={mode},rrfile={folder}/run.rr")
        yield session
        if mode == "replay":
            places.append(back_to_write(session))
        else:
            session.stop_at("ending lost")
            text = session.go()[0]
            places.append((serial_of(text), session.here()))
            session.end()
    equal("the loss", places[0], places[1][:2])


CASES = {"kinds": kinds, "unchanged": unchanged, "backwards": backwards, "replay": replay}


def run_case(args, case):
    with tempfile.TemporaryDirectory() as folder:
        sessions = []
        try:
            for session in case(args, folder):
                sessions.append(session)
            return ""
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            return f"{error}\n{sessions[-1].emulator.log.read_text()[-500:] if sessions else ''}"
        finally:
            for session in sessions:
                session.emulator.end()


sys.exit(rsp.run(CASES, ["--qemu", "--tier", "--guest", "--nm"], run_case))

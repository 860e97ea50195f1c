#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The gdb server, packet by packet, on tests/guest/debugged.c with several CPUs. Prints TAP.

Usage: protocol-test.py --qemu PROGRAM --tier TIER --guest IMAGE --nm PROGRAM [CASE]...
"""
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import rsp

CPUS = 4


class Session:
    """A fresh emulator, stopped before its first instruction, and a client that has introduced itself."""

    def __init__(self, args, folder):
        self.emulator = rsp.Emulator(args.qemu, args.tier, folder, args.guest, ["-S", "-no-shutdown", "-smp", str(CPUS)])
        table = subprocess.run([args.nm, args.guest], check=True, text=True, capture_output=True).stdout
        self.symbols = {name: int(value, 16) for value, name in re.findall(r"(\S+) \w (\S+)", table)}
        self.client = None
        self.attach()

    def attach(self):
        self.client = self.emulator.client()
        self.features = self.client.ask("qSupported:multiprocess+;swbreak+;hwbreak+")
        self.registers = self.numbers()

    def xml(self, name):
        text, part = "", "m"
        while part.startswith("m"):
            part = self.client.ask(f"qXfer:features:read:{name}:{len(text):x},123")
            text += part[1:]
        return text

    def numbers(self):
        """{register: (number, bytes)}, as the description has them."""
        found = {}
        for name in re.findall(r'href="([^"]+)"', self.xml("target.xml")):
            for reg in ElementTree.fromstring(self.xml(name)).iter("reg"):
                found[reg.get("name")] = (len(found), int(reg.get("bitsize")) // 8)
        return found

    def get(self, name):
        digits = self.client.ask(f"p{self.registers[name][0]:x}")
        return int.from_bytes(bytes.fromhex(digits), "little")

    def set(self, name, value):
        number, size = self.registers[name]
        return self.client.ask(f"P{number:x}={value.to_bytes(size, 'little').hex()}")

    def word(self, name, offset=0, size=8):
        digits = self.client.ask(f"m{self.symbols[name] + offset:x},{size:x}")
        return int.from_bytes(bytes.fromhex(digits), "little")

    def put(self, name, value, size):
        self.expect(f"M{self.symbols[name]:x},{size:x}:{value.to_bytes(size, 'little').hex()}", "OK")

    def expect(self, packet, reply):
        found = self.client.ask(packet)
        if found != reply:
            raise AssertionError(f"{packet}: {found}, not {reply}")

    def stop(self, packet, pattern):
        found = self.client.ask(packet)
        match = re.fullmatch(pattern, found)
        if not match:
            raise AssertionError(f"{packet}: {found}, not {pattern}")
        return match

    def to_rounds(self):
        """All CPUs count."""
        self.expect(f"Z0,{self.symbols['go_round']:x},1", "OK")
        for _ in range(CPUS):
            self.stop("vCont;c", r"T05thread:p01\.\d\d;swbreak:;")
        self.expect(f"z0,{self.symbols['go_round']:x},1", "OK")


def same(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found}, not {expected}")


def description(s):
    """The description names what 'g' has, which has what 'p' gives one by one."""
    for feature in ("multiprocess+", "swbreak+", "QStartNoAckMode+", "qXfer:features:read+"):
        same(feature, feature in s.features, True)
    sizes = {"rax": 8, "rip": 8, "eflags": 4, "gs": 4, "st0": 10, "fop": 4, "xmm15": 16, "mxcsr": 4,
             "ymm15h": 16, "fs_base": 8, "gs_base": 8, "k_gs_base": 8, "cr3": 8, "efer": 8, "apic_irr7": 4}
    for name, size in sizes.items():
        same(name, s.registers[name][1], size)
    whole = s.client.ask("g")
    listed = [name for name, (n, _) in s.registers.items() if n <= s.registers["gs_base"][0]]
    each = "".join(s.client.ask(f"p{s.registers[name][0]:x}") for name in listed)
    same("g", whole, each)
    s.expect("qXfer:features:read:other.xml:0,100", "E00")
    s.expect(f"p{len(s.registers):x}", "E16")


def registers(s):
    """What is written is read back; the rest stays."""
    for name, value in {"rbx": 0x0123456789abcdef, "r15": 1 << 63, "xmm3": 3 << 100, "ymm3h": 5 << 90,
                        "st2": 0x3fff8000000000000000, "gs_base": 0xffff800000001234, "mxcsr": 0x1fa0,
                        "k_gs_base": 0x7000, "cr2": 0xdead}.items():
        before = s.client.ask("g")
        same(name, s.set(name, value), "OK")
        same(name, s.get(name), value)
        if name not in ("k_gs_base", "cr2"):
            same(f"{name} in g", s.client.ask("g") == before, False)
    whole = s.client.ask("g")
    s.set("rbx", 5)
    s.expect("G" + whole, "OK")
    same("rbx", s.get("rbx"), 0x0123456789abcdef)
    s.expect("G" + whole[:-2], "E16")
    same("a local APIC's", s.set("apic_irr0", 1), "E16")


def memory(s):
    """Linear and physical, hexadecimal and binary, to the end of what is mapped."""
    at = s.symbols["rounds"]
    s.expect(f"M{at:x},4:01020304", "OK")
    s.expect(f"m{at:x},4", "01020304")
    s.client.send(b"X%x,4:" % at + b"#$}*")
    same("X", s.client.reply(), "OK")
    s.expect(f"m{at:x},4", b"#$}*".hex())
    s.expect("Qqemu.PhyMemMode:1", "OK")
    s.expect("qqemu.PhyMemMode", "1")
    s.expect(f"m{at:x},4", b"#$}*".hex())
    s.expect("mfffffffffffff000,8", "E0e")
    same("the HPET's maker", s.client.ask("mfed00000,4")[4:], "8680")
    s.expect("mfed00000,3", "E0e")  # a device's register, at a size that it has not
    s.expect("Qqemu.PhyMemMode:0", "OK")
    s.expect("M0,4:0102", "E16")
    found = s.client.ask(b"qSearch:memory:%x;1000;" % (at - 0x800) + b"#$}*")
    same("qSearch", found, f"1,{at:x}")
    far = at - 0x4000 + 2  # it lies across two of the server's windows
    found = s.client.ask(b"qSearch:memory:%x;5000;" % far + b"#$}*")
    same("qSearch from further away", found, f"1,{at:x}")
    s.expect(b"qSearch:memory:%x;1000;" % at + b"nowhere to be found", "0")


def breakpoints(s):
    """On every CPU, before the instruction, again and again; and gone when removed."""
    s.to_rounds()
    at = s.symbols["count_round"]
    s.expect(f"Z0,{at:x},1", "OK")
    s.expect(f"Z0,{at:x},1", "OK")
    seen = set()
    for _ in range(200):
        cpu = int(s.stop("vCont;c", r"T05thread:p01\.(\d\d);swbreak:;")[1], 16)
        same("rip", s.get("rip"), at)
        same("edi", s.get("rdi"), cpu - 1)
        seen.add(cpu)
    same("CPUs that stopped", seen, set(range(1, CPUS + 1)))
    s.expect(f"z0,{at:x},1", "OK")
    s.client.go("vCont;c")
    same("silence without one", s.client.is_quiet(0.3), True)
    s.stop_reply = s.client.interrupt()
    same("Ctrl-C", s.stop_reply[:3], "T02")


def watchpoints(s):
    """After the instruction that wrote, and nothing else stops."""
    s.to_rounds()
    at = s.symbols["precious"]
    s.expect(f"Z2,{at:x},8", "OK")
    first = s.word("rounds", 8) // 1000
    for spoilt in range(first + 1, first + 4):
        s.stop("vCont;c", rf"T05thread:p01\.02;watch:{at:x};")
        same("precious", s.word("precious"), spoilt * 1000)
        same("whose doing", s.symbols["spoil"] <= s.get("rip") <= s.symbols["spoil"] + 16, True)
        same("rounds", s.word("rounds", 8), spoilt * 1000)
    s.expect(f"z2,{at:x},8", "OK")
    at = s.symbols["rounds"] + 16
    s.expect(f"Z4,{at:x},8", "OK")
    for _ in range(20):
        s.stop("vCont;c", rf"T05thread:p01\.03;awatch:{at:x};")
    s.expect(f"z4,{at:x},8", "OK")


def steps(s):
    """One instruction of one CPU, and of the others only where they may go on."""
    s.to_rounds()
    at = s.symbols["count_round"]
    s.expect(f"Z1,{at:x},1", "OK")
    cpu = int(s.stop("vCont;c", r"T05thread:p01\.(\d\d);hwbreak:;")[1], 16)
    s.expect(f"z1,{at:x},1", "OK")
    counts = []
    for other in range(1, CPUS + 1):
        s.expect(f"Hgp1.{other:x}", "OK")
        counts.append(s.get("instructions"))
    for _ in range(10):
        s.stop(f"vCont;s:p1.{cpu:x}", rf"T05thread:p01\.{cpu:02x};")
    for other in range(1, CPUS + 1):
        s.expect(f"Hgp1.{other:x}", "OK")
        same(f"instructions of {other}", s.get("instructions") - counts[other - 1],
             10 if other == cpu else 0)
    s.stop(f"vCont;s:p1.{cpu:x};c", rf"T05thread:p01\.{cpu:02x};")
    for other in range(1, CPUS + 1):
        s.expect(f"Hgp1.{other:x}", "OK")
        same(f"instructions of {other}", s.get("instructions") - counts[other - 1],
             11 if other == cpu else 1)
    other = cpu % CPUS + 1
    before = s.word("rounds", 8 * (cpu - 1))
    s.expect(f"Z0,{at:x},1", "OK")
    s.stop(f"vCont;c:p1.{other:x}", rf"T05thread:p01\.{other:02x};swbreak:;")
    same("the round of one that is held", s.word("rounds", 8 * (cpu - 1)), before)


def interrupts(s):
    """Held back from a step, or not."""
    at = s.symbols["on_round"]
    s.to_rounds()
    s.expect("Hgp1.1", "OK")
    s.expect("qqemu.sstep", "0x7")
    before, round_before = s.word("interrupts_taken", 0, 4), s.word("rounds")
    for _ in range(400):
        s.stop("vCont;s:p1.1", r"T05thread:p01\.01;")
    same("interrupts while they are masked", s.word("interrupts_taken", 0, 4), before)
    same("several rounds", s.word("rounds") > round_before + 2, True)
    s.expect("Qqemu.sstep=0x1", "OK")
    for _ in range(400):
        s.stop("vCont;s:p1.1;c", r"T05thread:p01\.01;")
        if s.get("rip") == at:
            break
    same("an interrupt's handler", s.get("rip"), at)
    s.expect("Qqemu.sstep=0x9", "E16")


def threads(s):
    s.expect("qfThreadInfo", "m" + ",".join(f"p01.{n:02x}" for n in range(1, CPUS + 1)))
    s.expect("qsThreadInfo", "l")
    name = bytes.fromhex(s.client.ask("qThreadExtraInfo,p1.2")).decode()
    same("thread 2", name, "CPU#1, APIC id 1 [halted]")
    s.expect("Tp1.4", "OK")
    s.expect(f"Tp1.{CPUS + 1:x}", "E03")
    s.expect("Hgp2.1", "E03")
    s.expect("Hgp1.3", "OK")
    s.expect("qC", "QCp01.03")
    s.expect("Hg0", "OK")
    s.expect("qC", "QCp01.01")


def monitor(s):
    same("info status", s.client.monitor("info status"), "VM status: paused (prelaunch)\n")
    same("help", "info journal" in s.client.monitor("help"), True)
    s.expect("qRcmd,6", "E16")


def again(s):
    """A client that goes takes its breakpoints along; the next finds the machine as it is."""
    s.to_rounds()
    s.expect(f"Z0,{s.symbols['count_round']:x},1", "OK")
    s.expect("D;1", "OK")
    same("silence", s.client.is_quiet(0.2), True)
    s.client.close()
    s.attach()
    first = s.word("rounds")
    s.client.go("vCont;c")
    same("silence", s.client.is_quiet(0.2), True)
    s.client.interrupt()
    same("it went on", s.word("rounds") > first, True)
    s.expect(f"Z0,{s.symbols['count_round']:x},1", "OK")
    s.client.close()  # without a word
    s.attach()
    s.put("rounds_left", 0, 4)
    s.client.go("vCont;c")
    same("the end", s.client.reply()[:3], "T02")
    same("guest: done", "guest: done" in s.emulator.serial(), True)
    same("status", s.client.monitor("info status"), "VM status: paused (shutdown)\n")
    s.client.send("k")
    same("exit status", s.emulator.process.wait(rsp.SECONDS), 0)


def unknown(s):
    for packet in ("vMustReplyEmpty", "qOffsets", "!", "bs", "vFile:open", "Z9,0,1", "qSymbol::"):
        s.expect(packet, "")
    s.client.send_raw(b"$qC#00")
    same("a wrong sum", s.client.byte(), b"-")
    too_long = b"m" * 0x4001
    s.client.send_raw(b"$" + too_long + b"#%02x" % (sum(too_long) & 0xff))
    same("too long a packet", s.client.byte(), b"-")
    s.expect("QStartNoAckMode", "OK")
    s.client.send("qC")
    same("no acknowledgement", s.client.byte(), b"$")


def hostile(s):
    """Noise of all kinds: an answer to what comes after it, and no growth."""
    rng = random.Random(20261)
    letters = "?gGpPmMXzZHTcsCSDvqQ!;:,.-0123456789abcdef$#}*\x03"
    for n in range(400):
        body = "".join(rng.choice(letters) for _ in range(rng.randrange(40))).replace("$", "")
        if body.startswith(("k", "vKill", "D")):
            continue
        s.client.send(body)
    for text in ("Z0," + "f" * 40 + ",1", "m0,ffffffffffffffff", "vCont;" + "s;" * 500, "G" + "0" * 9000,
                 "qXfer:features:read::0,0", "H", "P", "p" + "f" * 30, "X0,ffffffff:", "qSearch:memory:0;f;",
                 "Z2,ffffffffffffffff,ffffffffffffffff", "vCont;c:p1.ffffffff"):
        s.client.send(text)
    s.client.send_raw(b"$" + b"m" * 100000 + b"#00")
    s.client.send_raw(b"\x03")
    s.client.send("qThisComesLast")
    s.client.send("qqemu.sstepbits")
    for _ in range(100000):
        if s.client.reply(b"+-") == "ENABLE=1,NOIRQ=2,NOTIMER=4":
            break
    else:
        raise AssertionError("no answer after noise")
    same("it still runs", s.emulator.process.poll(), None)


CASES = {case.__name__: case for case in (description, registers, memory, breakpoints, watchpoints, steps,
                                          interrupts, threads, monitor, again, unknown, hostile)}


def run_case(args, case):
    with tempfile.TemporaryDirectory() as folder:
        session = None
        try:
            session = Session(args, folder)
            case(session)
            return ""
        except (AssertionError, OSError, ValueError, KeyError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            if session:
                session.emulator.end()


sys.exit(rsp.run(CASES, ("--qemu", "--tier", "--guest", "--nm"), run_case))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines that nobody should send, to each door of a running program: QMP, HMP, qtest and gdb. After each line
a question is put that a door in its right mind answers; a door may close instead, and is opened again. In
the end the program is there, and has not grown.

What ends the program (quit, k) or names files outside the test's folder is not sent.

Usage: hostile-lines.py --qemu PROGRAM [--lines N] [--seed SEED] [DOOR ...]. Prints TAP, and the seed.
"""
import argparse
import json
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest

TIMEOUT = 60
GROWTH = 48 << 20  # what caches of any kind may take: journal, history, blocks of code
# A Multiboot kernel: its header alone, with addresses, and HLT in a loop.
KERNEL = bytes.fromhex("02b0ad1b" "00000100" "fe4f51e4" "00001000" "00001000" "24001000" "24001000"
                       "20001000" "f4ebfdf4")
WORDS = ["0", "1", "-1", "4096", "0xffffffffffffffff", "18446744073709551616", "9" * 40, "1e309", "-0", "0x", "%s%n",
         "", " ", "a", "e", "n0", "ring", "/", "/machine", "../..", "no/such/file", "file:no/such", "$rip", "$", "((((", "1/0",
         "-a", "--", "*", "pin 3", "vector 32", "cpu 9", "edu", "edu,id=e", "user,id=n1", "type=", "=", ",,,,", ",id=,",
         "null", "true", "A" * 300, "\u00e9\u4e00", "ctrl-alt-delete", "on", "off", "none", "all", "int", "-d tcp:127.0.0.1:1"]
NEVER = ("quit", "q", "migrate", "migrate-incoming", "daemonize")


class Door:
    """A program with this door open, and how to knock."""
    options, ping, pong = (), b"", b""

    def __init__(self, qemu, folder, rng):
        self.rng, self.path, self.count, self.closed = rng, f"{folder}/door", 0, 0
        (pathlib.Path(folder) / "kernel").write_bytes(KERNEL)
        line = [qemu, "-display", "none", "-nodefaults", "-m", "16", "-smp", "2", "-chardev", "ringbuf,id=ring",
                "-device", "edu,id=e", "-netdev", "user,id=n0", "-device", "e1000e,netdev=n0"]
        self.errors = open(f"{folder}/errors", "w+", encoding="utf-8")
        self.program = subprocess.Popen(line + [word.replace("DOOR", self.path) for word in self.options], cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors)
        self.socket = None

    def open(self):
        end = time.monotonic() + TIMEOUT
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        while self.socket.connect_ex(self.path):
            if self.program.poll() is not None:
                raise AssertionError(f"the program ended with {self.program.returncode}")
            assert time.monotonic() < end, "the door does not open again"
            time.sleep(0.01)
        self.greet()

    def greet(self):
        pass

    def question(self):
        return self.ping, self.pong

    def knock(self, line):
        """True: there was an answer to the question after it; False: the door closed."""
        ping, pong = self.question()
        seen = b""
        try:
            self.socket.sendall(line + ping)
            while pong not in seen[-65536:]:
                part = self.socket.recv(65536)
                if not part:
                    return False
                seen = seen[-65536:] + part
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def send(self, line):
        if not self.knock(line):
            self.socket.close()
            self.socket = None
            self.closed += 1

    def rss(self):
        text = pathlib.Path(f"/proc/{self.program.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) << 10

    def noise(self):
        return bytes(self.rng.choice((self.rng.randrange(256), self.rng.randrange(32, 127))) for _ in
                     range(self.rng.choice((1, 3, 20, 200, 5000))))

    def word(self):
        return self.rng.choice(WORDS)

    def end(self):
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        self.errors.close()


class Qmp(Door):
    options = ["-kernel", "kernel", "-qmp", "unix:DOOR,server=on,wait=off"]

    def greet(self):
        self.commands = ["qmp_capabilities"]
        self.socket.sendall(b'{"execute":"qmp_capabilities"}{"execute":"query-qmp-schema"}\n')
        file = self.socket.makefile("rb", buffering=0)
        answer = {}
        while not isinstance(answer.get("return"), list):
            answer = json.loads(file.readline())
        types = {one["name"]: one.get("members", []) for one in answer["return"]}
        self.commands = {one["name"]: types[one["arg-type"]] for one in answer["return"]
                         if one["meta-type"] == "command" and one["name"] not in NEVER}

    def question(self):
        self.count += 1
        return (b'\n\x01\n{"execute":"query-name","id":"ping-%d"}\n' % self.count, b'"ping-%d"' % self.count)

    def value(self, depth=0):
        kind = self.rng.randrange(8 if depth < 3 else 5)
        if kind < 3:
            return self.word()
        if kind == 3:
            return self.rng.choice((0, 1, -1, 1 << 31, 1 << 62, 1.5, None, True, False))
        if kind == 4:
            return self.rng.getrandbits(self.rng.randrange(1, 63))
        if kind < 6:
            return [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
        return {self.rng.choice(("type", "data", "name", "id", "key", self.word())): self.value(depth + 1)
                for _ in range(self.rng.randrange(4))}

    def fitting(self, member):
        return {"str": self.word, "bool": lambda: self.rng.choice((True, False)), "[any]": lambda: [self.value()],
                "int": lambda: self.rng.choice((0, 1, -1, 4096, 1 << 40, (1 << 63) - 1))}.get(
                    member["type"], lambda: {"type": self.value(), "data": self.value()})()

    def line(self):
        kind = self.rng.randrange(10)
        if kind == 0:
            return self.noise()
        if kind == 1:
            return self.rng.choice((b"[", b"{", b"{\"a\":", b"]", b"[[")) * self.rng.choice((1, 50, 2000))
        name = self.rng.choice(list(self.commands))
        args = {one["name"]: self.fitting(one) if kind > 4 else self.value() for one in self.commands[name]
                if "default" not in one or self.rng.randrange(2)}
        if kind == 2:
            args[self.word()] = self.value()
        text = json.dumps({"execute": name, "arguments": args, "id": self.value()}).encode()
        if name == "human-monitor-command":
            text = b'{"execute":"human-monitor-command","arguments":{"command-line":"info %s"}}' % \
                self.rng.choice((b"", b"registers -a", b"irte 9", b"no", b"state", b"journal last=-1"))
        if kind == 3:
            at = self.rng.randrange(len(text))
            text = text[:at] + bytes([self.rng.randrange(256)]) + text[at + 1:]
            if b"quit" in text or b"migrate" in text:
                text = b"{}"
        if kind == 4:
            text = text[:self.rng.randrange(len(text))]
        return text


class Hmp(Door):
    options = ["-kernel", "kernel", "-monitor", "unix:DOOR,server=on,wait=off"]

    def greet(self):
        self.commands = ["help"]
        self.socket.sendall(b"help\ninfo\nprint/d 1234567\n")
        seen = b""
        while b"\n1234567" not in seen:
            part = self.socket.recv(65536)
            assert part, "closed while it listed its commands"
            seen += part
        names = re.findall(rb"^((?:info )?[-\w]+) +--", seen, re.M)
        self.commands = [name.decode() for name in names if name.decode() not in NEVER]

    def question(self):
        self.count += 1
        # Ctrl-U forgets what is half typed; the sum is told from its echo.
        return b"\n\x15\x15print/d 500000 + %d\n" % self.count, b"\n%d\r" % (500000 + self.count)

    def line(self):
        kind = self.rng.randrange(8)
        if kind == 0:
            # Whatever is between, rubbed out or moved over, a q alone ends the program.
            return self.noise().replace(b"\x04", b"").replace(b"q", b"")
        if kind == 1:
            return b"".join(self.rng.choice((b"\x1b[A", b"\x1b[B", b"\x1b[D", b"\x1b[3~", b"\t", b"\x01", b"\x0b", b"\x7f",
                                             b"info ", b"dev", b"\x1b[", b"\x1b")) for _ in range(20)) + b"\x15"
        words = [self.rng.choice(self.commands)] + [self.word() for _ in range(self.rng.randrange(5))]
        if kind == 2:
            words[0] += "/" + self.rng.choice(("x", "0x", "99999999x", "-1i", "4xg", "i"))
        return " ".join(words).encode()


class Qtest(Door):
    options = ["-accel", "qtest", "-qtest", "unix:DOOR,server=on,wait=off", "-qtest-log", "/dev/null"]
    commands = ["inb", "inw", "inl", "outb", "outl", "readb", "readq", "writeb", "writeq", "read", "write", "b64read",
                "b64write", "memset", "clock_step", "clock_set", "irq_intercept_in", "irq_intercept_out",
                "set_irq_in", "apic", "apic_ack", "apic_eoi", "msr_read", "msr_write", "no"]

    ping, pong = b"\nendianness\n", b"OK little"

    def line(self):
        if self.rng.randrange(8) == 0:
            return self.noise()
        numbers = ["0", "1", "-1", "0xcf8", "0xfee00000", "0xfec00000", "0x100000", "4096", "0xffffffffffffffff",
                   "0x12345678901234567890", "zz", "/machine/unattached/ioapic", "gsi", "AAAA", "0xdeadbeef"]
        words = [self.rng.choice(self.commands)] + [self.rng.choice(numbers + [self.word()])
                                                    for _ in range(self.rng.randrange(6))]
        if words[0].startswith("clock") and len(words) > 1:
            words[1] = str(self.rng.choice((0, 1, -1, 10 ** 6, "x", 1 << 64)))
        return " ".join(words).encode()


class Gdb(Door):
    options = ["-kernel", "kernel", "-gdb", "unix:DOOR,server=on,wait=off"]
    # What ends a packet that is half there, stops the machine, and asks.
    ping, pong = b"#00\x03+$qSupported#37", b"PacketSize"
    packets = ["?", "g", "G", "m", "M", "X", "p", "P", "Z0", "Z1", "Z2", "Z3", "Z4", "z0", "z1", "H", "T", "s", "c", "C05", "S",
               "vCont", "vCont;c", "vCont;s:", "vCont?", "qXfer:features:read:", "qRcmd,", "qC", "qfThreadInfo",
               "qsThreadInfo", "qThreadExtraInfo,", "QStartNoAckMode", "qemu.sstep", "Qqemu.sstep=", "bs", "bc", "D", "!", "_"]

    def greet(self):
        assert self.knock(b"+"), "gdb's door closed at once"

    def line(self):
        kind = self.rng.randrange(8)
        if kind == 0:
            return re.sub(rb"\$k|\$vKill", b"", self.noise().replace(b"k", b""))
        body = self.rng.choice(self.packets)
        if body == "qRcmd,":
            body += " ".join((self.rng.choice(("info registers", "info", "help", "x/9i $pc", "no")), self.word())).encode().hex()
        else:
            body += "".join(self.rng.choice(("0", "1", ",", ":", ";", "-1", "ffffffffffffffff", "target.xml", "100000", "p1.1",
                                             "p9.9", "00" * self.rng.choice((1, 8, 600)), "}", "*", "")) for _ in
                            range(self.rng.randrange(7)))
        data = body.encode()
        check = sum(data) & 0xFF if kind > 1 else self.rng.randrange(256)
        return b"$" + data + b"#%02x" % check if kind > 2 else (b"$" + data)[:self.rng.randrange(1, len(data) + 2)]


DOORS = {"qmp": Qmp, "hmp": Hmp, "qtest": Qtest, "gdb": Gdb}


def wrong_with(qemu, kind, lines, seed):
    with tempfile.TemporaryDirectory() as folder:
        door = DOORS[kind](qemu, folder, random.Random(f"{kind} {seed}"))
        line, warm = b"", 0
        try:
            for number in range(lines):
                if not door.socket:
                    door.open()
                line = door.line()
                door.send(line)
                if number == lines // 5:
                    warm = door.rss()
            grown = door.rss() - warm
            print(f"# {kind}: {lines} lines, closed {door.closed} times, grown by {grown >> 10} KiB", flush=True)
            return [f"grown by {grown >> 20} MiB"] if grown > GROWTH else []
        except (AssertionError, OSError, ValueError) as why:
            door.errors.seek(0)
            return [f"line {number}, {line[:300]!r}: {type(why).__name__}: {why}",
                    f"the program: {door.program.poll()}", *door.errors.read()[-2000:].splitlines()[-20:]]
        finally:
            door.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=", ".join(DOORS))
    args = parser.parse_args()
    qemu = str(pathlib.Path(args.qemu).resolve())
    doors = args.doors or list(DOORS)
    print(f"1..{len(doors)}\n# --seed {args.seed}", flush=True)
    return 1 if sum([taptest.report(number, f"{kind}: lines that nobody should send",
                                    wrong_with(qemu, kind, args.lines, args.seed))
                     for number, kind in enumerate(doors, 1)]) else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a VNC client: sees what a screendump has, before and after the guest has drawn and has chosen
another size; types every key of a US keyboard; moves the mouse. And clients that are none: bytes of chance,
one that reads nothing, passwords that are wrong.

The guest is this program, by qtest. Usage: vnc-test.py --qemu PROGRAM. Prints TAP.
"""
import argparse
import ctypes
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import rfb
import taptest

TIMEOUT = 60
SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))
# Set 1's codes, as the controller gives them; E0h in front is bit 8.
ROW = {c: code for line, first in (("1234567890-=", 2), ("qwertyuiop[]", 16), ("asdfghjkl;'`", 30),
                                   ("\\zxcvbnm,./", 43), (" ", 57))
       for code, c in enumerate(line, first)}
NAMED = {"esc": 1, "backspace": 14, "tab": 15, "ret": 28, "ctrl": 29, "shift": 42, "shift_r": 54,
         "kp_multiply": 55, "alt": 56, "caps_lock": 58, **{f"f{n}": 58 + n for n in range(1, 11)}, "num_lock": 69,
         "scroll_lock": 70, "kp_7": 71, "kp_8": 72, "kp_9": 73, "kp_subtract": 74, "kp_4": 75, "kp_5": 76,
         "kp_6": 77, "kp_add": 78, "kp_1": 79, "kp_2": 80, "kp_3": 81, "kp_0": 82, "kp_decimal": 83, "f11": 87,
         "f12": 88, "kp_enter": 0x11c, "ctrl_r": 0x11d, "kp_divide": 0x135, "print": 0x137, "alt_r": 0x138,
         "home": 0x147, "up": 0x148, "pgup": 0x149, "left": 0x14b, "right": 0x14d, "end": 0x14f, "down": 0x150,
         "pgdn": 0x151, "insert": 0x152, "delete": 0x153, "meta_l": 0x15b, "meta_r": 0x15c, "menu": 0x15d}


class Line:
    """Lines of text over a Unix socket."""

    def __init__(self, path, program):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        end = time.monotonic() + TIMEOUT
        while self.socket.connect_ex(str(path)) != 0:
            assert program.poll() is None and time.monotonic() < end, "the program ended"
            time.sleep(0.01)
        self.file = self.socket.makefile("rw")

    def ask(self, text):
        self.file.write(text + "\n")
        self.file.flush()
        return self.file.readline().strip()


class Machine:
    def __init__(self, qemu, folder, *options, vnc="unix:{dir}/v"):
        self.folder = pathlib.Path(folder)
        self.events = []
        self.program = subprocess.Popen(
            [qemu, "-accel", "qtest", "-nodefaults", "-device", "VGA,addr=2,romfile=", "-vnc",
             vnc.format(dir=folder), "-qtest", f"unix:{folder}/q,server=on,wait=off",
             "-qtest-log", "/dev/null",
             "-qmp", f"unix:{folder}/m,server=on,wait=off", *options])
        self.qtest = Line(self.folder / "q", self.program)
        self.qmp = Line(self.folder / "m", self.program)
        self.qmp.file.readline()
        self.run("qmp_capabilities")

    def take(self, wants):
        while True:
            answer = json.loads(self.qmp.file.readline())
            if "event" in answer:
                self.events.append(answer["event"])
            if wants(answer):
                return answer

    def run(self, command, **arguments):
        self.qmp.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp.file.flush()
        return self.take(lambda answer: "event" not in answer)

    def until(self, event):
        if event not in self.events:
            self.take(lambda answer: answer.get("event") == event)
        self.events.remove(event)

    def outw(self, port, value):
        assert self.qtest.ask(f"outw {port:#x} {value:#x}") == "OK"

    def outb(self, port, value):
        assert self.qtest.ask(f"outb {port:#x} {value:#x}") == "OK"

    def inb(self, port):
        return int(self.qtest.ask(f"inb {port:#x}").split()[1], 0)

    def code(self):
        """The next byte of the controller's; the name of where it came from."""
        end = time.monotonic() + TIMEOUT
        while not (status := self.inb(0x64)) & 1:
            assert time.monotonic() < end, "nothing came from the keyboard"
        return self.inb(0x60), bool(status & 0x20)

    def keyboard_code(self):
        code, aux = self.code()
        assert not aux
        return 0x100 | self.keyboard_code() if code == 0xe0 else code

    def idle(self):
        assert not self.inb(0x64) & 1, "there is more from the keyboard"

    def mode(self, width, height):
        """Bochs' interface: 32 bits, and where its memory is."""
        for index, value in ((4, 0), (1, width), (2, height), (3, 32), (4, 0x41)):
            self.outw(0x1ce, index)
            self.outw(0x1cf, value)
        for offset, value in ((0x10, 0xe0000000), (4, 7)):
            assert self.qtest.ask(f"outl 0xcf8 {0x80001000 | offset:#x}") == "OK"
            assert self.qtest.ask(f"outl 0xcfc {value:#x}") == "OK"

    def fill(self, x, y, width, w, h, colour):
        for line in range(h):
            at = 0xe0000000 + ((y + line) * width + x) * 4
            for column in range(w):
                assert self.qtest.ask(f"writel {at + 4 * column:#x} {colour:#x}") == "OK"

    def screen(self):
        self.run("screendump", filename=str(self.folder / "s.ppm"))
        data = (self.folder / "s.ppm").read_bytes()
        header, rest = data.split(b"\n255\n", 1)
        width, height = map(int, header.split(b"\n")[1].split())
        return width, height, rest

    def client(self, encrypt=None):
        return rfb.Client(str(self.folder / "v"), encrypt)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.program.kill()
            self.program.wait()
            return
        if self.program.poll() is None:
            self.run("quit")
        assert self.program.wait(TIMEOUT) == 0


def same_picture(machine, client):
    """Updates come until the client sees what a screendump has."""
    width, height, rgb = machine.screen()
    end = time.monotonic() + TIMEOUT
    while (client.width, client.height) != (width, height) or client.rgb() != rgb:
        assert time.monotonic() < end, f"{client.width}x{client.height}, and {width}x{height}"
        client.ask(True)
        client.update()


def test_picture(qemu, folder):
    with Machine(qemu, folder, "-name", "lesson") as machine:
        client = machine.client()
        assert client.version == b"RFB 003.008\n" and client.kinds == [1], client.kinds
        assert client.name == "QEMU (lesson)", client.name
        client.ask(False)
        client.update()
        same_picture(machine, client)
        machine.mode(800, 600)
        machine.fill(0, 0, 800, 800, 4, 0x123456)
        same_picture(machine, client)
        assert (client.width, client.height) == (800, 600)
        # What changes is sent, and not all the rest.
        machine.fill(300, 200, 800, 3, 3, 0xff8001)
        same_picture(machine, client)
        assert sum(w * h for _, _, w, h in client.rectangles) <= 4 * 64 * 16, client.rectangles
        assert any(x <= 300 < x + w and y <= 200 < y + h for x, y, w, h in client.rectangles)
        machine.mode(2560, 1600)
        same_picture(machine, client)
        client.close()


def expect(machine, *codes):
    for code in codes:
        came = machine.keyboard_code()
        assert came == code, f"{came:#x}, and not {code:#x}"
    machine.idle()


def test_keys(qemu, folder):
    with Machine(qemu, folder) as machine:
        client = machine.client()
        for c, code in ROW.items():
            client.key(ord(c), True)
            expect(machine, code)
            client.key(ord(c), False)
            expect(machine, code | 0x80)
        for name, code in NAMED.items():
            client.key(rfb.KEYSYMS[name], True)
            expect(machine, code)
            client.key(rfb.KEYSYMS[name], False)
            expect(machine, code | 0x80)
        client.tap(rfb.KEYSYMS["caps_lock"])  # off again, as the client knows it
        expect(machine, 58, 58 | 0x80)
        # With shift held, as people type.
        client.key(rfb.KEYSYMS["shift"], True)
        expect(machine, 42)
        for shifted, c in [*SHIFTED.items(), *((c.upper(), c) for c in "abcdefghijklmnopqrstuvwxyz")]:
            client.tap(ord(shifted))
            expect(machine, ROW[c], ROW[c] | 0x80)
        # A keyboard that has the slash above the seven.
        client.tap(ord("/"))
        expect(machine, 42 | 0x80, 53, 42, 53 | 0x80)
        client.key(rfb.KEYSYMS["shift"], False)
        expect(machine, 42 | 0x80)
        # Without, as programs type.
        client.tap(ord("A"))
        expect(machine, 42, 30, 42 | 0x80, 30 | 0x80)
        # A digit of the number pad with NumLock, which was on: the tap above.
        client.tap(0xffb7)
        expect(machine, 71, 71 | 0x80)
        client.tap(rfb.KEYSYMS["num_lock"])
        expect(machine, 69, 69 | 0x80)
        client.tap(0xffb7)
        expect(machine, 69, 69 | 0x80, 71, 71 | 0x80)
        client.key(rfb.KEYSYMS["pause"], True)
        for code in (0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5):
            assert machine.code()[0] == code
        # What is held goes up when the client goes.
        client.key(rfb.KEYSYMS["alt"], True)
        expect(machine, 56)
        client.close()
        expect(machine, 56 | 0x80)


def test_mouse(qemu, folder):
    with Machine(qemu, folder) as machine:
        machine.outb(0x64, 0xd4)
        machine.outb(0x60, 0xf4)
        assert machine.code() == (0xfa, True)
        client = machine.client()
        client.pointer(100, 100)  # where it is; nothing has moved
        for x, y, buttons, packet in ((110, 95, 0, (8, 10, 5)), (110, 95, 1, (9, 0, 0)), (110, 95, 0, (8, 0, 0)),
                                      (100, 99, 4, (0x3a, 0xf6, 0xfc)), (100, 99, 0, (8, 0, 0)),
                                      (100, 99, 2, (12, 0, 0)), (100, 99, 0, (8, 0, 0))):
            client.pointer(x, y, buttons)
            came = tuple(machine.code() for _ in range(3))
            assert came == tuple((byte, True) for byte in packet), f"{x} {y} {buttons}: {came}"
        client.close()


def test_monitor(qemu, folder):
    with Machine(qemu, folder, vnc="127.0.0.1:700,to=800") as machine:
        server = machine.run("query-vnc")["return"]
        assert server["enabled"] and server["auth"] == "none" and server["host"] == "127.0.0.1", server
        port = int(server["service"])
        assert 6600 <= port <= 6700 and server["clients"] == []
        client = rfb.Client(("127.0.0.1", port))
        machine.until("VNC_CONNECTED")
        machine.until("VNC_INITIALIZED")
        seen = machine.run("query-vnc-servers")["return"]
        mine = client.socket.getsockname()
        assert [(c["host"], c["service"], c["family"]) for c in seen[0]["clients"]] == \
            [(mine[0], str(mine[1]), "ipv4")], seen
        text = machine.run("human-monitor-command", **{"command-line": "info vnc"})["return"]
        assert f"Client: 127.0.0.1:{mine[1]} (ipv4)" in text, text
        client.close()
        machine.until("VNC_DISCONNECTED")
        assert machine.run("query-vnc")["return"]["clients"] == []


def refused(machine, encrypt):
    try:
        machine.client(encrypt)
    except (rfb.Refused, rfb.Closed):
        return True
    return False


def test_password(qemu, folder):
    with Machine(qemu, folder, vnc="unix:{dir}/v,password=on") as machine:
        assert machine.run("query-vnc")["return"]["auth"] == "vnc"
        assert refused(machine, None), "nobody has set a password"
        assert "return" in machine.run("set_password", protocol="vnc", password="secret")
        assert refused(machine, None)
        client = machine.client(lambda challenge: des_answer(b"secret", challenge))
        assert client.width == 640
        client.close()
        assert "return" in machine.run("expire_password", protocol="vnc", time="now")
        assert refused(machine, lambda challenge: des_answer(b"secret", challenge))
        assert "error" in machine.run("set_password", protocol="vnc", password="x", connected="fail")


def des_answer(password, challenge):
    """DES of two blocks, its key's bits from the other end (RFC 6143 7.2.2), by the library that libvncserver
    has it from."""
    gcrypt = ctypes.CDLL("libgcrypt.so.20")
    handle, out = ctypes.c_void_p(), ctypes.create_string_buffer(16)
    key = bytes(int(f"{b:08b}"[::-1], 2) for b in password.ljust(8, b"\0"))
    gcrypt.gcry_check_version(None)
    gcrypt.gcry_control(38, 0)  # GCRYCTL_INITIALIZATION_FINISHED
    assert gcrypt.gcry_cipher_open(ctypes.byref(handle), 302, 1, 0) == 0  # GCRY_CIPHER_DES, ECB
    gcrypt.gcry_cipher_setkey(handle, key, 8)
    gcrypt.gcry_cipher_encrypt(handle, out, 16, challenge, 16)
    gcrypt.gcry_cipher_close(handle)
    return out.raw


def test_hostile(qemu, folder):
    """Of each nothing more is asked than that the next one is served."""
    chance = random.Random(1)
    with Machine(qemu, folder, vnc="unix:{dir}/v,connections=4") as machine:
        for turn in range(24):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(str(machine.folder / "v"))
                start = b"RFB 003.008\n\1\1" if turn % 2 else b""
                try:
                    raw.sendall(start + chance.randbytes(chance.randrange(1, 4000)))
                    raw.settimeout(0.05)
                    raw.recv(4096)
                except OSError:
                    pass
            machine.until("VNC_DISCONNECTED")
        # One that asks and does not read: others are served, and the machine answers.
        machine.mode(2560, 1600)
        deaf = machine.client()
        for _ in range(50):
            deaf.ask(False)
        client = machine.client()
        client.ask(False)
        client.update()
        same_picture(machine, client)
        memory = resident(machine.program.pid)
        for colour in range(10):
            machine.fill(0, 0, 2560, 64, 16, colour)
            deaf.ask(False)
        assert resident(machine.program.pid) < memory + (16 << 20)
        deaf.close()
        # No more than the option says; the last ones are closed at once.
        others = [machine.client() for _ in range(2)]
        assert len(machine.run("query-vnc")["return"]["clients"]) <= 4
        for other in [client, *others]:
            other.close()


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


CASES = {"a client sees what a screendump has": test_picture, "every key of a US keyboard": test_keys,
         "the mouse moves and clicks": test_mouse, "monitors know of clients": test_monitor,
         "passwords": test_password, "clients that are none": test_hostile}


def run_case(qemu, case):
    with tempfile.TemporaryDirectory() as folder:
        try:
            case(qemu, folder)
        except (AssertionError, OSError, rfb.Closed, rfb.Refused) as error:
            return traceback.format_exc().splitlines()[-12:] + [repr(error)]
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    parser.add_argument("names", nargs="*", default=list(CASES))
    args = parser.parse_args()
    print(f"1..{len(args.names)}")
    failed = 0
    for number, name in enumerate(args.names, 1):
        failed |= taptest.report(number, name, run_case(args.qemu, CASES[name]))
    return failed


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a VNC client: sees what a screendump has, before and after the guest has drawn and has chosen
another size; types every key of a US keyboard; moves the mouse. And clients that are none: bytes of chance,
one that reads nothing, passwords that are wrong.

The guest is this program, by qtest. Usage: vnc-test.py --qemu PROGRAM. Prints TAP.
"""
import argparse
import ctypes
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

# What was freed is not to stay for long, where a sanitizer keeps it: a test looks at what there is.
os.environ["ASAN_OPTIONS"] = f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=1:thread_local_quarantine_size_kb=16"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import rfb
import taptest
from screenmachine import NAMED, ROW, SHIFTED, TIMEOUT, Machine


def vnc_machine(qemu, folder, *options, vnc="unix:{dir}/v"):
    return Machine(qemu, folder, "-vnc", vnc.format(dir=folder), *options)


def connect(machine, encrypt=None):
    return rfb.Client(str(machine.folder / "v"), encrypt)


def same_picture(machine, client):
    """Updates come until the client sees what a screendump has."""
    width, height, rgb = machine.screen()
    end = time.monotonic() + TIMEOUT
    while (client.width, client.height) != (width, height) or client.rgb() != rgb:
        assert time.monotonic() < end, f"{client.width}x{client.height}, and {width}x{height}"
        client.ask(True)
        client.update()


def test_picture(qemu, folder):
    with vnc_machine(qemu, folder, "-name", "lesson") as machine:
        client = connect(machine)
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


def read_rectangle(client, encoding):
    """The size of one and the zlib stream that it begins with, of those encodings that have one."""
    kind, _ = client.read(2)
    assert kind == 0, f"message {kind}"
    count, x, y, w, h, came = struct.unpack(">HHHHHi", client.read(14))
    assert count and came == encoding, f"{came}, and not {encoding}"
    if encoding in (rfb.ZLIB, rfb.ZRLE):
        return w, h, zlib.decompressobj().decompress(client.read(struct.unpack(">I", client.read(4))[0]))
    return w, h, b""


def test_encodings(qemu, folder):
    """What clients ask for rather than raw pixels: the process of each can do with what it may."""
    with vnc_machine(qemu, folder) as machine:
        machine.mode(320, 200)
        machine.fill(0, 0, 320, 320, 8, 0x123456)
        for encoding in (rfb.RRE, rfb.CORRE, rfb.HEXTILE, rfb.ZLIB, rfb.TIGHT, rfb.ULTRA, rfb.ZRLE):
            client = connect(machine)
            client.ask_for(encoding)
            client.ask(False)
            w, h, pixels = read_rectangle(client, encoding)
            if encoding == rfb.ZLIB:
                assert pixels[:320 * 8 * 4] == bytes.fromhex("56341200") * 320 * 8 and len(pixels) == w * h * 4
            elif encoding == rfb.ZRLE:
                assert pixels[:4] == bytes.fromhex("01563412") or pixels[1:4] == bytes.fromhex("563412"), pixels[:8]
            client.close()


def test_keys(qemu, folder):
    with vnc_machine(qemu, folder) as machine:
        client = connect(machine)
        for c, code in ROW.items():
            client.key(ord(c), True)
            machine.expect(code)
            client.key(ord(c), False)
            machine.expect(code | 0x80)
        for name, code in NAMED.items():
            client.key(rfb.KEYSYMS[name], True)
            machine.expect(code)
            client.key(rfb.KEYSYMS[name], False)
            machine.expect(code | 0x80)
        client.tap(rfb.KEYSYMS["caps_lock"])  # off again, as the client knows it
        machine.expect(58, 58 | 0x80)
        # With shift held, as people type.
        client.key(rfb.KEYSYMS["shift"], True)
        machine.expect(42)
        for shifted, c in [*SHIFTED.items(), *((c.upper(), c) for c in "abcdefghijklmnopqrstuvwxyz")]:
            client.tap(ord(shifted))
            machine.expect(ROW[c], ROW[c] | 0x80)
        # A keyboard that has the slash above the seven.
        client.tap(ord("/"))
        machine.expect(42 | 0x80, 53, 42, 53 | 0x80)
        client.key(rfb.KEYSYMS["shift"], False)
        machine.expect(42 | 0x80)
        # Without, as programs type.
        client.tap(ord("A"))
        machine.expect(42, 30, 42 | 0x80, 30 | 0x80)
        # A digit of the number pad with NumLock, which was on: the tap above.
        client.tap(0xffb7)
        machine.expect(71, 71 | 0x80)
        client.tap(rfb.KEYSYMS["num_lock"])
        machine.expect(69, 69 | 0x80)
        client.tap(0xffb7)
        machine.expect(69, 69 | 0x80, 71, 71 | 0x80)
        client.key(rfb.KEYSYMS["pause"], True)
        for code in (0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5):
            assert machine.code()[0] == code
        # What is held goes up when the client goes.
        client.key(rfb.KEYSYMS["alt"], True)
        machine.expect(56)
        client.close()
        machine.expect(56 | 0x80)


def test_mouse(qemu, folder):
    with vnc_machine(qemu, folder) as machine:
        machine.outb(0x64, 0xd4)
        machine.outb(0x60, 0xf4)
        assert machine.code() == (0xfa, True)
        client = connect(machine)
        client.pointer(100, 100)  # where it is; nothing has moved
        for x, y, buttons, packet in ((110, 95, 0, (8, 10, 5)), (110, 95, 1, (9, 0, 0)), (110, 95, 0, (8, 0, 0)),
                                      (100, 99, 4, (0x3a, 0xf6, 0xfc)), (100, 99, 0, (8, 0, 0)),
                                      (100, 99, 2, (12, 0, 0)), (100, 99, 0, (8, 0, 0))):
            client.pointer(x, y, buttons)
            came = tuple(machine.code() for _ in range(3))
            assert came == tuple((byte, True) for byte in packet), f"{x} {y} {buttons}: {came}"
        client.close()


def test_monitor(qemu, folder):
    with vnc_machine(qemu, folder, vnc="127.0.0.1:700,to=800") as machine:
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


def test_background(qemu, folder):
    """The shell goes on, and the server ends with the machine."""
    folder = pathlib.Path(folder)
    started = subprocess.run([qemu, "-accel", "qtest", "-nodefaults", "-device", "VGA,romfile=", "-daemonize", "-pidfile",
                              folder / "pid", "-vnc", f"unix:{folder}/v"], stdout=subprocess.PIPE, timeout=TIMEOUT)
    assert started.returncode == 0  # and nobody has its stdout open any more
    client = rfb.Client(f"{folder}/v")
    os.kill(int((folder / "pid").read_text()), signal.SIGTERM)
    try:
        client.ask(True)
        while True:
            client.update()
    except (rfb.Closed, ConnectionError):
        pass
    failed = subprocess.run([qemu, "-accel", "qtest", "-daemonize", "-vnc", f"unix:{folder}/v", "-device", "nothing"],
                            stderr=subprocess.PIPE, timeout=TIMEOUT)
    assert failed.returncode == 1, failed.stderr


def refused(machine, encrypt):
    try:
        connect(machine, encrypt)
    except (rfb.Refused, rfb.Closed):
        return True
    return False


def test_password(qemu, folder):
    with vnc_machine(qemu, folder, vnc="unix:{dir}/v,password=on") as machine:
        assert machine.run("query-vnc")["return"]["auth"] == "vnc"
        assert refused(machine, None), "nobody has set a password"
        assert "return" in machine.run("set_password", protocol="vnc", password="secret")
        assert refused(machine, None)
        client = connect(machine, lambda challenge: des_answer(b"secret", challenge))
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
    with vnc_machine(qemu, folder, vnc="unix:{dir}/v,connections=4") as machine:
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
        deaf = connect(machine)
        for _ in range(50):
            deaf.ask(False)
        client = connect(machine)
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
        others = [connect(machine) for _ in range(2)]
        assert len(machine.run("query-vnc")["return"]["clients"]) <= 4
        for other in [client, *others]:
            other.close()


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


CASES = {"a client sees what a screendump has": test_picture, "encodings": test_encodings,
         "every key of a US keyboard": test_keys,
         "the mouse moves and clicks": test_mouse, "monitors know of clients": test_monitor,
         "passwords": test_password, "in the background": test_background, "clients that are none": test_hostile}


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

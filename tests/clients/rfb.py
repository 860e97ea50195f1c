# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of VNC (RFC 6143) that asks for raw pixels: a picture, keys, a pointer."""
import socket
import struct

RAW, RRE, CORRE, HEXTILE, ZLIB, TIGHT, ULTRA, ZRLE, DESKTOP_SIZE = 0, 2, 4, 5, 6, 7, 9, 16, -223
# X keysyms of keys that are no characters.
KEYSYMS = {"backspace": 0xff08, "tab": 0xff09, "ret": 0xff0d, "pause": 0xff13, "scroll_lock": 0xff14,
           "esc": 0xff1b, "home": 0xff50, "left": 0xff51, "up": 0xff52, "right": 0xff53, "down": 0xff54,
           "pgup": 0xff55, "pgdn": 0xff56, "end": 0xff57, "print": 0xff61, "insert": 0xff63, "menu": 0xff67,
           "num_lock": 0xff7f, "kp_enter": 0xff8d, "kp_multiply": 0xffaa, "kp_add": 0xffab,
           "kp_subtract": 0xffad, "kp_decimal": 0xff9f, "kp_divide": 0xffaf, "shift": 0xffe1,
           "shift_r": 0xffe2, "ctrl": 0xffe3, "ctrl_r": 0xffe4, "caps_lock": 0xffe5, "alt": 0xffe9,
           "alt_r": 0xffea, "meta_l": 0xffeb, "meta_r": 0xffec, "delete": 0xffff,
           **{f"f{n}": 0xffbd + n for n in range(1, 13)},
           **{f"kp_{n}": k for n, k in enumerate((0xff9e, 0xff9c, 0xff99, 0xff9b, 0xff96, 0xff9d, 0xff98, 0xff95,
                                                  0xff97, 0xff9a))}}


class Refused(Exception):
    pass


class Closed(Exception):
    pass


class Client:
    """`encrypt` gives the answer to a challenge of 16 bytes; None: no password is known."""

    def __init__(self, address, encrypt=None):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family)
        self.socket.settimeout(60)
        self.socket.connect(address)
        self.version = self.read(12)
        self.socket.sendall(b"RFB 003.008\n")
        self.kinds = list(self.read(self.read(1)[0]))
        kind = 2 if 2 in self.kinds else 1
        self.socket.sendall(bytes([kind]))
        if kind == 2:
            challenge = self.read(16)
            self.socket.sendall(encrypt(challenge) if encrypt else bytes(16))
        if self.read(4) != bytes(4):
            raise Refused(self.read(struct.unpack(">I", self.read(4))[0]).decode())
        self.socket.sendall(b"\1")  # shared
        self.width, self.height = struct.unpack(">HH", self.read(4))
        self.format = self.read(16)
        self.name = self.read(struct.unpack(">I", self.read(4))[0]).decode()
        # Depth 24 in 32 bits, little end first, red in bits 23:16.
        self.send(struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.ask_for(RAW)
        self.pixels = bytearray(self.width * self.height * 4)
        self.rectangles = []

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise Closed
            data += part
        return data

    def send(self, data):
        self.socket.sendall(data)

    def ask_for(self, encoding):
        self.send(struct.pack(">BxHii", 2, 2, encoding, DESKTOP_SIZE))

    def ask(self, incremental):
        self.send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    def put(self, x, y, w, h, data):
        for line in range(h):
            at = ((y + line) * self.width + x) * 4
            self.pixels[at:at + w * 4] = data[line * w * 4:(line + 1) * w * 4]

    def update(self):
        """Takes one update in; its rectangles are in `rectangles`."""
        kind = self.read(1)[0]
        assert kind == 0, f"message {kind}"
        self.rectangles = []
        for _ in range(struct.unpack(">xH", self.read(3))[0]):
            x, y, w, h, encoding = struct.unpack(">HHHHi", self.read(12))
            if encoding == DESKTOP_SIZE:
                self.width, self.height = w, h
                self.pixels = bytearray(w * h * 4)
            else:
                assert encoding == RAW, f"encoding {encoding}"
                self.put(x, y, w, h, self.read(w * h * 4))
                self.rectangles.append((x, y, w, h))

    def rgb(self):
        """The picture, three bytes a pixel."""
        out = bytearray(self.width * self.height * 3)
        out[0::3], out[1::3], out[2::3] = self.pixels[2::4], self.pixels[1::4], self.pixels[0::4]
        return bytes(out)

    def key(self, keysym, down):
        self.send(struct.pack(">BB2xI", 4, down, keysym))

    def tap(self, keysym):
        self.key(keysym, True)
        self.key(keysym, False)

    def pointer(self, x, y, buttons=0):
        self.send(struct.pack(">BBHH", 5, buttons, x, y))

    def close(self):
        self.socket.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose guest is a test by qtest: it draws, and hears what keyboard and mouse say."""
import json
import pathlib
import socket
import subprocess
import time

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
    """`streams` are those of the program's; without an end it is killed."""

    def __init__(self, qemu, folder, *options, **streams):
        self.folder = pathlib.Path(folder)
        self.events = []
        self.status = 0  # that it is to end with
        self.program = subprocess.Popen(
            [qemu, "-accel", "qtest", "-nodefaults", "-device", "VGA,addr=2,romfile=", "-qtest",
             f"unix:{folder}/q,server=on,wait=off", "-qtest-log", "/dev/null", "-qmp",
             f"unix:{folder}/m,server=on,wait=off", *options], **streams)
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

    def expect(self, *codes):
        for code in codes:
            came = self.keyboard_code()
            assert came == code, f"{came:#x}, and not {code:#x}"
        self.idle()

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

    def text_mode(self):
        """80 columns of 25 rows, the cursor at its place."""
        self.outb(0x3c2, 0x67)
        for port, index, value in ((0x3d4, 0x11, 0), (0x3d4, 1, 79), (0x3d4, 0x12, 0x8f), (0x3d4, 7, 2),
                                   (0x3d4, 9, 15), (0x3d4, 0x13, 40), (0x3d4, 0x0a, 14), (0x3d4, 0x0b, 15),
                                   (0x3c4, 2, 3), (0x3c4, 4, 2), (0x3ce, 5, 0x10), (0x3ce, 6, 0x0e), (0x3ce, 8, 0xff)):
            self.outw(port, value << 8 | index)
        self.inb(0x3da)
        self.outb(0x3c0, 0x20)

    def show_page(self, page, texts, cursor):
        """Lays (x, y, text, attribute) and the cursor out where nobody sees them, and then shows all at once."""
        for x, y, text, attribute in texts:
            for at, c in enumerate(text.encode("cp437"), 0x800 * page + y * 80 + x):
                assert self.qtest.ask(f"writew {0xb8000 + 2 * at:#x} {attribute << 8 | c:#x}") == "OK"
        at = 0x800 * page + cursor[1] * 80 + cursor[0]
        for index, value in ((0x0f, at & 0xff), (0x0e, at >> 8), (0x0c, 8 * page)):
            self.outw(0x3d4, value << 8 | index)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.program.kill()
            self.program.wait()
            return
        if self.program.poll() is None:
            self.run("quit")
        assert self.program.wait(TIMEOUT) == self.status

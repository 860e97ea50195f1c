#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a VNC client, and Linux: its console on the VGA (bochs-drm) is what the client sees, what is typed
comes to the shell on it by PS/2 and by a Virtio keyboard, and /dev/input says what a mouse and a tablet do.

Usage: input-test.py --qemu PROGRAM --guests FOLDER [--tier T] [--list] [CASE]... Prints TAP.
"""
import pathlib
import re
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))
import livemachine
import rfb
import taptest

EV_KEY, EV_REL, EV_ABS = 1, 2, 3
SYN = (0, 0, 0)
BTN_LEFT = 0x110
# Everything of a US keyboard that a shell's double quotes leave as it is.
TYPED = "az AZ 0123456789 ~!@#%^&*()_+-={}[]|:;'<>,.?/"
DEVICES = {"ps2": [], "virtio": ["virtio-keyboard-pci", "virtio-mouse-pci", "virtio-tablet-pci"]}


def events(machine, name):
    """What that device has said so far: (type, code, value)."""
    return [struct.unpack("<16xHHi", bytes.fromhex(text))
            for text in re.findall(rf"guest: {name} ([0-9a-f]{{48}})\r?\n", machine.text())]


def until_events(machine, name, wanted):
    """The last events are these."""
    machine.wait_text(f"guest: {name} ", times=len(wanted))
    for _ in range(len(wanted) * 100):
        seen = events(machine, name)
        if seen[-len(wanted):] == wanted:
            return
        try:
            machine.wait_text(f"guest: {name} ", times=len(seen) + 1)
        except AssertionError:
            break
    raise AssertionError(f"{name}: {events(machine, name)} and not {wanted} at the end")


def type_line(client, text):
    for c in text:
        client.tap(ord(c))
    client.tap(rfb.KEYSYMS["ret"])


def sees_screen(machine, client, folder):
    machine.qmp("screendump", filename=str(folder / "screen.ppm"))
    size, pixels = (folder / "screen.ppm").read_bytes().split(b"\n255\n", 1)
    assert size.split()[1:] == [b"1024", b"768"], size
    for _ in range(200):
        if client.rgb() == pixels:
            break
        client.ask(True)
        client.update()
    else:
        raise AssertionError("the client does not see what a screendump has")
    assert 1000 < sum(1 for byte in pixels if byte) < len(pixels) // 2, "there is no text"


def run_person(machine, folder, virtio):
    machine.wait_text("guest: ready")
    client = rfb.Client(str(folder / "vnc"))
    client.ask(False)
    client.update()
    type_line(client, f'printf \'\\033[?25l\'; clear; echo "typed: {TYPED}" | tee /dev/ttyS0')
    machine.wait_text(f"typed: {TYPED}")
    if virtio:
        # The last key's, at least: it went this way, and not by PS/2.
        until_events(machine, "keyboard", [(EV_KEY, 28, 1), SYN, (EV_KEY, 28, 0), SYN])
        client.pointer(1023, 0)
        client.pointer(1023, 767, 1)
        client.pointer(1023, 767, 0)
        until_events(machine, "tablet", [(EV_ABS, 0, 32767), SYN, (EV_ABS, 1, 32767), (EV_KEY, BTN_LEFT, 1), SYN,
                                         (EV_KEY, BTN_LEFT, 0), SYN])
        machine.hmp("mouse_set 1")
        client.pointer(1020, 760)
        until_events(machine, "mouse", [(EV_REL, 0, -3), (EV_REL, 1, -7), SYN])
    sees_screen(machine, client, folder)
    client.close()
    machine.qmp("quit")
    machine.wait_end()


def run_case(args, devices):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd = livemachine.make_initramfs(args, folder, "generic", "input-init",
                                            ["virtio_pci", "virtio_input", "evdev", "bochs"])
        options = [word for device in devices for word in ("-device", device)]
        machine = livemachine.Machine(args, "generic", initrd, folder, "",
                                      ["-device", "VGA", "-vnc", f"unix:{folder}/vnc", *options])
        try:
            run_person(machine, folder, bool(devices))
        except (AssertionError, OSError, rfb.Closed) as error:
            return [repr(error)], machine.text()
        finally:
            machine.process.kill()
            machine.process.wait()
        return [], ""


def main():
    parser = taptest.options(DEVICES)
    args = taptest.parse(parser, DEVICES)
    return taptest.run(args, DEVICES, ["busybox", "generic"], run_case)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""An ISO 9660 image of a few files in its root folder (ECMA-119), for CD-ROM drives of tests."""
import struct

SECTOR = 2048
ROOT, FIRST = 20, 21  # sectors: of the root folder, of the first file


def both(value, size):
    """A number in both byte orders (7.2.3 and 7.3.3)."""
    return value.to_bytes(size, "little") + value.to_bytes(size, "big")


def record(name, sector, size, folder=False):
    """A directory record (9.1)."""
    body = (b"\0" + both(sector, 4) + both(size, 4) + bytes([120, 1, 1, 0, 0, 0, 0])
            + bytes([2 if folder else 0, 0, 0]) + both(1, 2) + bytes([len(name)]) + name)
    body += b"\0" * (len(body) % 2 == 0)
    return bytes([len(body) + 1]) + body


def descriptor(sectors, label):
    """The primary volume descriptor (8.4)."""
    data = bytearray(SECTOR)
    data[0:7] = b"\1CD001\1"
    data[8:40], data[40:72] = b" " * 32, label.encode().ljust(32)
    data[80:88], data[120:124] = both(sectors, 4), both(1, 2)
    data[124:128], data[128:132], data[132:140] = both(1, 2), both(SECTOR, 2), both(10, 4)
    data[140:144], data[148:152] = struct.pack("<I", 18), struct.pack(">I", 19)
    data[156:190] = record(b"\0", ROOT, SECTOR, True)
    data[190:813] = b" " * 623
    data[881] = 1
    return bytes(data)


def path_table(order):
    return struct.pack(order + "BBIHcx", 1, 0, ROOT, 1, b"\0").ljust(SECTOR, b"\0")


def make(files, label="TEST"):
    """The image's bytes; `files` is from names like "DATA.BIN" to contents."""
    folder = record(b"\0", ROOT, SECTOR, True) + record(b"\1", ROOT, SECTOR, True)
    contents, sector = b"", FIRST
    for name, content in sorted(files.items()):
        folder += record(name.encode() + b";1", sector, len(content))
        padded = content + b"\0" * (-len(content) % SECTOR)
        contents, sector = contents + padded, sector + len(padded) // SECTOR
    end = (b"\xffCD001\1").ljust(SECTOR, b"\0")
    return (b"\0" * (16 * SECTOR) + descriptor(sector, label) + end + path_table("<") + path_table(">")
            + folder.ljust(SECTOR, b"\0") + contents)

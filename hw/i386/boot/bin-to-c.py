#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A file as an array of bytes in C. Usage: bin-to-c.py NAME FILE"""
import pathlib
import sys

name, path = sys.argv[1:]
data = pathlib.Path(path).read_bytes()
print(f"static const unsigned char {name}[{len(data)}] = {{")
for at in range(0, len(data), 16):
    print("    " + " ".join(f"0x{byte:02x}," for byte in data[at:at + 16]))
print("};")

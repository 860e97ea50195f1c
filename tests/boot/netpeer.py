# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's side of net-peer.c, for tests whose guests send and take bytes by TCP."""
import os
import pathlib
import socket
import subprocess
import threading
import zlib

PIECE = 1 << 20


def build(folder):
    """The guest's program."""
    peer = folder / "net-peer"
    subprocess.run([os.environ.get("CC", "gcc").split()[-1], "-O2", "-static", "-o", peer,
                    pathlib.Path(__file__).with_name("net-peer.c")], check=True)
    return peer


class Server(threading.Thread):
    """On the host's loopback: sends what it has to whoever says "get", takes what comes after "put"."""

    def __init__(self, data, clients=2):
        super().__init__(daemon=True)
        self.data, self.taken, self.clients = data, 0, clients
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        for _ in range(self.clients):
            client, _ = self.listener.accept()
            with client, client.makefile("rb") as lines:
                if lines.readline() == b"get\n":
                    client.sendall(self.data)
                    continue
                while piece := lines.read(PIECE):
                    self.taken = zlib.crc32(piece, self.taken)

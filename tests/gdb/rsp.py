# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of gdb's remote serial protocol, an emulator that has one listening, and a test's main part."""
import argparse
import pathlib
import select
import socket
import subprocess
import time

SECONDS = 120


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.socket.connect(str(path))
        self.pending = b""

    def byte(self):
        if not self.pending:
            self.pending = self.socket.recv(65536)
            if not self.pending:
                raise AssertionError("the server closed its connection")
        byte, self.pending = self.pending[:1], self.pending[1:]
        return byte

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, payload):
        data = payload.encode() if isinstance(payload, str) else payload
        escaped = b"".join(b"}" + bytes([b ^ 0x20]) if b in b"$#}*" else bytes([b]) for b in data)
        self.send_raw(b"$" + escaped + b"#%02x" % (sum(escaped) & 0xff))

    def reply(self, signs=b"+"):
        """The next packet's payload; acknowledgements before it are passed over."""
        while (byte := self.byte()) != b"$":
            if byte not in signs:
                raise AssertionError(f"{byte} between packets")
        body = b""
        while (byte := self.byte()) != b"#":
            body += byte
        digits = self.byte() + self.byte()
        if int(digits, 16) != sum(body) & 0xff:
            raise AssertionError(f"a wrong sum: {body}")
        self.send_raw(b"+")
        plain, escape = bytearray(), False
        for b in body:
            if b == ord("}") and not escape:
                escape = True
            else:
                plain.append(b ^ 0x20 if escape else b)
                escape = False
        return plain.decode("latin-1")

    def ask(self, payload):
        self.send(payload)
        return self.reply()

    def go(self, payload):
        """Sends what is answered at the next stop only."""
        self.send(payload)
        if self.byte() != b"+":
            raise AssertionError(f"{payload} was not acknowledged")

    def interrupt(self):
        self.send_raw(b"\x03")
        return self.reply()

    def monitor(self, line):
        """What the monitor prints."""
        said, reply = "", self.ask("qRcmd," + line.encode().hex())
        while reply.startswith("O") and reply != "OK":
            said += bytes.fromhex(reply[1:]).decode()
            reply = self.reply()
        return said

    def is_quiet(self, seconds):
        return not self.pending and not select.select([self.socket], [], [], seconds)[0]

    def close(self):
        self.socket.close()


class Emulator:
    """Starts the program with its gdb server on a socket in `folder`."""

    def __init__(self, qemu, tier, folder, kernel, options=()):
        self.path = pathlib.Path(folder) / "gdb"
        self.log = pathlib.Path(folder) / "log"
        line = [qemu, "-accel", f"tcg,{tier}", "-m", "128M", "-display", "none", "-serial",
                f"file:{folder}/serial", "-monitor", "none", "-no-reboot", "-kernel", kernel,
                "-gdb", f"unix:{self.path}", *options]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(word) for word in line], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def client(self):
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"the emulator ended: {self.log.read_text()}")
            try:
                return Client(self.path)
            except (FileNotFoundError, ConnectionRefusedError):  # not there yet, or not listening
                time.sleep(0.01)

    def serial(self):
        path = self.path.parent / "serial"
        return path.read_text(errors="replace") if path.exists() else ""

    def end(self):
        self.process.kill()
        self.process.wait()


def run(cases, options, run_case, why_not=lambda args, name: ""):
    """A test's main part: each case named, or all, by `run_case(args, case)`, which answers with what is
    wrong; left out where `why_not` has a reason. The exit status."""
    parser = argparse.ArgumentParser()
    for option in options:
        parser.add_argument(option, required=True)
    parser.add_argument("cases", nargs="*", choices=[*cases, []])
    args = parser.parse_args()
    names = args.cases or list(cases)
    print(f"1..{len(names)}")
    failed = 0
    for number, name in enumerate(names, 1):
        reason = why_not(args, name)
        wrong = "" if reason else run_case(args, cases[name])
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} {name}{' # SKIP ' + reason if reason else ''}", flush=True)
        for line in wrong.splitlines():
            print(f"# {line}")
    return 1 if failed else 0

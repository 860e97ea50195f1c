#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs programs with known results in a guest. Prints TAP.

The programs are Debian's: OpenSSL on published vectors and against what the same binary says here,
two C compilers that build and run a program, Python's own regression tests, rt-tests and stress-ng for
timers. Ours are threads at each other's locks (programs/threads.c) and sleeps close together
(programs/sleeps.c), the latter while the host stops the emulator now and then. A case is a function that
puts files into a tree and returns steps; the guest's init (programs/init) runs them. Left out:
anything that needs a network or a disk.

Usage: programs-test.py --qemu PROGRAM --guests FOLDER [--tier T] [--list] [CASE]...
"""
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import taptest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TIMEOUT = int(os.environ.get("SWITCHYARD_BOOT_TIMEOUT", "1500"))
LIB = "lib/x86_64-linux-gnu"
BAD = [r"^guest: log", r"Kernel panic", r"Call Trace", r"rcu.*stall", r"soft lockup"]


class Step:
    """A command and what it must print: text, or a pattern with `like`."""

    def __init__(self, name, command, wants=None, like=None):
        self.name, self.command, self.wants, self.like = name, command, wants, like

    def problem(self, output, status):
        if status != 0:
            return f"{self.name} ended with status {status}: {output[-400:]!r}"
        if self.wants is not None and output.strip() != self.wants.strip():
            return f"{self.name} printed {output[-400:]!r}, not {self.wants!r}"
        if self.like is not None and not re.search(self.like, output):
            return f"{self.name} printed {output[-400:]!r}, without '{self.like}'"
        return None


class Tree:
    """The guest's files, taken from unpacked packages."""

    def __init__(self, folder, guests):
        self.root, self.guests = folder / "tree", guests
        self.root.mkdir()

    def take(self, package, *patterns):
        source = self.guests / package
        for pattern in patterns:
            found = list(source.glob(pattern))
            if not found:
                sys.exit(f"programs-test: {source} has no {pattern}")
            for path in found:
                self.copy(path, str(path.relative_to(source)))

    def copy(self, path, name):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        elif not os.path.lexists(target):
            shutil.copy2(path, target, follow_symlinks=False)

    def link(self, name, to):
        (self.root / name).symlink_to(to)

    def write(self, name, content):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def libc(self, package):
        self.take(package, "lib64/ld-linux-x86-64.so.2", f"{LIB}/*.so*")

    def here(self, package, *words):
        """What a program of a package prints on this machine, by its own C library."""
        folder = self.guests / package
        libraries = f"{folder / LIB}:{folder / 'usr' / LIB}"
        return subprocess.run([folder / LIB / "ld-linux-x86-64.so.2", "--library-path", libraries,
                               folder / words[0], *words[1:]], check=True, capture_output=True,
                              cwd=self.root, env={**os.environ, "OPENSSL_CONF": "/dev/null"}).stdout


def openssl(tree):
    tree.libc("tools")
    tree.take("tools", "usr/bin/openssl", f"usr/{LIB}/libssl.so.3", f"usr/{LIB}/libcrypto.so.3")
    data = random.Random(4).randbytes(300000)
    tree.write("data", data)
    steps = [Step(f"digest-{name}", f"openssl dgst -{name} -r /data",
                  f"{hashlib.new(name, data).hexdigest()} */data")
             for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256",
                          "blake2b512")]
    steps += cipher_vectors(tree)
    for name in ("aes-128-cbc", "aes-256-ctr", "aes-192-ofb", "camellia-256-cbc", "chacha20"):
        words = ["enc", f"-{name}", "-K", "0123456789abcdef" * 4, "-iv", "00112233445566778899aabbccddeeff"]
        if "128" in name or "192" in name:
            words[3] = words[3][:int(name[4:7]) // 4]
        secret = tree.here("tools", "usr/bin/openssl", *words, "-in", "data")
        steps.append(Step(f"cipher-{name}", f"openssl {' '.join(words)} -in /data -out s && "
                          f"openssl {' '.join(words)} -d -in s | cmp - /data && "
                          "openssl dgst -sha256 -r s", f"{hashlib.sha256(secret).hexdigest()} *s"))
    return steps + signatures(tree) + [
        Step("prime", "openssl prime -hex 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", like="is prime"),
        Step("kdf", "openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:passwd "
             "-kdfopt salt:salt -kdfopt iter:1000 PBKDF2 | tr -d : | tr A-F a-f",
             hashlib.pbkdf2_hmac("sha256", b"passwd", b"salt", 1000, 32).hex())]


def cipher_vectors(tree):
    """NIST SP 800-38A, F.2 and F.5; RFC 8439, 2.4.2."""
    plain = ("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
    keys = {128: "2b7e151628aed2a6abf7158809cf4f3c",
            256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"}
    vectors = {
        ("cbc", 128): "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                      "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
        ("cbc", 256): "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        ("ctr", 128): "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                      "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
        ("ctr", 256): "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                      "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
    }
    start = {"cbc": "000102030405060708090a0b0c0d0e0f", "ctr": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"}
    tree.write("vector", bytes.fromhex(plain))
    tree.write("sunscreen", "Ladies and Gentlemen of the class of '99: If I could offer you only one "
               "tip for the future, sunscreen would be it.")
    as_hex = "| hexdump -v -e '1/1 \"%02x\"'"
    return [Step(f"vector-{mode}-{bits}", f"openssl enc -aes-{bits}-{mode} -K {keys[bits]} "
                 f"-iv {start[mode]} -nopad -in /vector {as_hex}", wanted)
            for (mode, bits), wanted in vectors.items()] + [
        Step("vector-chacha20", f"openssl enc -chacha20 -K {bytes(range(32)).hex()} "
             f"-iv 01000000000000000000004a00000000 -in /sunscreen {as_hex}",
             "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dab"
             "cd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806"
             "818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d")]


def signatures(tree):
    """RSA (PKCS #1 v1.5) and Ed25519 signatures are the same wherever they are made."""
    steps = []
    for name, options in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed25519", ["ED25519"])):
        tree.here("tools", "usr/bin/openssl", "genpkey", "-algorithm", *options, "-out", f"{name}.pem")
        words = ["pkeyutl", "-sign", "-inkey", f"{name}.pem", "-rawin", "-in", "vector"]
        words += ["-digest", "sha256"] if name == "rsa" else []
        secret = tree.here("tools", "usr/bin/openssl", *words)
        steps.append(Step(f"sign-{name}", f"cd / && openssl {' '.join(words)} -out /tmp/sig && "
                          f"openssl pkeyutl -verify {' '.join(words[2:])} -sigfile /tmp/sig >&2 && "
                          "sha256sum </tmp/sig 2>/dev/null",
                          like=hashlib.sha256(secret).hexdigest()))
    for curve in ("P-256", "P-384", "secp256k1"):
        steps.append(Step(f"sign-{curve}", "openssl genpkey -algorithm EC -pkeyopt "
                          f"ec_paramgen_curve:{curve} -out key && "
                          "openssl dgst -sha256 -sign key -out sig /data && "
                          "openssl dgst -sha256 -prverify key -signature sig /data && "
                          "! openssl dgst -sha256 -prverify key -signature sig /vector", like="Verified OK"))
    return steps


def compile_here(source, program, *options):
    compiler = os.environ.get("CC", "cc").split()[-1]
    subprocess.run([compiler, "-O1", source, "-o", program, *options], check=True)


def threads(tree):
    (tree.root / "usr/bin").mkdir(parents=True)
    compile_here(PROGRAMS / "threads.c", tree.root / "usr/bin/threads", "-static", "-pthread")
    return [Step("threads", "threads", f"threads on {CPUS['threads']} CPUs\n"
                 "sums 18006000 240000, inside 1, faults 1\nthreads ok")]


def sleeps(tree):
    (tree.root / "usr/bin").mkdir(parents=True)
    compile_here(PROGRAMS / "sleeps.c", tree.root / "usr/bin/sleeps", "-static", "-pthread")
    return [Step("sleeps", f"sleeps {SLEEP_SECONDS}", "sleeps ok")]


def timers(tree):
    tree.libc("rt")
    tree.take("rt", "usr/bin/cyclictest", "usr/bin/sigwaittest", "usr/bin/stress-ng", f"usr/{LIB}/*.so*")
    # The first thread comes to its end; the others, with longer intervals, to some of it.
    counts = r"T: 0 .*C: *%d .*\n(T: \d.*C: *[1-9].*\n){3}"
    return [Step("cyclictest", "cyclictest -q -t4 -a0-3 -p80 -i200 -l5000", like=counts % 5000),
            Step("cyclictest-timers", "cyclictest -q -t4 -a0-3 -p80 -i500 -l2000 -x", like=counts % 2000),
            Step("sigwaittest", "sigwaittest -t2 -a -p80 -i300 -l4000 -q", like=r"Cycles 4000\b"),
            Step("stress-ng", "stress-ng --cyclic 4 --cyclic-policy rr --cyclic-sleep 50000 -t 4 --verify",
                 like=r"successful run completed")]


def compilers(tree):
    source = PROGRAMS / "compiled.c"
    gcc = "usr/lib/gcc/x86_64-linux-gnu/12"
    tree.libc("gcc")
    tree.take("gcc", "usr/bin/*gcc-12", "usr/bin/*-as", "usr/bin/*-ld.bfd", f"{gcc}/cc1", f"{gcc}/collect2", f"{gcc}/crt*.o", f"{gcc}/libgcc*",
              f"{gcc}/include", f"{gcc}/liblto_plugin.so", "usr/include", f"usr/{LIB}/*.so*",
              f"usr/{LIB}/*crt*.o", f"usr/{LIB}/libc_nonshared.a", f"usr/{LIB}/libm.so")
    tree.take("tools", "usr/bin/tcc", f"usr/lib/*/tcc")
    for name in ("as", "ld"):
        tree.link(f"usr/bin/{name}", f"x86_64-linux-gnu-{'ld.bfd' if name == 'ld' else name}")
    tree.write("compiled.c", source.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        # Any compiler will do: the program prints the same everywhere.
        compile_here(source, f"{folder}/here", "-lm")
        wanted = subprocess.run(f"{folder}/here", check=True, capture_output=True).stdout.decode()
    # The guest's cc1 must make of a source what the same cc1 makes of it here.
    folders = [f"{gcc}/include", "usr/include/x86_64-linux-gnu", "usr/include"]
    words = ["-quiet", "compiled.c", "-O2", "-nostdinc", "-o"]
    tree.here("gcc", f"{gcc}/cc1", *words, "here.s",
              *(word for name in folders for word in ("-isystem", tree.guests / "gcc" / name)))
    digest = hashlib.sha256((tree.root / "here.s").read_bytes()).hexdigest()
    (tree.root / "here.s").unlink()
    include = " ".join(f"-isystem /{name}" for name in folders)
    return [Step("gcc-assembly", f"cd / && /{gcc}/cc1 {' '.join(words)} /tmp/a.s {include} && "
                 "sha256sum /tmp/a.s", f"{digest}  /tmp/a.s"),
            Step("gcc-runs", "gcc-12 -O2 /compiled.c -o a -lm && ./a", wanted),
            Step("gcc-sse-runs", "gcc-12 -O3 -march=x86-64-v2 /compiled.c -o v2 -lm && ./v2", wanted),
            Step("tcc-runs", "tcc /compiled.c -o b -lm && ./b", wanted)]


def python(tests):
    def case(tree):
        tree.libc("python")
        tree.take("python", "usr/bin/python3.11", "usr/lib/python3.11", f"usr/{LIB}/*.so*", "etc/python3.11")
        # A fifth of the size: only the tests that run, and what they share.
        folder = tree.root / "usr/lib/python3.11/test"
        shared = {"test_grammar.py", "support", "libregrtest", "decimaltestdata", "__init__.py", "__main__.py", "regrtest.py"}
        for path in folder.iterdir():
            if path.is_dir() and path.name not in shared:
                shutil.rmtree(path)
            elif path.name.startswith("test_") and path.stem not in tests and path.name not in shared:
                path.unlink()
        tree.write("aead.py", (PROGRAMS / "aead.py").read_bytes())
        return [Step("aead", "python3.11 /aead.py", "aead ok"),
                Step("regression", f"python3.11 -m test {' '.join(tests)}", like=r"Tests result: SUCCESS")]
    return case


SHORT = ["test_int", "test_float", "test_struct", "test_hashlib"]
LONG = [*SHORT, "test_long", "test_math", "test_decimal", "test_random", "test_strtod", "test_complex",
        "test_cmath", "test_fractions"]
SLEEP_SECONDS = int(os.environ.get("SWITCHYARD_SLEEP_SECONDS", "8"))
CASES = {"threads": threads, "sleeps": sleeps, "timers": timers, "openssl": openssl, "compilers": compilers, "python": python(SHORT), "python-long": python(LONG)}
CPUS = {"threads": 4, "sleeps": 4, "timers": 4}  # the others: 2
STOPPED = {"sleeps"}  # now and then by the host
PACKAGES = {"threads": [], "sleeps": [], "timers": ["rt"], "openssl": ["tools"], "compilers": ["gcc", "tools"]}


def boot(args, case, folder):
    """The guest's output and the exit status; None for a time-out."""
    tree = Tree(folder, args.guests)
    steps = CASES[case](tree)
    tree.write("steps", "".join(f"{step.name} {step.command}\n" for step in steps))
    initrd = folder / "initrd"
    subprocess.run([sys.executable, HERE.parent.parent / "scripts" / "make-initramfs", initrd,
                    "--guests", args.guests, "--kernel", "cloud", "--init", PROGRAMS / "init",
                    "--tree", tree.root], check=True)
    kernel = next((args.guests / "cloud" / "boot").glob("vmlinuz-*"))
    line = [args.qemu, "-machine", "q35", "-accel", f"tcg,tier={args.tier}", "-cpu", "max", "-smp",
            str(CPUS.get(case, 2)),
            "-m", "1G", "-nographic", "-no-reboot", "-kernel", kernel, "-initrd", initrd,
            "-append", "console=ttyS0 quiet panic=-1"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([str(word) for word in line], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT)
        if case in STOPPED:
            threading.Thread(target=stop_now_and_then, args=(process,), daemon=True).start()
        try:
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            status = None
            process.kill()
            process.wait()
    return steps, (folder / "log").read_text(errors="replace").replace("\r", ""), status


def stop_now_and_then(process):
    """For 0.2 to 30 ms at a time, as a busy host does."""
    dice = random.Random(7)
    while process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        time.sleep(dice.choice((0.0002, 0.002, 0.03)))
        process.send_signal(signal.SIGCONT)
        time.sleep(dice.uniform(0.002, 0.1))


def problems(steps, output, status):
    wrong = []
    if status is None:
        wrong.append(f"not done after {TIMEOUT} s")
    elif status != 0:
        wrong.append(f"ended with status {status}, not 0")
    for step in steps:
        name = re.escape(step.name)
        found = re.search(rf"guest: begin {name}\n(.*?)guest: end {name} (\d+)", output, re.DOTALL)
        if not found:
            wrong.append(f"{step.name} was not reached or did not end")
            break
        wrong += filter(None, [step.problem(found.group(1), int(found.group(2)))])
    if "guest: done" not in output:
        wrong.append("the log has no 'guest: done'")
    return wrong + [f"bad line: {line.strip()}" for line in output.splitlines()
                    if any(re.search(pattern, line) for pattern in BAD)]


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    args.guests = args.guests.resolve()
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        reason = taptest.why_not(args, ["cloud", "busybox", *PACKAGES.get(name, ["python"])])
        if reason:
            print(f"ok {number} {name} # SKIP {reason}")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            steps, output, status = boot(args, name, pathlib.Path(temporary))
        wrong = problems(steps, output, status)
        failed += taptest.report(number, name, wrong, output)
    return 1 if failed else 0


sys.exit(main())

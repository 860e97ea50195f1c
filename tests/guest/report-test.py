#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Loses an interrupt in a small guest and reads the run's report, as JSON and as a page, beside what the program said,
with the names that symbols= gives addresses.

Usage: report-test.py PROGRAM IMAGE OTHER NM, which are lost.elf, privileged.elf and what lists the symbols of these.
"""
import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile

PATIENCE = 60
OVER = re.compile(b"ask the monitor|guest: done")
MOVED = 0x40000 # bytes
DEVICES = ["-device", "intel-iommu,intremap=on,eim=on", "-device", "edu,id=first", "-device", "edu,id=second"]


OTHER, NM = sys.argv[3:5]


class Cells(html.parser.HTMLParser):
    """{table: [[cell ...] ...]}, and what the page would load."""

    def __init__(self):
        super().__init__()
        self.tables, self.rows, self.loaded, self.in_cell = {}, None, [], False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.loaded += [attrs[name] for name in ("src", "href") if name in attrs]
        if tag == "table":
            self.rows = self.tables.setdefault(attrs["id"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag != "td"

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data


def run(program, image, walk, *options):
    """(status, all that it printed) of a walk that is quit when it is over."""
    return run_guest(program, image, *DEVICES, "-append", walk, *options)


def run_guest(program, image, *options):
    process = subprocess.Popen([program, "-M", "q35", "-nographic", "-kernel", image, *options],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        seen = b""
        for line in process.stdout:
            seen += line
            if OVER.search(line):
                process.stdin.write(b"\x01x")
                process.stdin.flush()
        return process.wait(PATIENCE), seen.decode()
    finally:
        process.kill()


def expect(what, got, wanted):
    assert got == wanted, f"{what}: {got!r} instead of {wanted!r}"


def said_lines(screen, begin):
    return [line.partition(begin)[2] for line in screen.splitlines() if begin in line]


def test_json(program, image, folder):
    path = folder / "report.json"
    status, screen = run(program, image, "a", "-journal", f"report={path}")
    expect("status", status, 0)
    report = json.loads(path.read_text())
    expect("sentences", [loss["sentence"] for loss in report["losses"]], said_lines(screen, "interrupt lost: "))
    expect("lost", (report["lost"], [(loss["device"], loss["state"], loss["count"]) for loss in report["losses"]]),
           (1, [("second", "source-refused", 1)]))
    expect("sum of states", sum(report["states"].values()), report["attempts"])
    expect("sum of devices", sum(device["attempts"] for device in report["devices"]), report["attempts"])
    expect("findings", [f["rule"] for f in report["findings"]],
           [line.split(": ")[1] for line in said_lines(screen, " lint: ")])


def test_symbols(program, image, folder):
    """Who set it off and who wrote the entry, by the names that the image has for them; in lines of -d, too."""
    path = folder / "report.json"
    _, screen = run(program, image, "a", "-d", "msi", "-journal", f"symbols={image},report={path}")
    sentence = json.loads(path.read_text())["losses"][0]["sentence"]
    expect("sentences", [sentence], said_lines(screen, "interrupt lost: "))
    for words in (r"set off by CPU 0 at [0-9a-f]+ \(interrupt_from\+0x[0-9a-f]+\):",
                  r"last written at \S+ s by CPU 0 at [0-9a-f]+ \(vtd_\w+\+0x[0-9a-f]+\);"):
        assert re.search(words, sentence), sentence
    lines = said_lines(screen, "msi_send ")
    assert lines and all(" at=interrupt_from+0x" in line for line in lines), lines


def test_offset(program, image, folder):
    """With an offset given, the image's own addresses are no symbol's."""
    _, screen = run(program, image, "a", "-journal", f"symbols={image}@0x40000000")
    assert "interrupt lost" in screen and "interrupt_from" not in screen, screen


def test_moved(program, image, folder):
    """The guest runs above where a list says; that the list has where SYSCALL leads (MSR LSTAR) tells how far."""
    symbols = re.findall(r"^([0-9a-f]+) ([tT]) (\S+)$", subprocess.check_output([NM, OTHER], text=True), re.M)
    lines = [f"{int(address, 16) - MOVED:016x} {kind} {name}\n" for address, kind, name in symbols]
    assert any("syscall_target" in line for line in lines)
    lines += [line.replace("syscall_target", "entry_SYSCALL_64") for line in lines if "syscall_target" in line]
    (folder / "list").write_text("".join(lines))
    log = folder / "log"
    run_guest(program, OTHER, "-smp", "1", "-d", "apic", "-D", log, "-journal", f"symbols={folder / 'list'}")
    named = re.findall(r"^ipi_send .* at=(\w+)\+0x", log.read_text(), re.M)
    expect("who sends an IPI at the end", named[-1:], ["apic_send_ipi"])


def test_html(program, image, folder):
    path = folder / "report.html"
    _, screen = run(program, image, "a", "-journal", f"report={path}")
    page = Cells()
    page.feed(path.read_text())
    expect("sentences", [row[4] for row in page.tables["losses"] if row], said_lines(screen, "interrupt lost: "))
    expect("device", [row[:4] for row in page.tables["devices"] if row[:1] == ["second"]], [["second", "msi", "1", "1"]])
    expect("what is loaded", page.loaded, [])


def test_refused(program, image, folder):
    for option, words in ((f"report={folder}/none/a.json", f"cannot write the report to '{folder}/none/a.json': No such"),
                          (f"report={folder}/a.txt", "is to end in .html or .json"),
                          ("symbols=/dev/null", "symbols of '/dev/null': is no regular file"),
                          (f"off,report={folder}/a.json", "there is nothing to write with the journal off")):
        status, screen = run(program, image, "a", "-journal", option)
        expect(f"{option}: lines", len(screen.splitlines()), 1)
        assert words in screen and status == 1, f"{option}: status {status}: {screen}"


def test_full(program, image, folder):
    """The guest's run is not spoilt by it."""
    path = folder / "full.json"
    path.symlink_to("/dev/full")
    status, screen = run(program, image, "a", "-journal", f"report={path}")
    expect("status", status, 0)
    expect("lines", said_lines(screen, f"the report '{path}': "), ["No space left on device; nothing more is written there"])


def main():
    program, image = sys.argv[1:3]
    failed = 0
    for test in (test_json, test_html, test_symbols, test_offset, test_moved, test_refused, test_full):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(program, image, pathlib.Path(folder))
                print(f"ok: {test.__name__}")
            except AssertionError as why:
                print(f"FAIL: {test.__name__}: {why}")
                failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())

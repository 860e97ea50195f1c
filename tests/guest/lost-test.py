#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs every command of docs/lost-interrupts.md, asks the page's questions, and compares the answers with the page.

Usage: lost-test.py [--guests FOLDER] PROGRAM IMAGE PAGE; these stand where the page has something below build/.
With --guests it runs the walks under Linux, with the kernel from there; else the others.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE = 200
WALKS = list("abcdefghi")
LINUX_WALKS = ["linux-a", "linux-b", "linux-f"]
PREPARE = "linux-prepare" # a command alone, before the walks under Linux
SKIPPED = 77
PROMPT = "(qemu) "
IS_OVER = b"ask the monitor"
BLOCK = re.compile(r"^```(sh|text) ([\w-]+)\n(.*?)^```$", re.M | re.S)
# What differs from run to run; counts are figures from 100 on, which no address or data begins like.
FIGURES = [
    (r"#\d+", r"#\d+"),
    (r"\d+\.\d{6} s\b", r"\d+\.\d{6} s"),
    (r"\bat [0-9a-f]{6,}\b", "at [0-9a-f]+"),
    (r"\bthe last \d+ EOIs", r"the last \d+ EOIs(?: or more)?"),
    (r"\b[1-9]\d{2,5}\b(?= in the journal| ended)", r"\d+"),
    (r"\.\.\.", ".*?"),
]
FIGURE = re.compile("|".join(f"({figure})" for figure, _ in FIGURES))


def pattern(text):
    """A regular expression for a piece of the page: words, with any white space between them."""
    text, done, out = " ".join(text.split()), 0, ""
    for found in FIGURE.finditer(text):
        out += re.escape(text[done:found.start()]) + FIGURES[found.lastindex - 1][1]
        done = found.end()
    return out + re.escape(text[done:])


def read_page(page):
    """{walk: {"sh": command, "text": what the screen shows}}"""
    walks = {}
    for kind, walk, text in BLOCK.findall(page):
        assert kind not in walks.setdefault(walk, {}), f"two blocks '{kind} {walk}'"
        walks[walk][kind] = text
    assert list(walks) == [*WALKS, PREPARE, *LINUX_WALKS], f"the page's walks are {list(walks)}"
    return walks


def run(command, questions):
    """All that the screen shows till the program has ended."""
    process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    seen = b""
    while IS_OVER not in seen:
        got = os.read(process.stdout.fileno(), 65536)
        if not got:
            break
        seen += got
    try:
        process.stdin.write(b"\x01c" + "".join(f"{q}\n" for q in [*questions, "quit"]).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass
    seen += process.stdout.read()
    status = process.wait()
    watchdog.cancel()
    return status, seen.decode(errors="replace")


def logical_lines(text):
    """An indented line goes on with the one before; "..." alone stands for lines that the page leaves out."""
    lines = re.sub(r"\n {4}", " ", text).splitlines()
    return [line for line in lines if line.strip() not in ("", "...")]


def problems(blocks, places):
    """What is wrong with a walk, and its screen."""
    pieces = re.split(rf"^{re.escape(PROMPT)}(.*)$", blocks["text"], flags=re.M)
    questions = pieces[1::2]
    status, screen = run(in_places(blocks["sh"], places), questions)
    # What comes by itself may come in any order; then each question's echo and what follows, up to the next prompt.
    parts = re.split(rf"^{re.escape(PROMPT)}", screen.replace("\r", ""), flags=re.M)
    by_itself = " ".join(parts[0].split())
    wrong = [f"'{line}' does not come" for line in logical_lines(pieces[0]) if not re.search(pattern(line), by_itself)]
    for i, (question, answer) in enumerate(zip(questions, pieces[2::2]), 1):
        echo, _, said = (parts[i] if i < len(parts) else "").partition("\n")
        if echo.strip() != question or not re.search(pattern(answer), " ".join(said.split())):
            wrong.append(f"'{question}' is not answered as in the page")
    if status != 0:
        wrong.append(f"exit status {status}")
    if "guest: FAIL" in screen:
        wrong.append("the guest fails")
    return wrong, screen


def in_places(command, places):
    for name, path in places.items():
        command = command.replace(name, shlex.quote(str(path)))
    return command


def check(walk, blocks, places):
    wrong, screen = problems(blocks, places)
    print(f"{'FAIL' if wrong else 'ok'}: {walk}", flush=True)
    for line in wrong:
        print(f"# {line}")
    if wrong:
        print(screen)
    return not wrong


def linux_walks(walks, places, guests, folder):
    missing = [name for name in ("busybox", "cloud") if not (guests / name / ".complete").exists()]
    if missing:
        print(f"skipped: 'scripts/fetch-guests {guests} {' '.join(missing)}' gets what is not there")
        sys.exit(SKIPPED)
    places = {**places, "build/guests": guests, "build/lost": folder / "lost"}
    subprocess.run(["bash", "-ec", in_places(walks[PREPARE]["sh"], places)], cwd=ROOT, check=True)
    return [check(walk, walks[walk], places) for walk in LINUX_WALKS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guests", type=pathlib.Path)
    for name in ("program", "image", "page"):
        parser.add_argument(name, type=pathlib.Path)
    args = parser.parse_args()
    walks = read_page(args.page.read_text())
    places = {"build/qemu-system-x86_64": args.program.resolve(),
              "build/tests/guest/lost.elf": args.image.resolve()}
    if args.guests:
        with tempfile.TemporaryDirectory() as folder:
            results = linux_walks(walks, places, args.guests.resolve(), pathlib.Path(folder))
    else:
        results = [check(walk, walks[walk], places) for walk in WALKS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

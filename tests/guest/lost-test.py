#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs every command of docs/lost-interrupts.md, asks the page's questions, and compares the answers with the page.

Usage: lost-test.py PROGRAM IMAGE PAGE [WALK]...; PROGRAM and IMAGE stand where the page has them below build/
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import threading

PATIENCE = 100
WALKS = "abcdefgh"
PROMPT = "(qemu) "
IS_OVER = b"ask the monitor"
BLOCK = re.compile(r"^```(sh|text) (\w+)\n(.*?)^```$", re.M | re.S)
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
    assert list(walks) == list(WALKS), f"the page's walks are {list(walks)}"
    return walks


def run(command, questions):
    """All that the screen shows till the program has ended."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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


def check(walk, blocks, program, image):
    places = {"build/qemu-system-x86_64": program, "build/tests/guest/lost.elf": image}
    words = shlex.split(blocks["sh"].replace("\\\n", ""))
    assert set(places) <= set(words) and words[-2:] == ["-append", walk], f"{walk}: {words}"
    pieces = re.split(rf"^{re.escape(PROMPT)}(.*)$", blocks["text"], flags=re.M)
    questions = pieces[1::2]
    status, screen = run([places.get(word, word) for word in words], questions)
    # Each question's echo, and what comes up to the next prompt; before the first, up to the monitor.
    wanted = pattern(pieces[0])
    parts = re.split(rf"^{re.escape(PROMPT)}", screen.replace("\r", ""), flags=re.M)
    good = status == 0 and "guest: FAIL" not in screen and re.search(wanted, " ".join(parts[0].split()))
    for question, answer, part in zip(questions, pieces[2::2], parts[1:]):
        echo, _, said = part.partition("\n")
        found = re.search(pattern(answer), " ".join(said.split()))
        if echo.strip() != question or not found:
            print(f"# {walk}: '{question}' is not answered as in the page")
            good = False
    print(f"{'ok' if good and len(parts) > len(questions) else 'FAIL'}: walk {walk}")
    if not good or len(parts) <= len(questions):
        print(f"# exit status {status}\n{screen}")
        return False
    return True


def main():
    program, image, page, *only = sys.argv[1:]
    walks = read_page(pathlib.Path(page).read_text())
    results = [check(walk, walks[walk], program, image) for walk in only or walks]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

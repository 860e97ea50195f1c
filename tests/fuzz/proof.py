#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts faults into the code, one at a time, and sees whether a target of fuzzing finds them.

  proof.py                  every row of the tables
  proof.py NAME...          these rows; a name may have * and ?
  proof.py --list           the rows, without running anything
  proof.py --check          every row's code is in the sources, once, and its targets exist

A row (faults/*.faults) is as in tests/mutate/mutants.py, but what stands in parentheses are targets
of fuzzing. A fault is found when a target ends the generator, or an input of it does not end, in at
most 20 s of processor time; the build is one of its own, with sanitizers, in a copy of the tree. The
last line is "N found, N lived"; the status is 0 if at least 95% were found.
"""
import argparse
import fnmatch
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'mutate'))
import mutants  # noqa: E402
import scratch  # noqa: E402

SECONDS = 20
ENOUGH = 0.95
TIME_IS_OVER = (-signal.SIGXCPU, -signal.SIGKILL)
SETUP = ['-Doptimization=1', '-Ddebug=false', '-Dwerror=false', '-Dwarning_level=0',
         '-Db_sanitize=address,undefined', '-Db_lundef=false']
GENERATOR = 'tests/fuzz/generator'


class Copy(scratch.Scratch):
    """A tree of its own, of which only the generator is built."""

    def configure(self):
        if not (self.build / 'build.ninja').exists():
            self.run_tool(['meson', 'setup', str(self.build), str(self.tree), *SETUP])

    def build_generator(self):
        self.run_tool(['ninja', '-C', str(self.build), GENERATOR])

    def generate(self, seconds, *args):
        """Whether it came to its end before so many seconds of processor time; its status, and what
        it said."""
        def limit():
            scratch.without_core()
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        done = subprocess.run([self.build / GENERATOR, *args], text=True, errors='replace',
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, preexec_fn=limit)
        return done.returncode not in TIME_IS_OVER, done.stdout

    def finds(self, target):
        """How the target ended, or None."""
        ended, said = self.generate(SECONDS, '--target', target, '--runs', '100000000')
        if ended:
            return f'{target}: {reason(said)}'
        # What it was at when the time was over may have no end.
        seed = re.search(r'--seed (\d+)', said)
        ended = not seed or self.generate(SECONDS // 2, '--target', target, '--runs', '1', '--seed',
                                          seed[1])[0]
        return None if ended else f'{target}: no end with seed {seed[1]}'


def reason(said):
    """The line that says what happened."""
    for pattern in (r'ERROR: AddressSanitizer: (\S+)', r'runtime error: (.*)', r'ERROR:(.*)',
                    r'ERROR \*\*: (.*)'):
        if found := re.search(pattern, said):
            return found[1][:100]
    return 'it ended'


def load():
    return [row for path in sorted(HERE.glob('faults/*.faults')) for row in mutants.parse(path)]


def targets():
    """Names in the tables of targets."""
    text = ''.join(path.read_text() for path in HERE.glob('*.c'))
    found = {f'net-{card}' for card in re.findall(r'CARD\("([^"]+)"', text)}
    for pattern in (r'DEVICE\("([^"]+)"', r'\{"([\w.-]+)",', r'CLIENT\((\w+)\)',
                    r'VCPUS\("([^"]+)"'):
        found.update(re.findall(pattern, text))
    return found


def problems(rows):
    known, seen = targets(), set()
    for row in rows:
        if row.name in seen:
            yield f'{row.name} is there twice'
        seen.add(row.name)
        try:
            row.apply((mutants.ROOT / row.file).read_text())
        except (mutants.TableError, OSError) as error:
            yield str(error)
        for target in row.tests:
            if target not in known:
                yield f'{row.name}: no target is called {target}'


def try_row(copy, row):
    path = copy.tree / row.file
    before = copy.replace(row.file, row.apply(path.read_text()))
    try:
        copy.build_generator()
        for target in row.tests:
            if how := copy.finds(target):
                return how
        return None
    finally:
        copy.replace(row.file, before)


def run(rows, folder):
    start, lived = time.monotonic(), []
    copy = Copy(folder, os.cpu_count())
    copy.build_generator()
    for number, row in enumerate(rows, 1):
        try:
            how = try_row(copy, row)
        except scratch.BuildError as error:
            sys.exit(f'proof: {row.name} cannot be built:\n{error}')
        lived += [] if how else [row]
        print(f'[{number}/{len(rows)}] {row.name}: {f"found by {how}" if how else "lived"}',
              flush=True)
    for row in lived:
        print(f'lived: {row.name} ({row.file}): {row.what}')
    print(f'{time.monotonic() - start:.0f} s')
    print(f'{len(rows) - len(lived)} found, {len(lived)} lived')
    return len(rows) - len(lived) >= ENOUGH * len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument('--folder', type=pathlib.Path, default=mutants.ROOT / 'build' / 'proof')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    rows = load()
    if wrong := list(problems(rows)):
        sys.exit('\n'.join(f'proof: {text}' for text in wrong))
    if args.names:
        rows = [row for row in rows if any(fnmatch.fnmatch(row.name, n) for n in args.names)]
    if args.list:
        for row in rows:
            print(f'{row.name} ({", ".join(row.tests)}): {row.what}')
    elif not args.check:
        sys.exit(0 if run(rows, args.folder.resolve()) else 1)


if __name__ == '__main__':
    main()

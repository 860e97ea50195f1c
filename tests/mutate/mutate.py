#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes the code in small ways, one at a time, and sees whether the tests notice.

  mutate.py                 every row of the tables
  mutate.py NAME...         these rows; a name may have * and ?
  mutate.py --sample 8      as many rows, chosen by the commit
  mutate.py --list          the rows, without running anything
  mutate.py --check         every row's code is in the sources, once
  mutate.py --compile       and every mutant is C, every test known

A mutant is killed when one of its row's tests fails, and lives when they pass; --all then runs
every unit test and qtest. The last line is "N killed, N lived". The status is 0 if at least 95%
were killed, with --tap all. The tables are described in mutants.py.
"""
import argparse
import fnmatch
import os
import pathlib
import random
import subprocess
import sys
import time

import compiles
import mutants
from scratch import BuildError, Scratch

ENOUGH = 0.95


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument('--build', default=str(mutants.ROOT / 'build'),
                        help='build folder; the scratch copy is below it')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='tests at a time')
    parser.add_argument('--all', action='store_true',
                        help='run every unit test and qtest on what lives')
    parser.add_argument('--sample', type=int, metavar='N')
    parser.add_argument('--tap', action='store_true', help='report as meson wants it')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--compile', action='store_true')
    return parser.parse_args()


def commit():
    """The commit's name; None where git has none."""
    done = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=mutants.ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.strip() if done.returncode == 0 else None


def choose(rows, args):
    for name in args.names:
        if not fnmatch.filter([m.name for m in rows], name):
            sys.exit(f'mutate: no row is called {name}; --list shows all')
    if args.names:
        rows = [m for m in rows if any(fnmatch.fnmatch(m.name, name) for name in args.names)]
    if args.sample:
        chosen = random.Random(args.commit).sample(rows, min(args.sample, len(rows)))
        rows = [m for m in rows if m in chosen]
    return rows


class Report:
    """Lines for people, or for meson."""

    def __init__(self, tap, count):
        self.tap, self.count, self.done, self.lived = tap, count, 0, []
        if tap:
            print(f'1..{count}', flush=True)

    def note(self, text):
        print(f'# {text}' if self.tap else text, flush=True)

    def result(self, mutant, killer):
        self.done += 1
        self.lived += [] if killer else [mutant]
        if self.tap:
            print(f'{"ok" if killer else "not ok"} {self.done} - {mutant.name}')
        end = f'killed by {killer}' if killer else 'lived'
        self.note(f'[{self.done}/{self.count}] {mutant.name}: {end}')

    def finish(self, seconds):
        for m in self.lived:
            self.note(f'lived: {m.name} ({m.file}): {m.what}')
        killed = self.done - len(self.lived)
        self.note(f'{seconds:.0f} s')
        self.note(f'{killed} killed, {len(self.lived)} lived')
        return killed >= (1 if self.tap else ENOUGH) * self.count


def killer_of(scratch, mutant, everything):
    """What noticed the mutant, or None. The copy is as before afterwards."""
    path = scratch.tree / mutant.file
    before = scratch.replace(mutant.file, mutant.apply(path.read_text()))
    try:
        named = scratch.called(mutant.tests)
        others = [test for test in scratch.in_suites('unit', 'qtest') if test not in named]
        for tests in [named, others] if everything else [named]:
            scratch.make(tests)
            for result in scratch.run(tests, until_failure=True):
                if not result.passed:
                    return str(result)
        return None
    finally:
        scratch.replace(mutant.file, before)


def run(rows, args):
    start = time.monotonic()
    report = Report(args.tap, len(rows))
    scratch = Scratch(pathlib.Path(args.build).resolve() / 'mutate', args.jobs)
    names = {name for m in rows for name in m.tests}
    for name in sorted(names):
        if not scratch.called([name]):
            sys.exit(f'mutate: meson has no test {name}')
    tests = scratch.in_suites('unit', 'qtest') if args.all else scratch.called(names)
    report.note(f'{len(rows)} mutants; first {len(tests)} tests without any')
    failing = scratch.baseline(tests)
    if failing:
        sys.exit('\n'.join(f'mutate: fails without a mutant: {r}' for r in failing))
    for mutant in rows:
        try:
            report.result(mutant, killer_of(scratch, mutant, args.all))
        except BuildError as error:
            sys.exit(f'mutate: {mutant.name} cannot be built:\n{error}')
    return report.finish(time.monotonic() - start)


def main():
    args = parse_args()
    args.commit = commit()
    try:
        rows = mutants.load()
        problems = mutants.check(rows)
    except mutants.TableError as error:
        problems = [str(error)]
    if problems:
        sys.exit('\n'.join(f'mutate: {p}' for p in problems))
    rows = choose(rows, args)
    if args.compile:
        sys.exit('\n'.join(compiles.check(rows, args.build, args.jobs)) or 0)
    if not (args.list or args.check or args.commit):
        text = 'mutants are tried in a copy of what git has, and this is no checkout'
        print(f'1..0 # SKIP {text}' if args.tap else f'mutate: {text}')
        sys.exit(0 if args.tap else 1)
    if args.list:
        for m in rows:
            print(f'{m.name} ({", ".join(m.tests)}): {m.what}')
    elif not args.check:
        try:
            sys.exit(0 if run(rows, args) else 1)
        except BuildError as error:
            sys.exit(f'mutate: the tree cannot be built:\n{error}')


if __name__ == '__main__':
    main()

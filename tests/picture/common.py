# SPDX-License-Identifier: GPL-2.0-or-later
"""What both tests of the picture need: a journal of a busy machine, and what scripts/timeline says."""
import json
import pathlib
import subprocess
import tempfile

TIMELINE = pathlib.Path(__file__).resolve().parents[2] / 'scripts/timeline'


SYMBOLS = {0xffffffff81000000: 'first_half', 0xffffffff81008000: 'second_half'}


def symbol_of(rip):
    """The name of an address of the journal's, which has a letter for digits."""
    start = max(start for start in SYMBOLS if start <= int(rip, 16))
    return f'{SYMBOLS[start]}+{int(rip, 16) - start:#x}'


class Files:
    """A folder with a journal of `count` messages."""

    def __init__(self, maker, count, seed=1):
        self.folder = tempfile.TemporaryDirectory()
        self.journal = self.path('test.journal')
        self.path('symbols').write_text(
            ''.join(f'{start:x} T {name}\n' for start, name in SYMBOLS.items()))
        subprocess.run([maker, self.journal, str(count), str(seed), self.path('symbols')], check=True)
        self.maker = maker

    def without_names(self):
        """A journal of few messages whose addresses have no names."""
        subprocess.run([self.maker, self.path('bare.journal'), '500'], check=True)
        return self.path('bare.journal')

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def timeline(self, *options, journal=None):
        done = subprocess.run([TIMELINE, *options, journal or self.journal], text=True,
                              capture_output=True, check=True)
        return done.stdout

    def lines(self):
        return [json.loads(line) for line in self.timeline('--jsonl').splitlines()]

    def objects(self):
        """Those that are messages."""
        return [one for one in self.lines() if 'finding' not in one]

    def findings(self):
        return [one for one in self.lines() if 'finding' in one]

    def page(self, name='test.html', journal=None):
        """Its address in a browser."""
        self.path(name).write_text(self.timeline(journal=journal))
        return self.path(name).as_uri()

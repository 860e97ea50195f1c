# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants: small changes to the code that some test has to notice.

A table (*.mutants beside this file) has sections, one a source file, and rows:

  [hw/i386/iommu/vtd/regs.c]

  name-of-the-row (test, test): What the changed code does, in a sentence.
  - the code; more lines of it
    begin with a space
  + what replaces it, or nothing

The tests are those of meson that should notice. White space in the code does not count, so that a
row survives being moved and laid out anew; but the code has to be in the file exactly once.
"""
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECTION = re.compile(r'\[(\S+)\]')
PARTS = {'-': 'old', '+': 'new'}
HEAD = re.compile(r'([\w-]+) \(([\w, -]+)\): (\S.*)')


class TableError(Exception):
    pass


@dataclasses.dataclass
class Mutant:
    name: str
    file: str
    tests: list
    what: str
    old: str = ''
    new: str = ''

    def pattern(self):
        return re.compile(r'\s+'.join(re.escape(word) for word in self.old.split()))

    def apply(self, text):
        """The file's text with the change made."""
        found = list(self.pattern().finditer(text)) if self.old.strip() else []
        if len(found) != 1:
            raise TableError(f'{self.name}: its code is {len(found)} times in {self.file}: '
                             f'{" ".join(self.old.split())}')
        start, end = found[0].span()
        return text[:start] + self.new + text[end:]


def parse(path):
    file, mutants, part = None, [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith('#'):
            continue
        if section := SECTION.fullmatch(line):
            file = section[1]
        elif head := HEAD.fullmatch(line):
            tests = [test.strip() for test in head[2].split(',')]
            mutants.append(Mutant(head[1], file, tests, head[3]))
        elif line[0] in PARTS or (line[0] == ' ' and part):
            part = PARTS.get(line[0], part)
            setattr(mutants[-1], part, getattr(mutants[-1], part) + line[1:].strip() + '\n')
        else:
            raise TableError(f'{path.name}:{number}: not a section, a row or code: {line}')
    return mutants


def load():
    """All rows, those of one source file together."""
    mutants = [m for path in sorted(HERE.glob('*.mutants')) for m in parse(path)]
    names = [m.name for m in mutants]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f'{name}: two rows have this name')
    return sorted(mutants, key=lambda m: m.file)


def check(mutants, root=ROOT):
    """What is wrong with the rows as the sources are now, a line each."""
    problems = []
    for m in mutants:
        path = root / m.file
        try:
            if not path.is_file():
                raise TableError(f'{m.name}: there is no {m.file}')
            if m.apply(path.read_text()) == path.read_text():
                raise TableError(f'{m.name}: changes nothing')
        except TableError as error:
            problems.append(str(error))
    return problems

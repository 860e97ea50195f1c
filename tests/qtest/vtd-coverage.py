#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test covers which part of the VT-d unit.

The parts (registers, descriptor types, fault reasons, IRTE fields) are read from the unit's
sources, the tests from the "covers:" comments before test functions or tables. A comment's clauses
are separated by semicolons: "fault 20h 21h", "descriptor 4 ...", "irte P FPD ...", and anything
else names registers, alone or as REGISTER.FIELD.

  vtd-coverage.py --write   writes docs/vtd-coverage.md
  vtd-coverage.py --check   fails if that is out of date, or if something is not covered
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs/vtd-coverage.md'
UNIT = ROOT / 'hw/i386'
DESCRIPTORS = {1: 'context cache', 2: 'IOTLB', 3: 'device TLB', 4: 'interrupt entry cache',
               5: 'wait'}
REASONS = {
    0x01: 'root entry not present', 0x02: 'context entry not present',
    0x03: 'context entry invalid', 0x04: 'address too wide', 0x05: 'no write permission',
    0x06: 'no read permission', 0x07: 'page table not accessible',
    0x08: 'root table not accessible', 0x09: 'context table not accessible',
    0x0a: 'root entry reserved', 0x0b: 'context entry reserved',
    0x0c: 'page table entry reserved', 0x0d: 'translation request blocked',
    0x0e: 'interrupt range', 0x20: 'request reserved', 0x21: 'index beyond the table',
    0x22: 'IRTE not present', 0x23: 'table not accessible', 0x24: 'IRTE reserved',
    0x25: 'compatibility format blocked', 0x26: 'source validation',
    0x27: 'posted descriptor not accessible', 0x28: 'posted descriptor reserved',
    0x31: 'PASID in legacy mode'}
# Offered with a part of the unit that comes later.
LATER = {0x0d: 'with address translation services'}


def read(path):
    return path.read_text()


def registers():
    names = re.findall(r'^\s*\{\s*(?:ALWAYS|WITH_\w+),\s*\{"(\w+)"', read(UNIT / 'vtd_regs.c'), re.M)
    return names + ['FRCD']


def reasons():
    return [int(n, 16) for n in
            re.findall(r'VTD_FR_\w+ = (0x[0-9a-f]+)', read(UNIT / 'vtd_internal.h'))]


def descriptors():
    return [int(n) for n in re.findall(r'VTD_DESC_\w+ = (\d+)', read(UNIT / 'vtd_internal.h'))]


def irte_fields():
    """Field names as the specification has them; PDA and DST are made of pieces."""
    found = re.findall(r'^#define IRTE_(\w+)', read(UNIT / 'vtd_irte.c'), re.M)
    whole = {'DST8': 'DST', 'PDAL': 'PDA', 'PDAH': 'PDA', 'AVAIL': None}
    names = [whole.get(f, f) for f in found]
    return list(dict.fromkeys(n for n in names if n))


def clauses(comment):
    text = re.sub(r'\n \*', ' ', comment)
    return [' '.join(c.split()) for c in text.split(';')]


def parts_of(clause):
    words = clause.replace(':', ' ').replace(',', ' ').split()
    if not words:
        return
    kind, rest = words[0], words[1:]
    if kind == 'fault':
        for w in rest:
            if re.fullmatch(r'[0-9A-F]+h', w):
                yield ('fault', int(w[:-1], 16))
    elif kind == 'descriptor' and rest:
        for w in rest:
            if w.isdigit() and int(w) < 16:
                yield ('descriptor', int(w))
    elif kind == 'irte':
        for w in rest:
            yield ('irte', w)
    for w in words:
        yield ('register', w.split('.')[0])


def markers():
    covered = {}
    files = sorted((ROOT / 'tests/qtest').glob('vtd-*-test.c')) + [ROOT / 'tests/unit/test-vtd.c']
    for path in files:
        text = read(path)
        for m in re.finditer(r'(?<!")covers:(.*?)\*/(.*?)\bstatic void (test_\w+)\(', text, re.S):
            for clause in clauses(m.group(1)):
                for part in parts_of(clause):
                    place = f'{path.name}: {m.group(3)}'
                    covered.setdefault(part, [])
                    if place not in covered[part]:
                        covered[part].append(place)
    return covered


def table(title, rows, covered, missing):
    lines = [f'## {title}', '', '| part | tests |', '|---|---|']
    for key, label, later in rows:
        tests = covered.get(key, [])
        if later:
            cell = f'comes {later}'
        elif tests:
            cell = '; '.join(f'`{t}`' for t in tests)
        else:
            cell = '**nothing**'
            missing.append(f'{title}: {label}')
        lines.append(f'| {label} | {cell} |')
    return lines + ['']


def page():
    covered, missing = markers(), []
    lines = ['<!-- SPDX-License-Identifier: GPL-2.0-or-later -->',
             '# What covers the VT-d unit', '',
             'Written by `tests/qtest/vtd-coverage.py --write` from the `covers:` comments of the',
             'tests; `--check` runs with the qtests.', '']
    lines += table('Registers', [(('register', r), r, None) for r in registers()], covered,
                   missing)
    lines += table('Invalidation descriptors',
                   [(('descriptor', d), f'{d} {DESCRIPTORS[d]}', None) for d in descriptors()],
                   covered, missing)
    lines += table('Fault reasons',
                   [(('fault', r), f'{r:X}h {REASONS[r]}', LATER.get(r)) for r in reasons()],
                   covered, missing)
    lines += table('IRTE fields', [(('irte', f), f, None) for f in irte_fields()], covered,
                   missing)
    return '\n'.join(lines), missing


def main():
    text, missing = page()
    if sys.argv[1:] == ['--write']:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit('docs/vtd-coverage.md is out of date: run tests/qtest/vtd-coverage.py --write')
    if missing:
        sys.exit('not covered: ' + ', '.join(missing))


if __name__ == '__main__':
    main()

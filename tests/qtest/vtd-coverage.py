#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test notices when a part of the VT-d unit is wrong.

The parts are those of the unit's own tables: registers, fault reasons, causes of queue errors,
descriptor types, and the fields of everything with a layout. Each is made wrong in turn, in the
scratch copy that tests/mutate has, and the unit's tests are run.

  vtd-coverage.py --measure [--build DIR]   does so (half an hour) and writes docs/vtd-coverage.md
  vtd-coverage.py --measure --only TITLE    only the sections whose title begins so
  vtd-coverage.py --measure --part LABEL... only the rows of these parts, of such sections
  vtd-coverage.py --check                   fails if the page has not the parts that the sources
                                            have, or if it or docs/vtd.md names a test case that
                                            is not there
"""
import argparse
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/mutate'))
from scratch import Scratch  # noqa: E402

PAGE = ROOT / 'docs/vtd-coverage.md'
CHOICES = ROOT / 'docs/vtd.md'  # names test cases, too
UNIT = 'hw/i386/iommu/vtd/{}.c'
# What has a layout, by file: a title, and the prefix that a field's name loses.
LAYOUTS = [
    ('caps', 'CAP_', 'Fields of CAP'), ('caps', 'ECAP_', 'Fields of ECAP'),
    ('regs', 'CCMD_', 'Fields of CCMD'), ('regs', 'IOTLB_', 'Fields of IOTLB'),
    ('regs', 'IVA_', 'Fields of IVA'), ('qi', 'IQA_', 'Fields of IQA'),
    ('fault', 'FRCD_', 'Fields of fault records'), ('ir', 'ADDR_', 'Fields of request addresses'),
    ('ir', 'DATA_', 'Fields of request data'), ('irte', 'IRTE_', 'Fields of IRTEs'),
    ('pid', 'PID_', 'Fields of posted-interrupt descriptors'),
    ('desc', 'DESC_', 'Fields of all invalidation descriptors'),
    ('desc', 'CC_', 'Fields of context cache descriptors'),
    ('desc', 'IOTLB_', 'Fields of IOTLB descriptors'),
    ('desc', 'DTLB_', 'Fields of device-TLB descriptors'),
    ('desc', 'IEC_', 'Fields of interrupt entry cache descriptors'),
    ('desc', 'WAIT_', 'Fields of wait descriptors'),
    ('context', 'ROOT_', 'Fields of root entries'),
    ('context', 'CTX_', 'Fields of context entries'),
    ('pagewalk', 'SS_', 'Fields of page table entries'),
]
# Where nothing can notice, and why: by title, part and column.
NO_DIFFERENCE = {
    ('Registers', 'GCMD', 'reads as zero'): 'does so (11.4.4)',
    ('Fields of fault records', 'T2', 'always zero'): 'is so without page requests and atomics',
    ('Fields of IOTLB descriptors', 'IH', 'always zero'):
        'makes no difference without paging-structure caches',
    ('Fields of wait descriptors', 'FN', 'always zero'):
        'makes no difference where descriptors are done in order',
    ('Fields of wait descriptors', 'PD', 'always zero'): 'finds no page requests',
    ('Fields of page table entries', 'SNP', 'always zero'): 'makes no difference: all DMA snoops',
    ('Fields of page table entries', 'TM', 'always zero'): 'is for the device',
}


def source(name):
    return (ROOT / UNIT.format(name)).read_text()


class Part:
    """A row of the page: a label, and for each column a changed file or why there is none."""

    def __init__(self, label, *columns):
        self.label, self.columns = label, columns


class Change:
    def __init__(self, name, text):
        self.file, self.text = UNIT.format(name), text


def changed(name, old, new):
    text = source(name)
    if text.count(old) != 1:
        sys.exit(f'vtd-coverage: "{old}" is {text.count(old)} times in {UNIT.format(name)}')
    return Change(name, text.replace(old, new))


def registers():
    """A row of the register file reads as zero; its writes are lost."""
    text = source('regs')
    for match in re.finditer(r'\{"(\w+)",[^}]*\}', text):
        row, words = match[0], [word.strip() for word in match[0][1:-1].split(',')]

        def row_is(row_now):
            return Change('regs', text[:match.start()] + '{' + ', '.join(row_now) + '}' +
                          text[match.end():])
        writes = [w for w in words if re.match(r'\.(writable|w1c|w1s|written)\b', w)]
        yield Part(match[1],
                   'reads as zero' if '.read' in row else row_is(words + ['.read = read_zero']),
                   row_is([w for w in words if w not in writes]) if writes else 'read-only')


def enumerators(prefix):
    text = ''.join(p.read_text() for p in sorted((ROOT / 'hw/i386/iommu/vtd').glob('*.h')))
    for name, number in re.findall(rf'\b({prefix}\w+) = (0x[0-9a-f]+|\d+)', text):
        used = any(re.search(rf'\b{name}\b', path.read_text())
                   for path in (ROOT / 'hw/i386/iommu/vtd').glob('*.c'))
        words = name[len(prefix):].lower().replace('_', ' ')
        yield name, int(number, 0), words, used


def reasons():
    for name, number, words, used in enumerators('VTD_FR_'):
        old = 'vtd_put(fault->reason, FRCD_FR)'
        new = f'vtd_put(fault->reason == {name} ? 0xff : fault->reason, FRCD_FR)'
        yield Part(f'{number:X}h {words}', changed('fault', old, new) if used else 'never given')


def causes():
    for name, number, words, used in enumerators('VTD_IQEI_'):
        if number:
            old = 'vtd_put(cause, VTD_IQERCD_IQEI)'
            new = f'vtd_put(cause == {name} ? 15 : cause, VTD_IQERCD_IQEI)'
            yield Part(f'{number} {words}', changed('qi', old, new) if used else 'never given')


def descriptors():
    for name, number, words, _ in enumerators('VTD_DESC_'):
        effect = changed('qi', 'switch (d->type) {',
                         f'if (d->type == {name}) {{ return; }} switch (d->type) {{')
        call = 'decoders[type](q, limits, out);'
        checks = changed('desc', f'return {call}',
                         f'VtdQueueError error = {call} return type == {name} ? VTD_IQEI_NONE : error;')
        yield Part(f'{number} {words}', effect, checks)


def field_is_zero(name, field):
    """The file with the field always zero where it is taken out, or else where it is put in."""
    text = source(name)
    inner = r'(?:[^()]|\([^()]*\))*?'
    for pattern in (rf'vtd_get\({inner}, {field}\)', rf'vtd_put\({inner}, {field}\)',
                    rf'[\w\[\]]+ & vtd_mask\({field}\)'):
        now, count = re.subn(pattern, '0', text)
        if count:
            return Change(name, now)
    return 'not looked at'


def fields(name, prefix):
    for field in re.findall(rf'^#define ({prefix}\w+) +\d+, [\d(]', source(name), re.M):
        yield Part(field[len(prefix):], field_is_zero(name, field))


def sections():
    """Title, headings of the columns, and the rows."""
    yield 'Registers', ['reads as zero', 'writes are lost'], list(registers())
    yield 'Fault reasons', ['recorded as FFh'], list(reasons())
    yield 'Causes of queue errors', ['told as 15'], list(causes())
    yield ('Invalidation descriptors', ['taken without effect', 'reserved bits taken'],
           list(descriptors()))
    for name, prefix, title in LAYOUTS:
        yield title, ['always zero'], list(fields(name, prefix))


def cell(scratch, tests, change):
    """The cases that notice, the first of each program."""
    if isinstance(change, str):
        return change
    before = scratch.replace(change.file, change.text)
    try:
        scratch.make(tests)
        return '; '.join(sorted(f'`{r.how}`' for r in scratch.run(tests) if not r.passed))
    finally:
        scratch.replace(change.file, before)


def on_page():
    """The page's rows by title: a part and its cells."""
    found, title = {}, None
    for line in PAGE.read_text().splitlines():
        if line.startswith('## '):
            title = line[3:]
        elif line.startswith('| ') and title and not line.startswith('| part |'):
            label, *cells = line[2:-2].split(' | ')
            found.setdefault(title, []).append((label, cells))
    return found


def cells_of(scratch, tests, title, columns, part):
    return [cell(scratch, tests, change) or
            NO_DIFFERENCE.get((title, part.label, column), '**nothing**')
            for column, change in zip(columns, part.columns)]


def measure(build, jobs, only, labels):
    scratch, old = Scratch(build / 'mutate', jobs), on_page()
    tests = [t for t in scratch.tests if re.match(r'vtd(?!-coverage)', t['name'])]
    if failing := scratch.baseline(tests):
        sys.exit('vtd-coverage: fails as it is: ' + ', '.join(str(r) for r in failing))
    lines = ['<!-- SPDX-License-Identifier: GPL-2.0-or-later -->',
             '# Which test notices when a part of the VT-d unit is wrong', '',
             'Measured by `make coverage-vtd`: each part in turn is made wrong in the way that its',
             "column tells, and the unit's tests are run. A cell has the first case that fails, of",
             'each program. (`make mutate` has more ways; see [testing.md](testing.md).)',
             '']
    for title, columns, parts in sections():
        lines += [f'## {title}', '', '| part | ' + ' | '.join(columns) + ' |',
                  '|---|' + '---|' * len(columns)]
        rows = dict(old.get(title, []))
        if not title.startswith(only) and rows:
            lines += ['| ' + ' | '.join([label, *cells]) + ' |' for label, cells in rows.items()]
            parts = []
        for part in parts:
            kept = rows.get(part.label) if labels and part.label not in labels else None
            cells = kept or cells_of(scratch, tests, title, columns, part)
            if not kept:
                print(f'{title}: {part.label}: {" | ".join(cells)}', flush=True)
            lines.append(f'| {part.label} | ' + ' | '.join(cells) + ' |')
        lines.append('')
    PAGE.write_text('\n'.join(lines))


def check():
    """What is wrong with the page, in lines."""
    text = PAGE.read_text()
    found = {title: [label for label, _ in rows] for title, rows in on_page().items()}
    wanted = {title: [part.label for part in parts] for title, _, parts in sections()}
    for title in dict.fromkeys([*wanted, *found]):
        if wanted.get(title) != found.get(title):
            yield f'"{title}" has other parts than the sources'
    tests = [*(ROOT / 'tests/qtest').glob('vtd-*-test.c'), ROOT / 'tests/unit/test-vtd.c']
    cases = set(re.findall(r'g_test_add_func\("([^"]+)"', ''.join(p.read_text() for p in tests)))
    named = set(re.findall(r'`(/vtd/[^`]+)`', text + CHOICES.read_text()))
    for case in sorted(named - cases):
        yield f'there is no test case {case}'
    if '**nothing**' in text:
        yield 'there is a part that nothing notices'


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--measure', action='store_true')
    parser.add_argument('--only', default='', metavar='TITLE')
    parser.add_argument('--part', nargs='+', metavar='LABEL')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    args = parser.parse_args()
    if args.measure:
        measure(args.build.resolve(), args.jobs, args.only, args.part)
    if problems := list(check()):
        sys.exit('\n'.join(f'vtd-coverage: docs/vtd-coverage.md: {p}' for p in problems) +
                 '\nvtd-coverage: make coverage-vtd measures it anew')


if __name__ == '__main__':
    main()

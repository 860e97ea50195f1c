#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/timeline writes, against the file's own bytes and against each other.

Usage: timeline-test.py MAKE-JOURNAL
"""
import collections
import json
import re
import struct
import subprocess
import sys
import unittest

import common

COUNT = 8000


def time_text(one):
    return re.fullmatch(r'(.*\.\d{6})\d*', f"{one['time_ns'] / 1e9:.9f}").group(1)


class Raw:
    """The file read in the plainest way: one record after the other, field by field."""

    def __init__(self, data):
        length, = struct.unpack_from('<I', data, 12)
        self.header = json.loads(data[16:16 + length])
        self.names, self.records = {}, []
        at = -(-(16 + length) // 8) * 8
        while at < len(data):
            kind, length = struct.unpack_from('<4sI', data, at)
            self.block(kind, data[at + 8:at + 8 + length])
            at += 8 + -(-length // 8) * 8

    def block(self, kind, body):
        size = self.header['record']['size']
        if kind == b'NAME':
            self.names[int.from_bytes(body[:4], 'little')] = body[4:].decode()
        elif kind == b'RECS':
            self.records += [self.record(body[i:i + size]) for i in range(0, len(body), size)]

    def record(self, data):
        return {field['name']: int.from_bytes(
            data[field['offset']:field['offset'] + field['size']], 'little')
            for field in self.header['record']['fields']}


class Timeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = common.Files(MAKER, COUNT)
        cls.addClassCleanup(cls.files.folder.cleanup)
        cls.raw = Raw(cls.files.journal.read_bytes())
        cls.raw.records.sort(key=lambda record: record['serial'])
        cls.objects = cls.files.objects()

    def test_every_record_is_there(self):
        self.assertEqual([record['serial'] for record in self.raw.records],
                         list(range(1, COUNT + 1)))
        self.assertEqual([one['serial'] for one in self.objects], list(range(1, COUNT + 1)))

    def test_objects_say_what_the_records_say(self):
        for record, one in zip(self.raw.records, self.objects):
            result = self.raw.header['results'][record['result']]
            self.assertEqual(one['result'], result['name'])
            self.assertEqual(one['lost'], result['lost'])
            self.assertEqual(one['kind'], self.raw.header['kinds'][record['kind']]['name'])
            self.assertEqual(one['source'], self.raw.names[record['source']])
            self.assertEqual(one['time_ns'], record['time'])
            self.assertEqual(one.get('vector', 0), record['vector'])
            self.assertEqual(one.get('unit'), self.raw.names.get(record['unit']))
            self.assertEqual(one.get('time_taken_ns', 0), record['time_taken'])
            self.assertEqual(one.get('reason', 0), record['reason'])

    def test_addresses_have_names(self):
        by_instruction = [one for one in self.objects if 'rip' in one]
        self.assertTrue(by_instruction)
        for one in by_instruction:
            self.assertEqual(one['symbol'], common.symbol_of(one['rip']))
        for one in (one for one in self.objects if 'rip_taken' in one):
            self.assertEqual(one['symbol_taken'], common.symbol_of(one['rip_taken']))
        written = [one['written'] for one in self.objects if 'written' in one]
        self.assertTrue(written)
        for writer in written:
            self.assertEqual((writer['cpu'], writer['rip'], writer['symbol']),
                             (0, '0xffffffff81000120', 'first_half+0x120'))
        for one in self.files.findings():
            self.assertEqual(one['symbol'], common.symbol_of(one['rip']))

    def test_names_given_afterwards(self):
        bare = self.files.without_names()
        self.assertNotIn('"symbol', self.files.timeline('--jsonl', journal=bare))
        moved = self.files.path('moved')
        moved.write_text(''.join(f'{start - 0x2000000:x} T {name}\n'
                                 for start, name in common.SYMBOLS.items()))
        for option in (self.files.path('symbols'), f'{moved}@0x2000000'):
            text = self.files.timeline('--jsonl', '--symbols', option, journal=bare)
            named = [one for one in map(json.loads, text.splitlines()) if 'rip' in one]
            self.assertTrue(named)
            for one in named:
                self.assertEqual(one['symbol'], common.symbol_of(one['rip']))

    def test_there_is_something_of_everything(self):
        results = collections.Counter(one['result'] for one in self.objects)
        for result in ('ended', 'merged', 'entry-not-present', 'source-refused', 'no-vector'):
            self.assertIn(result, results)

    def test_sentences(self):
        lines = [line for line in self.files.timeline('--text').splitlines()
                 if not line.startswith('finding: ')]
        self.assertEqual(len(lines), COUNT)
        for line, one in zip(lines, self.objects):
            self.assertEqual(line, f"{one['serial']:>8} {one['sentence']}")
        one = next(one for one in self.objects if one['result'] == 'entry-not-present')
        self.assertEqual(one['sentence'], f"nvme0 (00:04.0) MSI-X {one['number']}, "
                         f'{time_text(one)} s: was blocked: its entry is not present (22h) [VT-d 7.1.3 IR.3]')
        ipi = next(one for one in self.objects if one['kind'] == 'ipi')
        self.assertRegex(ipi['sentence'], r'^apic\d IPI, \d+\.\d{6} s: ')

    def test_findings_are_where_their_time_is(self):
        lines = self.files.lines()
        self.assertEqual([one['finding'] for one in lines if 'finding' in one],
                         ['entry-not-flushed'] * 3)
        times = [one['time_ns'] for one in lines]
        self.assertEqual(times, sorted(times))
        text = self.files.timeline('--text').splitlines()
        for line, one in zip(text, lines):
            self.assertTrue(line.endswith(one['sentence']))
        self.assertEqual(self.files.findings()[0]['sentence'], f'iommu0, {time_text(lines[1500])} s: '
                         'warning entry-not-flushed: an entry was changed and used without a flush '
                         '(entry 19) [VT-d 6.5.3.4]')

    def test_trace_events(self):
        events = json.loads(self.files.timeline('--perfetto'))['traceEvents']
        phases = collections.defaultdict(list)
        for event in events:
            phases[event['ph']].append(event)
        ends = [event for event in phases['X'] if 'args' in event]
        self.assertEqual([event['args'] for event in ends], self.objects)
        self.assertEqual([event['name'] for event in phases['i']], ['entry-not-flushed'] * 3)
        taken = [one['serial'] for one in self.objects if one.get('taken')]
        self.assertEqual([event['id'] for event in phases['b']], taken)
        self.assertEqual([event['id'] for event in phases['e']], taken)
        starts, finishes = ([event['id'] for event in phases[ph]] for ph in 'sf')
        self.assertEqual(starts, finishes)
        self.assertEqual(starts, [one['serial'] for one in self.objects
                                  if 'unit' in one or 'vector' in one])
        threads = {(event['pid'], event['tid']) for event in events if 'ts' in event}
        self.assertEqual(threads, {(event['pid'], event['tid']) for event in phases['M']
                                   if event['name'] == 'thread_name'})

    def test_file_that_was_cut_off(self):
        data = self.files.journal.read_bytes()
        cut = self.files.path('cut.journal')
        cut.write_bytes(data[:len(data) // 2])
        lines = self.files.timeline('--text', journal=cut).splitlines()
        self.assertTrue(0 < len(lines) < COUNT)
        whole = set(self.files.timeline('--text').splitlines())
        self.assertLessEqual(set(lines), whole)
        for length in (16, 17, len(data) - 9):
            cut.write_bytes(data[:length])
            done = subprocess.run([common.TIMELINE, cut], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0 if length > 1000 else 1)

    def test_unknown_blocks_are_skipped(self):
        more = self.files.path('more.journal')
        more.write_bytes(self.files.journal.read_bytes() + struct.pack('<4sI8s', b'MORE', 3, b'abc'))
        self.assertEqual(self.files.timeline('--text', journal=more), self.files.timeline('--text'))

    def test_no_journal(self):
        data = self.files.journal.read_bytes()
        for content, what in ((b'', 'this is no journal'), (b'text' * 9, 'this is no journal'),
                              (data[:8] + b'\2' + data[9:], 'version 2 of the format'),
                              (data.replace(b'"fields"', b'"fieldz"', 1), 'its header or a block')):
            other = self.files.path('other')
            other.write_bytes(content)
            done = subprocess.run([common.TIMELINE, other], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertRegex(done.stderr, rf'^timeline: {re.escape(str(other))}: {what}.*\n$')


if __name__ == '__main__':
    MAKER = sys.argv.pop(1)
    unittest.main(verbosity=2)

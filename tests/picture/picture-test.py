#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of scripts/timeline in a browser: what is on it is what is in the journal.

Usage: picture-test.py MAKE-JOURNAL [--pictures FOLDER] [TEST...]
"""
import argparse
import collections
import json
import os
import sys
import unittest

import browser
import common

COUNT = 8000
SKIP = 77  # meson's
FRAME = 'new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))'


class Picture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = common.Files(MAKER, COUNT)
        cls.addClassCleanup(cls.files.folder.cleanup)
        cls.objects = cls.files.objects()
        cls.findings = cls.files.findings()
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.address = cls.files.page()

    def setUp(self):
        self.open(self.address)

    def tearDown(self):
        bad = [event for event in self.browser.events
               if event.get('method') == 'Runtime.exceptionThrown' or
               event.get('params', {}).get('entry', {}).get('level') == 'error']
        self.assertEqual(bad, [])

    def open(self, address):
        self.browser.open('about:blank')
        self.browser.open(address)
        self.js('window.timeline.ready')

    def js(self, expression):
        return self.browser.js(expression)

    def text(self, selector):
        return self.js(f'document.querySelector({json.dumps(selector)})?.textContent')

    def texts(self, selector):
        return self.js(f'[...document.querySelectorAll({json.dumps(selector)})]'
                       '.map(one => one.textContent)')

    def click_on(self, selector):
        x, y = self.js(f'''(() => {{
            const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        }})()''')
        self.browser.click(x, y)

    def search(self, words):
        self.click_on('#search')
        self.js('document.getElementById("search").select()')
        self.browser.type(words)

    def choose(self, field, value):
        self.js(f'''(() => {{
            const field = document.getElementById('{field}');
            field.value = {json.dumps(value)};
            field.dispatchEvent(new Event('input', {{bubbles: true}}));
        }})()''')
        self.assertEqual(self.js(f'document.getElementById("{field}").value'), value)

    def shown(self):
        """How many messages the page says it shows."""
        return int(self.text('#count').split()[0].replace(',', ''))

    def count(self, test):
        return sum(1 for one in self.objects if test(one))

    def click_message(self, serial):
        """Searches it, goes there by a key, and clicks on its dot; not on what the key showed."""
        self.search(f'#{serial}')
        self.assertEqual(self.shown(), 1)
        self.js('canvas.focus()')
        self.browser.key('n')
        self.js('view.shownDetails')
        self.js('document.getElementById("details").replaceChildren(); view.picked = -1')
        self.js(FRAME)
        place = self.js(f'window.timeline.placeOf({serial})')
        self.browser.click(place['x'], place['y'])
        self.js('view.shownDetails')

    def test_everything_is_there(self):
        self.assertEqual(self.shown(), COUNT)
        self.assertEqual(self.js('document.title'), 'test.journal')
        losses = collections.Counter((one['source'], one['result'])
                                     for one in self.objects if one['lost'])
        rows = [row.split('|') for row in self.js(
            '[...document.querySelectorAll("#losses tr")].map(row => '
            '[...row.cells].map(cell => cell.textContent).join("|"))')]
        self.assertEqual({(source, result): int(n) for n, source, result in rows}, losses)

    def test_findings(self):
        self.assertEqual(self.texts('#findings tr'), [
            f"{len(self.findings)}{self.findings[0]['source']}{self.findings[0]['rule']}"])
        self.click_on('#findings tr')
        self.assertEqual(self.text('#sentence'), self.findings[0]['sentence'])
        x, y = self.js('''(() => {
            const box = canvas.getBoundingClientRect();
            const [x, y] = flagPlace(1);
            return [box.left + x, box.top + y];
        })()''')
        self.browser.click(x, y)
        self.assertEqual(self.text('#sentence'), self.findings[1]['sentence'])
        self.assertIn(f"By CPU {self.findings[1]['cpu']} ", self.text('#details'))

    def test_numbers_are_the_records(self):
        for column, field in (('serial', 'serial'), ('time', 'time_ns'), ('time_taken', 'time_taken_ns'),
                              ('time_ended', 'time_ended_ns'), ('number', 'number'),
                              ('vector', 'vector'), ('taken', 'taken')):
            self.assertEqual(self.js(f'[...rec.{column}]'),
                             [one.get(field, 0) for one in self.objects])
        self.assertIn(0, {one['time_taken_ns'] - one['time_ns']
                          for one in self.objects if one.get('taken')})
        self.assertIn(0, {one['time_ended_ns'] - one['time_taken_ns']
                          for one in self.objects if one.get('time_ended_ns')})

    def test_clicks_on_messages_of_the_same_time(self):
        same = collections.defaultdict(list)
        for one in self.objects:
            if one['source'] == 'nvme0' and not one['lost']:
                same[one['time_ns']].append(one)
        some = next(group for group in same.values() if len(group) > 1)
        self.choose('device', 'nvme0')
        self.js(f"bringIntoView(indexOfSerial({some[0]['serial']})), {FRAME}")
        picked = []
        for _ in some:
            place = self.js(f"window.timeline.placeOf({some[0]['serial']})")
            self.browser.click(place['x'], place['y'])
            self.js('view.shownDetails')
            picked.append(self.js('rec.serial[view.picked]'))
        self.assertEqual(sorted(picked), [one['serial'] for one in some])

    def test_lanes(self):
        titles = {'msix': 'MSI-X', 'msi': 'MSI', 'ioapic': 'pin', 'hpet': 'timer', 'lvt': 'LVT',
                  'ipi': 'IPI'}
        expected = [{f"{one['source']} {titles[one['kind']]}" for one in self.objects},
                    {one['unit'] for one in self.objects if 'unit' in one},
                    {f"APIC {one['apic']}" if one['answers'] else 'nobody'
                     for one in self.objects if 'vector' in one},
                    {f"CPU of APIC {one['apic']}" for one in self.objects if one.get('taken')}]
        for group, names in enumerate(expected):
            self.assertEqual(set(self.js(f'''lanes.list.filter(lane => lane.group === {group})
                .map(lane => lane.name)''')), names)
        self.assertEqual(self.js('lanes.list.reduce((sum, lane) => sum + lane.lost, 0)'),
                         self.count(lambda one: one['lost']))

    def test_search(self):
        queries = {
            'nvme0': lambda one: one['source'] == 'nvme0',
            'BLOCKED': lambda one: 'blocked' in one['sentence'] or 'blocked' in one['class'],
            'net0 26h': lambda one: one['source'] == 'net0' and '(26h)' in one['sentence'],
            '00:05.0': lambda one: one.get('rid') == '00:05.0',
            '31h': lambda one: one.get('vector') == 0x31,
            'iommu0 lost': lambda one: 'unit' in one and one['lost'],
            '#17': lambda one: one['serial'] == 17,
            'nothing-has-this': lambda one: False,
        }
        for words, test in queries.items():
            with self.subTest(words):
                self.search(words)
                self.assertEqual(self.shown(), self.count(test))
        self.click_on('#reset')
        self.assertEqual(self.shown(), COUNT)

    def test_filters(self):
        cases = [('device', 'net0', lambda one: one['source'] == 'net0'),
                 ('vector', '0x31', lambda one: one.get('vector') == 0x31),
                 ('vector', '49', lambda one: one.get('vector') == 49),
                 ('cpu', 'to=2', lambda one: one.get('apic') == 2),
                 ('cpu', 'by=1', lambda one: one.get('cpu') == 1),
                 ('state', 'lost', lambda one: one['lost']),
                 ('state', 'open', lambda one: one['open']),
                 ('state', 'class=blocked', lambda one: one['class'] == 'blocked'),
                 ('state', 'result=merged', lambda one: one['result'] == 'merged')]
        for field, value, test in cases:
            with self.subTest(f'{field} {value}'):
                self.choose(field, value)
                self.assertEqual(self.shown(), self.count(test))
                self.choose(field, '')
        self.choose('device', 'nvme0')
        self.choose('state', 'lost')
        self.assertEqual(self.shown(), self.count(lambda one: one['source'] == 'nvme0' and one['lost']))

    def test_click_shows_sentence_and_hops(self):
        first = {one['result']: one for one in reversed(self.objects)}
        for one in first.values():
            with self.subTest(one['sentence']):
                self.click_message(one['serial'])
                self.assertEqual(self.text('#sentence'), one['sentence'])
                self.assertEqual(self.js('document.querySelector("#sentence").className'),
                                 'lost' if one['lost'] else 'open' if one['open'] else '')
                self.check_hops(one, self.texts('#hops li'))
                self.assertEqual(self.text('#remedy'), one.get('remedy'))

    def check_hops(self, one, hops):
        expected = [one['source']]
        if 'unit' in one:
            expected.append(one['unit'])
        if 'vector' in one:
            expected.append('APIC bus')
        if one.get('answers'):
            expected.append(f"Local APIC {one['apic']}")
        if one.get('taken'):
            expected.append(f"CPU of APIC {one['apic']}")
        self.assertEqual(len(hops), len(expected))
        for hop, begin in zip(hops, expected):
            self.assertTrue(hop.startswith(begin), hop)
        if 'entry' in one:
            self.assertIn(f"{one['entry'][:16]} {one['entry'][16:]}", hops[1])
        if 'rip' in one:
            self.assertIn(f"at {int(one['rip'], 16):016x}h ({one['symbol']}), "
                          f"instruction {one['instructions']}", hops[0])
        if 'written' in one:
            self.assertIn('by CPU 0 at ffffffff81000120h (first_half+0x120)', hops[1])
        if 'rip_taken' in one:
            self.assertIn(f"at {int(one['rip_taken'], 16):016x}h ({one['symbol_taken']}), ", hops[-1])

    def test_click_on_a_bar_and_a_path(self):
        """Near enough to the middle of a message's service, or of its way, is a click on it."""
        one = next(one for one in self.objects if one['result'] == 'ended' and 'unit' in one)
        self.click_message(one['serial'])
        for place in ('''(() => { const [from, width] = serviceOf(i);
                          return [from + width / 2, view.yOf(lanes.at[3][i])]; })()''',
                      '''(() => { const [a, b] = pathOf(i);
                          return [a[0] + 3, (a[1] + b[1]) / 2]; })()'''):
            self.js('document.getElementById("details").replaceChildren()')
            x, y = self.js(f'''(() => {{ const i = indexOfSerial({one['serial']});
                const box = canvas.getBoundingClientRect(); const [x, y] = {place};
                return [box.left + x, box.top + y]; }})()''')
            self.browser.click(x, y)
            self.js('view.shownDetails')
            self.assertEqual(self.text('#sentence'), one['sentence'])

    def test_losses_are_red(self):
        one = next(one for one in self.objects if one['lost'] and 'unit' in one)
        self.search(f"#{one['serial']}")
        self.js('canvas.focus()')
        self.browser.key('n')
        self.js(FRAME)
        red = self.js(f'''(() => {{
            const [a, b] = pathOf(indexOfSerial({one['serial']}));
            const at = ink.getImageData(a[0], (a[1] + b[1]) / 2, 1, 1).data;
            return [view.colors.lost, '#' + [...at].slice(0, 3)
                .map(byte => byte.toString(16).padStart(2, '0')).join('')];
        }})()''')
        self.assertEqual(red[0], red[1])

    def test_click_on_a_loss_among_thousands(self):
        one = next(one for one in self.objects if one['lost'] and 'unit' in one)
        self.assertGreater(self.js('draw(), view.drawn'), self.js('FEW'))
        x, y = self.js(f'''(() => {{
            const box = canvas.getBoundingClientRect();
            const [x, y] = pathOf(indexOfSerial({one['serial']})).at(-1);
            return [box.left + x, box.top + y];
        }})()''')
        self.browser.click(x, y)
        self.js('view.shownDetails')
        self.assertEqual(self.text('#sentence'), one['sentence'])

    def test_bars_count_every_message(self):
        """Drawn as counts, each lane has as many as it has messages, at every zoom."""
        for zoom in (1, 0.5, 0.7):
            self.js(f'view.zoom({zoom}); draw()')
            counted, expected = self.js('''(() => {
                const width = view.width - LABELS;
                prepareImage(width, 10);
                view.all.fill(0);
                view.lost.fill(0);
                countRecords(view.from, view.to, width, view.all, view.lost);
                const exact = [view.all, view.lost].map(one => one.reduce((a, b) => a + b, 0));
                countColumns(view.from, view.to, width, view.extent, view.all, view.lost);
                return [[view.all, view.lost].map(one => one.reduce((a, b) => a + b, 0)), exact];
            })()''')
            for got, want in zip(counted, expected):
                self.assertAlmostEqual(got, want, delta=max(3, want * 0.01))

    def test_wheel_keys_and_drag(self):
        span = self.js('view.to - view.from')
        box = self.js('(() => { const b = canvas.getBoundingClientRect(); return [b.left, b.top]; })()')
        x, y = box[0] + 500, box[1] + 300
        self.browser.mouse('mouseWheel', x, y, deltaX=0, deltaY=-300)
        self.js(FRAME)
        nearer = self.js('view.to - view.from')
        self.assertLess(nearer, span)
        begin = self.js('view.from')
        self.browser.mouse('mousePressed', x, y, button='left', clickCount=1)
        self.browser.mouse('mouseMoved', x - 100, y, button='left', buttons=1)
        self.browser.mouse('mouseReleased', x - 100, y, button='left', clickCount=1)
        self.assertAlmostEqual(self.js('(view.from - %r) / (view.to - view.from)' % begin),
                               self.js('100 / (view.width - LABELS)'), places=6)
        self.browser.key('+')
        self.assertLess(self.js('view.to - view.from'), nearer)
        begin = self.js('view.from')
        self.browser.key('ArrowRight')
        self.assertGreater(self.js('view.from'), begin)
        self.browser.key('0')
        self.assertAlmostEqual(self.js('view.to - view.from'), span)

    def test_address_keeps_what_is_shown(self):
        one = next(one for one in self.objects if one['lost'])
        self.search('lost')
        self.open(f"{self.address}#q=lost&pick={one['serial']}")
        self.js('view.shownDetails')
        self.assertEqual(self.shown(), self.count(lambda one: one['lost']))
        self.assertEqual(self.text('#sentence'), one['sentence'])

    def test_light_and_dark(self):
        seen = []
        for scheme in ('light', 'dark'):
            self.browser.color_scheme(scheme)
            self.js(FRAME)
            page, text, pixel = self.js('''[getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.body).color,
                'rgb(' + [...ink.getImageData(5, 45, 1, 1).data].slice(0, 3).join(', ') + ')']''')
            self.assertEqual(page, pixel)
            seen += [page, text]
            self.picture(scheme)
        self.browser.color_scheme('light')
        self.assertEqual(len(set(seen)), 4)

    def picture(self, name):
        if PICTURES:
            self.browser.screenshot(os.path.join(PICTURES, f'{name}.png'))

    def test_fits_a_laptop(self):
        self.assertFalse(self.js('document.documentElement.scrollWidth > innerWidth'))
        self.assertEqual(self.js('''[...document.querySelectorAll('header > *')].filter(one =>
            one.getBoundingClientRect().right > innerWidth).length'''), 0)
        self.assertGreater(self.js('view.width'), 850)

    def test_no_network(self):
        asked = [event['params']['request']['url'] for event in self.browser.events
                 if event.get('method') == 'Network.requestWillBeSent']
        self.assertEqual([url for url in asked if not url.startswith('about:')], [self.address])

    def test_file_that_was_cut_off(self):
        cut = self.files.path('cut.journal')
        data = self.files.journal.read_bytes()
        cut.write_bytes(data[:len(data) // 2])
        lines = [line for line in self.files.timeline('--text', journal=cut).splitlines()
                 if not line.startswith('finding: ')]
        self.open(self.files.page('cut.html', journal=cut))
        self.assertEqual(self.shown(), len(lines))
        self.assertIn('cut off', self.text('#status'))

    def test_no_messages(self):
        empty = common.Files(MAKER, 0)
        self.addCleanup(empty.folder.cleanup)
        self.open(empty.page())
        self.assertEqual(self.shown(), 0)
        self.assertEqual(self.text('#losses h2'), 'Nothing was lost')
        self.js('canvas.focus()')
        for key in 'n', 'p', '+', '0':
            self.browser.key(key)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('maker')
    parser.add_argument('--pictures', help='a folder to put pictures of the page into')
    options, rest = parser.parse_known_args()
    MAKER, PICTURES = options.maker, options.pictures
    if not browser.program():
        print('skipped: there is no Chromium here (Debian: chromium)')
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)

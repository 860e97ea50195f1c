# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/summary says of reports: a program that dies after its last good case has failed."""
import json
import pathlib
import subprocess
import sys
import tempfile

SUMMARY = pathlib.Path(__file__).resolve().parents[2] / 'scripts' / 'summary'
# A test's cases in the JUnit report, its result in meson's log, and what the summary's end is.
CASES = [
    ([('one', ''), ('two', '')], 'OK', 0, '2 passed, 0 failed'),
    ([('one', ''), ('two', '<failure/>')], 'FAIL', 1, '1 passed, 1 failed'),
    ([('one', ''), ('two', '<skipped/>')], 'OK', 0, '1 passed, 0 failed, 1 skipped'),
    ([('one', '')], 'ERROR', 1, '1 passed, 1 failed'),
    ([('one', '')], 'TIMEOUT', 1, '1 passed, 1 failed'),
    ([], 'OK', 1, '0 passed, 0 failed'),
    ([('one', '<system-out>a\x00b\x1b[2J\x0c \ud800 \uffff</system-out>')], 'OK', 0, '1 passed, 0 failed'),
    ([('\x07bell', '<failure/>')], 'FAIL', 1, '0 passed, 1 failed'),
]


def run(cases, result, problems=0):
    with tempfile.TemporaryDirectory() as build:
        logs = pathlib.Path(build) / 'meson-logs'
        logs.mkdir()
        rows = ''.join(f'<testcase name="{name}">{inner}</testcase>' for name, inner in cases)
        (logs / 'testlog.junit.xml').write_bytes(
            f'<testsuites><testsuite name="p.p:unit / acpi">{rows}</testsuite></testsuites>'
            .encode('utf-8', 'surrogatepass'))
        (logs / 'testlog.json').write_text(
            json.dumps({'name': 'p:unit / acpi', 'result': result, 'returncode': 1}) + '\n')
        done = subprocess.run([SUMMARY, str(problems), build], text=True, stdout=subprocess.PIPE)
        return done.returncode, done.stdout.splitlines()[-1]


def main():
    wrong = [f'{cases} {result}: {run(cases, result)}, not {(status, end)}'
             for cases, result, status, end in CASES if run(cases, result) != (status, end)]
    if run(*CASES[0][:2], problems=1) != (1, '2 passed, 1 failed'):
        wrong.append('a step that failed is not counted')
    print('\n'.join(wrong))
    return 1 if wrong else 0


sys.exit(main())

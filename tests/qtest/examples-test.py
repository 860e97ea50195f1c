# SPDX-License-Identifier: GPL-2.0-or-later
"""Every example of docs/devices/ is a command line that the program takes: a block that begins with the
program's name is run, stopped and under qtest, and has to be answered by its monitor."""
import os
import pathlib
import shlex
import subprocess
import sys

DEVICES = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'devices'
QUIET = ['-accel', 'qtest', '-display', 'none', '-nodefaults', '-monitor', 'stdio', '-S']


def examples():
    for page in sorted(DEVICES.glob('*.md')):
        for block in page.read_text().split('```')[1::2]:
            text = block.strip().replace('\\\n', ' ')
            if text.startswith('qemu-system-x86_64 '):
                yield page.name, shlex.split(text)[1:]


def main():
    program = os.environ['QTEST_QEMU_BINARY']
    rows = list(examples())
    print(f'1..{len(rows)}')
    failed = not rows
    for n, (page, args) in enumerate(rows, 1):
        run = subprocess.run([program, *args, *QUIET], input='info status\nquit\n', text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        good = run.returncode == 0 and 'VM status:' in run.stdout
        failed |= not good
        print(f'{"ok" if good else "not ok"} {n} {page}: {shlex.join(args)}')
        if not good:
            print('\n'.join('# ' + line for line in run.stdout.splitlines()))
    return failed


if __name__ == '__main__':
    sys.exit(main())

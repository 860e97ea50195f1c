# SPDX-License-Identifier: GPL-2.0-or-later
"""Every session in the pages comes out as it is shown: a block that begins with "$ " and the program's
name. The command line is run, stopped and under qtest. Lines after "(qemu) COMMAND" have to be among
those that the monitor answers, in this order, and so has a line that refuses; "..." stands for
anything. (device-docs.py starts the pages' other examples.)"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
NAME = 'qemu-system-x86_64'
PROMPT = '(qemu) '
QUIET = ['-accel', 'qtest', '-display', 'none', '-nodefaults', '-monitor', 'stdio', '-S']


def examples():
    for page in sorted([*DOCS.glob('devices/*.md'), *DOCS.glob('*.md')]):
        for block in re.findall(r'^```\w*\n(.*?)^```$', page.read_text(), re.M | re.S):
            lines = block.strip().replace('\\\n', ' ').splitlines()
            if lines[0].startswith(f'$ {NAME} ') and not lines[0].endswith('...'):
                yield page.name, shlex.split(lines[0].removeprefix('$ '))[1:], lines[1:]


def missing(wanted, answers):
    """The first of the wanted lines that does not come in its turn; None if all do."""
    rest = iter(answers)
    for line in wanted:
        pattern = re.escape(line.strip()).replace(r'\.\.\.', '.*')
        if not any(re.fullmatch(pattern, one) for one in rest):
            return line
    return None


def main():
    program = os.environ['QTEST_QEMU_BINARY']
    rows = list(examples())
    print(f'1..{len(rows)}')
    failed = not rows
    for n, (page, args, shown) in enumerate(rows, 1):
        commands = [line.removeprefix(PROMPT) for line in shown if line.startswith(PROMPT)]
        wanted = [line for line in shown if not line.startswith(PROMPT)]
        refuses = any(line.startswith(f'{NAME}: ') for line in wanted)
        run = subprocess.run([program, *args, *QUIET], text=True, timeout=60,
                             input='\n'.join([*commands, 'info status', 'quit', '']),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lost = missing(wanted, [line.removeprefix(PROMPT).strip() for line in run.stdout.splitlines()])
        good = lost is None and (run.returncode != 0) == refuses
        failed |= not good
        print(f'{"ok" if good else "not ok"} {n} {page}: {shlex.join(args)}')
        if not good:
            print('\n'.join('# ' + line for line in [f'not there: {lost}', *run.stdout.splitlines()]))
    return failed


if __name__ == '__main__':
    sys.exit(main())

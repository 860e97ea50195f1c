# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether mutants are C and meson has their tests, without building anything: the compiler reads each
as it would its file."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess

from mutants import ROOT

# Options with a word after them that name what the compiler would write.
OUTPUTS = {'-MQ', '-MF', '-MT', '-o', '-c'}


def reader(entry):
    """The command that reads a file's text from standard input, of compile_commands.json's entry."""
    words, kept = shlex.split(entry['command']), []
    while words:
        word = words.pop(0)
        if word in OUTPUTS:
            words.pop(0)
        elif word not in ('ccache', '-MD', '-Werror'):
            kept.append(word)
    folder = os.path.dirname(entry['file']) or '.'
    return [*kept, '-w', '-fsyntax-only', '-iquote', folder, '-x', 'c', '-']


def readers(build):
    """By the path in the tree: the folder to stand in and the command. Headers have none."""
    entries = json.loads((pathlib.Path(build) / 'compile_commands.json').read_text())
    return {os.path.relpath(os.path.join(e['directory'], e['file']), ROOT): (e['directory'], reader(e))
            for e in entries}


def complaint(mutant, commands):
    """What the compiler says of a mutant; '' if nothing."""
    if mutant.file not in commands:
        return ''
    folder, command = commands[mutant.file]
    done = subprocess.run(command, cwd=folder, input=mutant.apply((ROOT / mutant.file).read_text()),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f'{mutant.name} is no C: {done.stdout}' if done.returncode else ''


def strangers(mutants, build):
    """A line for each test that a row names and meson does not have."""
    tests = json.loads((pathlib.Path(build) / 'meson-info/intro-tests.json').read_text())
    known = {test['name'] for test in tests}
    return [f'{m.name}: meson has no test {name}' for m in mutants for name in m.tests
            if name not in known]


def check(mutants, build, jobs):
    """A line or more for each mutant that the compiler does not take, or whose test is not there."""
    commands = readers(build)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        complaints = pool.map(lambda m: complaint(m, commands), mutants)
        return strangers(mutants, build) + [text for text in complaints if text]

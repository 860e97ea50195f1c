# SPDX-License-Identifier: GPL-2.0-or-later
"""A scratch copy of the tree with a build folder of its own, in which mutants are built and tested.

The copy has what git knows of or would add. It is brought up to date, not made anew, so that a
mutant costs one compilation and the linking of the tests it needs. It is optimised a little: with
nothing, the interpreter's fused operations take minutes to compile.
"""
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from mutants import ROOT

SETUP = ['-Doptimization=1', '-Ddebug=false', '-Dwerror=false', '-Dwarning_level=0']
# A test that takes this much longer than it did without a mutant hangs.
SECONDS_MORE, TIMES_MORE = 60, 10


class BuildError(Exception):
    pass


@dataclasses.dataclass
class Result:
    test: dict
    passed: bool
    how: str  # which case failed, or how the program ended
    seconds: float

    def __str__(self):
        return f'{self.test["name"]} ({self.how})'


def listed_files():
    out = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT,
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return [name for name in out.split('\0') if name and (ROOT / name).is_file()]


def has_ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def without_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Scratch:
    def __init__(self, folder, jobs):
        self.tree, self.build = folder / 'tree', folder / 'build'
        self.jobs = jobs
        self.sync()
        self.configure()

    def sync(self):
        names = listed_files()
        for name in names:
            here, there = ROOT / name, self.tree / name
            if not there.exists() or there.read_bytes() != here.read_bytes():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(here, there)
        wanted = {self.tree / name for name in names}
        for path in self.tree.rglob('*'):
            if path.is_file() and path not in wanted and '__pycache__' not in path.parts:
                path.unlink()

    def configure(self):
        if not (self.build / 'build.ninja').exists():
            self.run_tool(['meson', 'setup', str(self.build), str(self.tree), *SETUP])
        # Meson says what there is to build only when it has run with the sources as they are.
        self.run_tool(['ninja', '-C', str(self.build), 'build.ninja'])
        info = self.build / 'meson-info'
        targets = {t['id']: t for t in json.loads((info / 'intro-targets.json').read_text())}
        self.tests = json.loads((info / 'intro-tests.json').read_text())
        for test in self.tests:
            test['outputs'] = [os.path.relpath(name, self.build) for target in test['depends']
                               for name in targets[target]['filename']]
            test['suite'] = [suite.split(':')[-1] for suite in test['suite']]

    def called(self, names):
        """The tests of these names; a unit test and a qtest may share one."""
        return [test for test in self.tests if test['name'] in names]

    def in_suites(self, *wanted):
        return [test for test in self.tests if set(test['suite']) & set(wanted)]

    @staticmethod
    def run_tool(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise BuildError('\n'.join(done.stdout.splitlines()[-30:]))

    def make(self, tests):
        outputs = sorted({output for test in tests for output in test['outputs']})
        self.run_tool(['ninja', '-C', str(self.build), *outputs])

    def run_one(self, test):
        limit = SECONDS_MORE + TIMES_MORE * test.get('seconds', test['timeout'])
        start = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                test['cmd'], cwd=test['workdir'] or self.build, env={**os.environ, **test['env']},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=without_core)
            ended = wait_until(lambda: has_ended(process.pid), limit)
            # What the program started and left behind goes with it. (It has not been waited for
            # yet, so its number is still its own.)
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            output.seek(0)
            text = output.read().decode(errors='replace')
        how = self.verdict(test, status, text) if ended else f'no end in {limit:.0f} s'
        return Result(test, not how, how, time.monotonic() - start)

    def verdict(self, test, status, output):
        """Which case failed: GLib's programs end there, and do not always say where they were."""
        if status == 0:
            return ''
        passed = re.findall(r'^ok \d+ (\S+)', output, re.M)
        failed = re.search(r'^not ok \d+ (\S+)', output, re.M)
        left = [case for case in self.cases(test) if case not in passed]
        end = f'signal {-status}' if status < 0 else f'status {status}'
        return failed[1] if failed else left[0] if left else end

    def cases(self, test):
        """The cases that a GLib program has."""
        if 'cases' not in test:
            command = [arg for arg in test['cmd'] if arg != '--tap'] + ['-l']
            out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 stdin=subprocess.DEVNULL, text=True).stdout
            test['cases'] = [line for line in out.splitlines() if line.startswith('/')]
        return test['cases']

    def run(self, tests, until_failure=False):
        """Runs tests side by side; with `until_failure` those not begun are left out after one."""
        results = []
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            pending = {pool.submit(self.run_one, test) for test in tests}
            while pending:
                done, pending = concurrent.futures.wait(
                    pending, return_when=concurrent.futures.FIRST_COMPLETED)
                results += [future.result() for future in done]
                if until_failure and not all(r.passed for r in results):
                    pending = {future for future in pending if not future.cancel()}
        return results

    def baseline(self, tests):
        """The tests pass without a mutant; how long they take says later whether one hangs."""
        self.make(tests)
        results = self.run(tests)
        for r in results:
            r.test['seconds'] = r.seconds
        return [r for r in results if not r.passed]

    def replace(self, name, text):
        """The file's text in the copy; what it was."""
        path = self.tree / name
        old = path.read_text()
        path.write_text(text)
        return old

# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, driven over a pipe (--remote-debugging-pipe: JSON, a NUL after each)."""
import base64
import json
import os
import shutil
import subprocess
import tempfile

PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')


def program():
    """Its path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page. Used as a context."""

    def __init__(self, width=1280, height=800):
        self.serial = 0
        self.events = []
        self.buffer = b''
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._start()
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def _start(self):
        theirs_in, self.to = os.pipe()
        self.back, theirs_out = os.pipe()

        def place():  # it reads 3 and writes 4
            ends = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.session = None
        self.child = subprocess.Popen(
            [program(), '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-dev-shm-usage', '--disable-background-networking', '--disable-extensions',
             f'--user-data-dir={self.profile.name}', '--remote-debugging-pipe'],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        os.close(self.to)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.back)
        self.profile.cleanup()

    def _receive(self):
        while b'\0' not in self.buffer:
            data = os.read(self.back, 1 << 20)
            if not data:
                raise RuntimeError('the browser is gone')
            self.buffer += data
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, **params):
        self.serial += 1
        message = {'id': self.serial, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.to, json.dumps(message).encode() + b'\0')
        while True:
            answer = self._receive()
            if answer.get('id') != self.serial:
                self.events.append(answer)
            elif 'error' in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer['result']

    def wait_for(self, method):
        """The next event of this name, also one that has come already."""
        while not any(event.get('method') == method for event in self.events):
            self.events.append(self._receive())
        self.events = [event for event in self.events if event.get('method') != method]

    def open(self, url):
        self.events.clear()
        self.call('Page.navigate', url=url)
        self.wait_for('Page.loadEventFired')

    def js(self, expression):
        """Its value; a promise is waited for."""
        answer = self.call('Runtime.evaluate', expression=expression, awaitPromise=True,
                           returnByValue=True)
        if 'exceptionDetails' in answer:
            details = answer['exceptionDetails']
            raise RuntimeError(details.get('exception', {}).get('description', details['text']))
        return answer['result'].get('value')

    def mouse(self, kind, x, y, **more):
        self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse('mousePressed', x, y, button='left', clickCount=1)
        self.mouse('mouseReleased', x, y, button='left', clickCount=1)

    def type(self, text):
        self.call('Input.insertText', text=text)

    def key(self, key):
        text = key if len(key) == 1 else ''
        self.call('Input.dispatchKeyEvent', type='keyDown', key=key, text=text)
        self.call('Input.dispatchKeyEvent', type='keyUp', key=key)

    def color_scheme(self, name):
        self.call('Emulation.setEmulatedMedia',
                  features=[{'name': 'prefers-color-scheme', 'value': name}])

    def screenshot(self, path):
        data = self.call('Page.captureScreenshot', format='png')['data']
        with open(path, 'wb') as out:
            out.write(base64.b64decode(data))

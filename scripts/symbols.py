# SPDX-License-Identifier: GPL-2.0-or-later
"""Names for addresses of a guest's code."""
import bisect
import pathlib
import subprocess

REACH = 1 << 20  # from a symbol to what is told by it


class Symbols:
    """From "FILE" or "FILE@OFFSET": a list as nm, System.map and /proc/kallsyms have it, or an ELF image,
    which nm reads; the guest runs OFFSET higher than the file says. OSError if that does not do."""

    def __init__(self, text):
        path, _, offset = text.rpartition('@')
        try:
            self.offset = int(offset, 0) if path else 0
        except ValueError:
            path, self.offset = '', 0
        rows = sorted(self._rows(pathlib.Path(path or text)))
        if not rows:
            raise OSError(f'{path or text}: it has no symbols of code')
        self.addresses = [address for address, _ in rows]
        self.names = [name for _, name in rows]

    @staticmethod
    def _rows(path):
        data = path.read_bytes()
        if data[:4] == b'\x7fELF':
            done = subprocess.run(['nm', '--', path], capture_output=True, check=False)
            data = done.stdout
        for line in data.decode(errors='replace').splitlines():
            words = line.split()
            if len(words) >= 3 and words[1] in 'tTwW' and words[0].strip('0'):
                try:
                    yield int(words[0], 16), words[2]
                except ValueError:
                    continue

    def name(self, address):
        """As in modify_irte+0x120; None if nothing is near below."""
        address -= self.offset
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or address - self.addresses[at] >= REACH:
            return None
        return f'{self.names[at]}+{address - self.addresses[at]:#x}'

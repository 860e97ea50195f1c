#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a real kernel with a shared folder, which its 9p file system mounts and works in: what it reads,
makes, moves and removes is looked at from the host's side, and what must not be reached is not. While it
is mounted the machine can't be saved, which is said. Prints TAP.

Usage: share-test.py --qemu PROGRAM --guests FOLDER [CASE]...
"""
import hashlib
import os
import pathlib
import re
import stat
import sys
import tempfile

import taptest
from livemachine import Machine, make_initramfs, play

KERNEL = "generic"
MODULES = ["virtio_pci", "9pnet_virtio", "9p"]

# The security model, more of the share's options, and the machine's.
CASES = {
    "mapped": ("mapped-xattr", "", []),
    "mapped-unit": ("mapped-xattr", "", ["-device", "intel-iommu,intremap=on"]),
    "passthrough": ("passthrough", "", []),
    "none": ("none", "", []),
    "readonly": ("none", ",readonly=on", []),
}
# What the guest sees of what it made.
SEEN = ["null character special file 644 0 0 1,3", "fifo fifo 644 0 0 0,0",
        "moved regular file 4711 12 34 0,0", "link symbolic link 777 0 0 0,0"]


def fill(folder):
    share = folder / "share"
    (share / "sub").mkdir(parents=True)
    (folder / "outside").mkdir()
    (folder / "outside" / "secret").write_text("secret")
    (share / "hello").write_text("from ")
    (share / "sub" / "deep").write_text("the host\n")
    (share / "out").symlink_to("../outside")
    return share


def on_host(share, model):
    """What the files are that the guest made."""
    made = share / "made"
    names = sorted(path.name for path in made.iterdir())
    wrong = [] if names == ["fifo", "hard", "link", "moved", "null"] else [f"made/ has {names}"]
    kinds = {name: stat.S_IFMT(os.lstat(made / name).st_mode) for name in names}
    mapped = model == "mapped-xattr"
    wants = {"null": stat.S_IFREG if mapped else stat.S_IFCHR, "fifo": stat.S_IFREG if mapped else stat.S_IFIFO,
             "link": stat.S_IFREG if mapped else stat.S_IFLNK}
    wrong += [f"{name} is {kinds.get(name):o} on the host" for name, kind in wants.items() if kinds.get(name) != kind]
    mode = stat.S_IMODE(os.lstat(made / "moved").st_mode)
    if mode != (0o600 if mapped else 0o4711):
        wrong.append(f"moved has mode {mode:o} on the host")
    if (share / "sub").exists():
        wrong.append("what the guest removed is there")
    return wrong


def can(folder, model):
    """Why this host has no such share, or None."""
    if model == "mapped-xattr":
        try:
            os.setxattr(folder, "user.test", b"x")
        except OSError:
            return "the folder for temporary files has no extended attributes"
    return "only root may give files away" if model == "passthrough" and os.geteuid() != 0 else None


def run_case(args, case):
    model, more, options = case
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if can(folder, model):
            return [], f"not here: {can(folder, model)}"
        share = fill(folder)
        initrd = make_initramfs(args, folder, KERNEL, "share-init", MODULES)
        wrong = []

        def boot(start):
            machine = start(args, KERNEL, initrd, folder, "readonly" if more else "",
                            ["-no-reboot", "-serial", f"unix:{folder / 'say'},server=on,wait=off",
                             "-virtfs", f"local,path={share},mount_tag=tag,security_model={model}{more}", *options])
            machine.wait_text("guest: mounted")
            if "mounted, which no saved machine" not in machine.hmp("checkpoint"):
                wrong.append("a machine with the folder mounted was saved")
            machine.say("go on")
            machine.wait_text("guest: free")
            if not machine.hmp("checkpoint").startswith("checkpoint 1"):
                wrong.append("a machine without the folder was not saved")
            machine.say("go on")
            machine.wait_end()
            log = machine.text().replace("\r", "")
            wrong.extend(line for line in log.splitlines() if "guest: FAIL" in line)
            if not more:
                wrong.extend(f"the guest does not see '{line}'" for line in SEEN if f"guest: {line}" not in log)
                found = re.search(r"guest: data (\w+)", log)
                if not found or hashlib.md5((share / "data").read_bytes()).hexdigest() != found[1]:
                    wrong.append("the data is another on the host")
                wrong.extend(on_host(share, model))

        failed, log = play(boot, Machine)
        return [*wrong, *failed], log


def main():
    args = taptest.parse(taptest.options(CASES), CASES)
    return taptest.run(args, CASES, ["busybox", KERNEL], run_case)


sys.exit(main())

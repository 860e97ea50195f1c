#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every QMP command has a row here with what its answer looks like, and is refused what its schema
does not have. A command without a row, or a row without a command, is a failure.

Usage: qmp-commands.py --qemu PROGRAM. Prints TAP.
"""
import argparse
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import taptest

# What an answer is made of: a type, [shape] a list of such (which may be empty), {key: shape} an object
# with at least these, (shape, ...) one of several; Error(class) a refusal.
ANY, EMPTY = object(), {}


class Error:
    def __init__(self, kind="GenericError"):
        self.kind = kind


def fits(value, shape):
    if shape is ANY:
        return True
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], inner)
                                               for key, inner in shape.items())
    if shape is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, shape)


TYPE = {"name": str, "parent": str}
PROPERTY = {"name": str, "type": str}
PLACE = {"socket-id": int, "core-id": int, "thread-id": int}
TEXT = {"human-readable-text": str}
HASHES = {"instructions": int, "cpus": str, "devices": str, "ram": str}

# Command: arguments and the shape of the answer; several tries of one command in order.
ROWS = {
    "chardev-add": [({"id": "n", "backend": {"type": "null", "data": {}}}, EMPTY),
                    ({"id": "n", "backend": {"type": "null", "data": {}}}, Error()),
                    ({"id": "p", "backend": {"type": "pty", "data": {}}}, {"pty": str}),
                    ({"id": "u", "backend": {"type": "socket", "data": {"addr": {
                        "type": "unix", "data": {"path": "{dir}/u"}}}}}, EMPTY),
                    ({"id": "f", "backend": {"type": "file", "data": {"out": "{dir}/f"}}}, EMPTY),
                    ({"id": "x", "backend": {"type": "nul", "data": {}}}, Error()),
                    ({"id": "x", "backend": {"data": {}}}, Error())],
    "chardev-send-break": [({"id": "ring"}, EMPTY), ({"id": "none"}, Error("DeviceNotFound"))],
    "chardev-remove": [({"id": "n"}, EMPTY), ({"id": "n"}, Error("DeviceNotFound")),
                       ({"id": "taken"}, Error())],
    "cont": [({}, EMPTY)],
    "device-list-properties": [({"typename": "edu"}, [PROPERTY]),
                               ({"typename": "eduu"}, Error("DeviceNotFound"))],
    "device_add": [({"driver": "edu", "id": "late"}, Error()), ({"driver": "eduu"}, Error())],
    "device_del": [({"id": "late"}, Error("DeviceNotFound"))],
    "dump-guest-memory": [({"paging": False, "protocol": "file:{dir}/core"}, EMPTY)],
    "human-monitor-command": [({"command-line": "info status"}, str),
                              ({"command-line": "info cpus", "cpu-index": 9}, Error())],
    "input-send-event": [({"events": [{"type": "key", "data": {
                             "down": True, "key": {"type": "qcode", "data": "a"}}}]}, EMPTY),
                         ({"events": [{"type": 5, "data": {"axis": 1}}]}, Error())],
    "inject-nmi": [({}, EMPTY)],
    "watchdog-set-action": [({"action": "pause"}, EMPTY), ({"action": "bark"}, Error())],
    "job-dismiss": [({"id": "none"}, Error())],
    "memsave": [({"val": 0, "size": 8192, "filename": "{dir}/mem"}, EMPTY),
                ({"val": 0, "size": 16, "filename": "{dir}/no/mem"}, Error()),
                ({"val": 0, "size": 16, "filename": "{dir}/mem", "cpu-index": 7}, Error())],
    "migrate": [({"uri": "file:{dir}/saved"}, EMPTY), ({"uri": "carrier:pigeon"}, Error())],
    "migrate_cancel": [({}, EMPTY)],
    "migrate-incoming": [({"uri": "file:{dir}/saved"}, Error())],
    "migrate-set-capabilities": [({"capabilities": [{"capability": "events", "state": True}]}, EMPTY)],
    "netdev_add": [({"type": "user", "id": "n1"}, EMPTY), ({"type": "usr", "id": "n2"}, Error())],
    "netdev_del": [({"id": "n1"}, EMPTY), ({"id": "n1"}, Error("DeviceNotFound"))],
    "pmemsave": [({"val": 0xF0000, "size": 65536, "filename": "{dir}/bios"}, EMPTY),
                 ({"val": 0, "size": 1 << 40, "filename": "{dir}/bios"}, Error())],
    "qmp_capabilities": [({}, Error("CommandNotFound"))],
    "qom-get": [({"path": "/machine", "property": "type"}, str),
                ({"path": "/machine/peripheral/e", "property": "no"}, Error())],
    "qom-list": [({"path": "/machine"}, [PROPERTY]), ({"path": "/no"}, Error("DeviceNotFound"))],
    "qom-list-properties": [({"typename": "edu"}, [PROPERTY]),
                            ({"typename": "pc-q35-8.2-machine"}, [PROPERTY]),
                            ({"typename": "no"}, Error("DeviceNotFound"))],
    "qom-list-types": [({"implements": "device", "abstract": True}, [TYPE])],
    "query-acpi-ospm-status": [({}, [ANY])],
    "query-block": [({}, [{"device": str, "type": str, "inserted": {"file": str, "drv": str, "ro": bool}}])],
    "query-block-exports": [({}, [ANY])],
    "query-block-jobs": [({}, [ANY])],
    "query-chardev": [({}, [{"label": str, "filename": str, "frontend-open": bool}])],
    "query-chardev-backends": [({}, [{"name": str}])],
    "query-command-line-options": [({}, [{"option": str, "parameters": list}]),
                                   ({"option": "device"}, [{"option": str}])],
    "query-commands": [({}, [{"name": str}])],
    "query-cpu-definitions": [({}, [{"name": str, "typename": str, "static": bool}])],
    "query-cpu-model-expansion": [
        ({"type": "full", "model": {"name": "Haswell"}}, {"model": {"name": str, "props": {"x2apic": bool}}}),
        ({"type": "static", "model": {"name": "qemu64", "props": {"x2apic": True}}}, {"model": {"props": dict}}),
        ({"type": "half", "model": {"name": "max"}}, Error()),
        ({"type": "full", "model": {"name": "Hasswell"}}, Error()),
        ({"type": "full", "model": {}}, Error())],
    "query-cpus-fast": [({}, [{"cpu-index": int, "qom-path": str, "target": str, "props": PLACE}])],
    "query-current-machine": [({}, {"wakeup-suspend-support": bool})],
    "query-display-options": [({}, {"type": str})],
    "query-hotpluggable-cpus": [({}, [{"type": str, "vcpus-count": int, "props": PLACE}])],
    "query-jobs": [({}, [{"id": str, "type": str, "status": str, "current-progress": int,
                          "total-progress": int}])],
    "query-kvm": [({}, {"enabled": bool, "present": bool})],
    "query-machines": [({}, [{"name": str, "cpu-max": int, "hotpluggable-cpus": bool}])],
    "query-fdsets": [({}, [ANY])],
    "query-iothreads": [({}, [ANY])],
    "query-memdev": [({}, [{"id": str, "size": int, "share": bool, "policy": str}])],
    "query-memory-devices": [({}, [ANY])],
    "query-memory-size-summary": [({}, {"base-memory": int})],
    "query-migrate": [({}, dict)],
    "query-migrate-capabilities": [({}, [{"capability": str, "state": bool}])],
    "change-vnc-password": [({"password": "x"}, Error())],
    "expire_password": [({"protocol": "vnc", "time": "now"}, Error()),
                        ({"protocol": "spice", "time": "now"}, Error())],
    "query-vnc": [({}, {"enabled": bool})],
    "query-vnc-servers": [({}, [{"id": str, "server": [ANY], "clients": [ANY], "auth": str}])],
    "set_password": [({"protocol": "vnc", "password": "x"}, Error())],
    "query-mice": [({}, [{"name": str, "index": int, "current": bool, "absolute": bool}])],
    "query-name": [({}, {"name": str})],
    "query-named-block-nodes": [({}, [{"node-name": str, "drv": str, "ro": bool,
                                       "image": {"filename": str, "virtual-size": int}}])],
    "query-pci": [({}, [{"bus": int, "devices": [{"slot": int, "id": {"vendor": int, "device": int}}]}])],
    "query-pr-managers": [({}, [ANY])],
    "query-qmp-schema": [({}, [{"name": str, "meta-type": str}])],
    "query-rocker": [({"name": "r"}, Error())],
    "query-sev": [({}, {"enabled": bool})],
    "query-sev-capabilities": [({}, Error())],
    "query-sev-launch-measure": [({}, Error())],
    "query-sgx": [({}, Error())],
    "query-sgx-capabilities": [({}, Error())],
    "query-spice": [({}, {"enabled": bool})],
    "query-stats": [({"target": "vm"}, [ANY]), ({"target": "vm", "*": 1}, [ANY])],
    "query-stats-schemas": [({}, [ANY])],
    "query-status": [({}, {"running": bool, "status": str})],
    "query-target": [({}, {"arch": str})],
    "query-tpm": [({}, [ANY])],
    "query-tpm-models": [({}, [ANY])],
    "query-tpm-types": [({}, [ANY])],
    "query-uuid": [({}, {"UUID": str})],
    "query-version": [({}, {"qemu": {"major": int, "minor": int, "micro": int}, "package": str})],
    "query-yank": [({}, [ANY])],
    "ringbuf-read": [({"device": "ring", "size": 10}, str), ({"device": "no", "size": 1}, Error())],
    "ringbuf-write": [({"device": "ring", "data": "YWJj", "format": "base64"}, EMPTY),
                      ({"device": "taken", "data": "a"}, Error()),
                      ({"device": "ring", "data": "a", "format": "hex"}, Error())],
    "rtc-reset-reinjection": [({}, EMPTY)],
    "screendump": [({"filename": "{dir}/screen.png", "format": "png"}, EMPTY),
                   ({"filename": "{dir}/no/screen.ppm"}, Error()),
                   ({"filename": "{dir}/screen", "format": "gif"}, Error())],
    "send-key": [({"keys": [{"type": "qcode", "data": "ctrl"}, {"type": "qcode", "data": "c"}]}, EMPTY),
                 ({"keys": [{"type": "qcode", "data": "anykey"}]}, Error()),
                 ({"keys": [{"type": 5}]}, Error()), ({"keys": [{"type": "qcode", "data": {}}]}, Error())],
    "set_link": [({"name": "n0", "up": False}, EMPTY), ({"name": "no", "up": True}, Error("DeviceNotFound"))],
    "snapshot-delete": [({"job-id": "d", "tag": "s", "devices": []}, EMPTY)],
    "snapshot-load": [({"job-id": "l", "tag": "no", "vmstate": "virtio0", "devices": ["virtio0"]}, EMPTY)],
    "snapshot-save": [({"job-id": "s", "tag": "s", "vmstate": "virtio0", "devices": ["virtio0"]}, EMPTY),
                      ({"job-id": "s", "tag": "s", "vmstate": "virtio0", "devices": [1]}, Error()),
                      ({"job-id": "9", "tag": "s", "vmstate": "virtio0", "devices": []}, Error())],
    "stop": [({}, EMPTY)],
    "system_powerdown": [({}, EMPTY)],
    "system_reset": [({}, EMPTY)],
    "system_wakeup": [({}, Error())],
    "trace-event-get-state": [({"name": "vtd"}, [{"name": str, "state": str}])],
    "trace-event-set-state": [({"name": "vtd", "enable": True}, EMPTY),
                              ({"name": "vtdd", "enable": True}, Error())],
    "x-checkpoint": [({}, dict)],
    "x-query-checkpoints": [({}, {"checkpoints": [{"id": int, "instructions": int}], "bytes": int})],
    "x-restore": [({}, EMPTY)],
    "x-journal": [({}, dict)],
    "x-query-clock": [({}, {"machine-ns": int})],
    "x-query-device-state": [({"path": "ioapic"}, {"id": str, "state": dict}),
                             ({"path": "no"}, Error("DeviceNotFound"))],
    "x-query-hyperv": [({}, [ANY])],
    "x-query-interrupts": [({}, dict)],
    "x-query-iommu": [({}, [dict])],
    "x-query-irte": [({"index": 0}, (list, dict))],
    "x-query-journal": [({}, dict)],
    "x-query-lint": [({}, (list, dict))],
    "x-query-msi": [({}, [dict])],
    "x-query-pid": [({"address": 4096}, [{"unit": str, "valid": bool}])],
    "x-state-hash": [({}, HASHES)],
    "x-why": [({"filter": "vector=32"}, ANY)],
    "add-fd": [({}, Error())],
    "block-job-cancel": [({"device": "virtio0"}, Error())],
    "block-job-complete": [({"device": "virtio0"}, Error())],
    "block-job-pause": [({"device": "virtio0"}, Error())],
    "block-job-resume": [({"device": "virtio0"}, Error())],
    "block-job-set-speed": [({"device": "virtio0", "speed": 1}, Error())],
    "closefd": [({"fdname": "f"}, Error())],
    "getfd": [({"fdname": "f"}, Error())],
    "query-colo-status": [({}, {"mode": str, "last-mode": str, "reason": str})],
    "query-dirty-rate": [({}, {"status": str, "start-time": int, "mode": str})],
    "query-dump": [({}, {"status": str, "completed": int, "total": int})],
    "query-dump-guest-memory-capability": [({}, {"formats": [str]})],
    "query-migrate-parameters": [({}, {"max-bandwidth": int})],
    "query-vcpu-dirty-limit": [({}, Error())],
    "remove-fd": [({"fdset-id": 3}, Error())],
    "x-query-interrupt-controllers": [({}, TEXT)],
    "x-query-irq": [({}, TEXT)],
    "x-query-jit": [({}, TEXT)],
    "x-query-numa": [({}, TEXT)],
    "x-query-ramblock": [({}, TEXT)],
    "x-query-roms": [({}, TEXT)],
    "x-query-usb": [({}, TEXT)],
    "quit": [({}, EMPTY)],
}


class Qmp:
    def __init__(self, qemu, folder):
        path = f"{folder}/qmp"
        subprocess.run(["truncate", "-s", "1M", f"{folder}/disk"], check=True)
        self.folder = folder
        self.program = subprocess.Popen(
            [qemu, "-machine", "q35", "-accel", "tcg", "-display", "none", "-S", "-nodefaults", "-no-shutdown",
             "-name", "shapes", "-smp", "2", "-m", "64", "-device", "intel-iommu,intremap=on",
             "-device", "edu,id=e", "-chardev", "ringbuf,id=ring", "-chardev", "null,id=taken",
             "-serial", "chardev:taken", "-vga", "std", "-netdev", "user,id=n0", "-device", "e1000e,netdev=n0",
             "-drive", f"file={folder}/disk,format=raw,if=virtio,snapshot=on",
             "-qmp", f"unix:{path},server=on,wait=off"], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                assert self.program.poll() is None, self.program.stderr.read()
                time.sleep(0.02)
        self.file = self.socket.makefile("rw")
        assert "QMP" in json.loads(self.file.readline())
        self.run("qmp_capabilities")

    def run(self, command, arguments=None):
        """The answer: {"return": ...} or {"error": ...}; events are passed over."""
        text = json.dumps({"execute": command, "arguments": arguments or {}})
        self.file.write(text.replace("{dir}", self.folder) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                return answer

    def end(self):
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        self.program.stderr.close()


def wrong_answer(answer, shape):
    """What is wrong with an answer, or None."""
    wanted = shape if isinstance(shape, tuple) else (shape,)
    if "error" in answer:
        kinds = [one.kind for one in wanted if isinstance(one, Error)]
        if answer["error"]["class"] in kinds and answer["error"]["desc"]:
            return None
    else:
        shapes = tuple(one for one in wanted if not isinstance(one, Error))
        if shapes and fits(answer["return"], shapes):
            return None
    return json.dumps(answer)[:200]


def all_rows(qmp, commands):
    for command in sorted(commands, key=lambda name: (name == "quit", name)):
        for arguments, shape in ROWS.get(command, ()):
            if why := wrong_answer(qmp.run(command, arguments), shape):
                yield f"{command} {json.dumps(arguments)}: {why}"


def schema_holds(qmp, commands):
    """What is accepted is what query-qmp-schema says: no other member, none left out, no other type."""
    schema = {entry["name"]: entry for entry in qmp.run("query-qmp-schema")["return"]}
    listed = {name for name, entry in schema.items() if entry["meta-type"] == "command"}
    if listed != commands:
        yield f"commands in the schema alone or not in it: {sorted(listed ^ commands)}"
    for command in sorted(commands - {"qmp_capabilities"}):
        members = schema[schema[command]["arg-type"]]["members"]
        needed = [member for member in members if "default" not in member]
        for member in members:
            wrong = 1 if member["type"] != "int" else "one"
            others = {one["name"]: one for one in needed}
            answer = qmp.run(command, {**{name: wrong for name in others}, member["name"]: wrong})
            if "error" not in answer:
                yield f"{command} takes {member['name']}={wrong!r}"
        if needed and "missing" not in qmp.run(command).get("error", {}).get("desc", ""):
            yield f"{command} without {needed[0]['name']}: not refused as missing"


def wrong_with(qemu, check):
    """Lines on what a check found in a new machine."""
    with tempfile.TemporaryDirectory() as folder:
        qmp = Qmp(qemu, folder)
        try:
            return list(check(qmp, {row["name"] for row in qmp.run("query-commands")["return"]}))
        finally:
            qmp.end()


def row_for_each(qmp, commands):
    for name in sorted(commands ^ set(ROWS)):
        yield f"{name}: " + ("has no row" if name in commands else "is no command")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", required=True)
    qemu = parser.parse_args().qemu
    cases = {"a row for each command": row_for_each, "shapes of answers": all_rows,
             "the schema": schema_holds}
    failed = 0
    print(f"1..{len(cases)}")
    for number, (name, check) in enumerate(cases.items(), 1):
        failed |= taptest.report(number, name, wrong_with(qemu, check))
    return failed


sys.exit(main())

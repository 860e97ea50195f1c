#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test covers which part of AMD's unit: writes docs/amd-coverage.md from ROWS.

  amd-coverage.py           writes the page
  amd-coverage.py --check   fails if the page is not as it would be written, if a part of the unit's tables is in
                            no row (registers, bits of Control, commands, events, fields of both kinds of entries),
                            if a row names a part or a test that is not there, or if a case of the unit's qtests
                            is in no row

The parts are what hw/i386/iommu/amd/ names. Tests are cases of qtests and unit tests by their paths.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/amd-coverage.md"
UNIT = ROOT / "hw/i386/iommu/amd"
MODEL = "amdvi-model"  # a unit test without cases

# Title, section of the specification, where the parts are named, and the tests by part.
SECTIONS = [
    ("Registers", "3.4", ("regs.c", r'\{"(\w+)", AMDVI_'), {
        "DevTabBase": "/amd-iommu/device-table /amd-queue/own-registers",
        "CmdBufBase": "/amd-queue/unreadable /amd-queue/ring /amd-queue/off",
        "EventLogBase": "/amd-queue/overflow /amd-queue/own-registers",
        "Control": "/amd-iommu/features /amd-queue/off /amd-queue/reset",
        "ExclBase": "/amd-dma/exclusion /amd-ats/excluded",
        "ExclLimit": "/amd-dma/exclusion /amd-ats/excluded",
        "ExtFeature": "/amd-iommu/features /amd-iommu/function /amd-vapic/without",
        "PprLogBase": "/amd-ppr/logged /amd-ppr/refused",
        "GaLogBase": "/amd-vapic/log /amd-vapic/without",
        "GaLogTailAt": "/amd-vapic/log",
        "XtGeneral": "/amd-queue/xt-interrupt",
        "XtPpr": "/amd-ppr/interrupt",
        "XtGa": "/amd-vapic/overflow",
        "ExtFeature2": "/amd-iommu/index-bits",
        "CmdBufHead": "/amd-queue/illegal /amd-ats/right /amd-ats/many",
        "CmdBufTail": "/amd-queue/unreadable /amd-queue/ring",
        "EventLogHead": "/amd-queue/overflow",
        "EventLogTail": "/amd-queue/overflow",
        "Status": "/amd-queue/event-msi /amd-queue/overflow /amd-vapic/overflow /amd-ppr/overflow",
        "PprLogHead": "/amd-ppr/overflow",
        "PprLogTail": "/amd-ppr/logged /amd-ppr/overflow",
        "GaLogHead": "/amd-vapic/overflow",
        "GaLogTail": "/amd-vapic/log /amd-vapic/irr",
    }),
    ("Bits of Control", "3.4.3", ("regs.h", r"#define AMDVI_CTL_(\w+) "), {
        "IOMMU_EN": "/amd-iommu/deliver /amd-queue/off /amd-dma/off",
        "EVENT_LOG_EN": "/amd-queue/overflow",
        "EVENT_INT_EN": "/amd-queue/event-msi",
        "COMWAIT_INTEN": "/amd-queue/wait-interrupt",
        "CMDBUF_EN": "/amd-queue/illegal /amd-queue/off /amd-ats/many",
        "PPRLOG_EN": "/amd-ppr/refused /amd-ppr/overflow",
        "PPRINT_EN": "/amd-ppr/interrupt",
        "PPR_EN": "/amd-ppr/refused",
        "GA_EN": f"/amd-iommu/fields /amd-iommu/refusals {MODEL}",
        "GALOG_EN": "/amd-vapic/overflow",
        "GALOG_INTEN": "/amd-vapic/overflow",
        "XT_EN": f"/amd-iommu/fields {MODEL}",
        "INTCAPXT_EN": "/amd-queue/xt-interrupt /amd-vapic/overflow",
        "IRT_CACHE_DIS": "/amd-iommu/caches",
        "INV_TIMEOUT": "/amd-ats/timeouts",
        "HINTS": "nothing follows them",
        "GAM": "/amd-vapic/refused /amd-vapic/without",
        "NUM_INT": "/amd-iommu/index-bits",
    }),
    ("Commands", "2.4", ("cmd.h", r"AMDVI_CMD_(\w+) = "), {
        "COMPLETION_WAIT": "/amd-queue/wait-interrupt /amd-queue/own-registers /amd-queue/ring /amd-ats/right",
        "INVALIDATE_DEVTAB_ENTRY": "/amd-iommu/caches /amd-iommu/checkpoint",
        "INVALIDATE_IOMMU_PAGES": "/amd-dma/cache /amd-dma/checkpoint",
        "INVALIDATE_IOTLB_PAGES": "/amd-ats/right /amd-ats/ranges /amd-ats/without",
        "INVALIDATE_INTERRUPT_TABLE": "/amd-iommu/caches /amd-iommu/checkpoint",
        "COMPLETE_PPR_REQUEST": "/amd-ppr/logged /amd-ppr/failure /amd-ppr/refused",
        "INVALIDATE_IOMMU_ALL": "/amd-iommu/caches /amd-iommu/features",
    }),
    ("Events", "2.5", ("event.h", r"AMDVI_EV_(\w+) = [1-9],"), {
        "ILLEGAL_DEV_TABLE_ENTRY": "/amd-iommu/refusals /amd-iommu/device-table /amd-dma/reserved /amd-ats/denied",
        "IO_PAGE_FAULT": "/amd-iommu/refusals /amd-iommu/quiet-entry /amd-dma/modes /amd-dma/permissions "
                         "/amd-dma/levels /amd-dma/crossing /amd-dma/quiet /amd-vapic/refused",
        "DEV_TAB_HARDWARE_ERROR": "/amd-iommu/device-table",
        "PAGE_TAB_HARDWARE_ERROR": "/amd-iommu/refusals /amd-dma/left-out /amd-vapic/refused",
        "ILLEGAL_COMMAND_ERROR": "/amd-queue/illegal",
        "COMMAND_HARDWARE_ERROR": "/amd-queue/unreadable",
        "IOTLB_INV_TIMEOUT": "/amd-ats/timeouts /amd-ats/many",
        "INVALID_DEVICE_REQUEST": "/amd-iommu/control /amd-iommu/pass-bits /amd-iommu/window /amd-ats/translated "
                                  "/amd-queue/latency",
        "INVALID_PPR_REQUEST": "/amd-ppr/refused",
    }),
    ("Fields of device table entries", "2.2.2.1", ("dte.c", r"#define DTE_(\w+) +\d"), {
        "V": "/amd-dma/modes /amd-ppr/refused", "TV": "/amd-dma/modes", "MODE": "/amd-dma/modes /amd-dma/levels",
        "RESERVED0": "/amd-dma/reserved", "RESERVED1": "/amd-dma/reserved", "HAD": "/amd-dma/reserved",
        "GV": "/amd-dma/reserved", "TABLE": "/amd-dma/levels /amd-dma/sizes", "PPR": "/amd-ppr/refused",
        "IR": "/amd-dma/modes", "IW": "/amd-dma/modes", "DOMAIN": "/amd-dma/cache",
        "I": "/amd-ats/denied", "SE": "/amd-dma/quiet", "SA": "/amd-dma/quiet", "EX": "/amd-dma/exclusion",
        "SYSMGT": f"/amd-iommu/pass-bits {MODEL}", "IV": f"/amd-iommu/control {MODEL}", "INTTABLEN": f"/amd-iommu/refusals {MODEL}",
        "IG": "/amd-iommu/quiet-entry", "INTTABLE": f"/amd-iommu/requesters {MODEL}",
        "RESERVED2": MODEL, "INIT_PASS": f"/amd-iommu/pass-bits {MODEL}",
        "EINT_PASS": f"/amd-iommu/pass-bits {MODEL}", "NMI_PASS": f"/amd-iommu/pass-bits {MODEL}",
        "INTCTL": f"/amd-iommu/control {MODEL}",
        "LINT0_PASS": "no message tells of LINT0", "LINT1_PASS": "no message tells of LINT1",
    }),
    ("Fields of interrupt table entries", "2.2.5.2", ("irte.c", r"#define IRTE_(\w+) +\d"), {
        "REMAP_EN": f"/amd-iommu/refusals {MODEL}", "SUP_IOPF": f"/amd-iommu/quiet-entry {MODEL}",
        "INT_TYPE": f"/amd-iommu/fields {MODEL}", "RQ_EOI": MODEL,
        "DM": f"/amd-iommu/fields {MODEL}", "GUEST_MODE": "/amd-vapic/irr /amd-vapic/refused",
        "DEST8": f"/amd-iommu/fields {MODEL}", "VECTOR32": f"/amd-iommu/fields {MODEL}",
        "RESERVED32": MODEL, "DEST24": MODEL, "RESERVED_WITHXT": MODEL, "RESERVED_NOXT": MODEL,
        "VECTOR": f"/amd-iommu/fields {MODEL}", "RESERVED1": MODEL, "RESERVED2": MODEL,
        "DEST_HIGH": f"/amd-iommu/fields {MODEL}", "GALOG_INTR": "/amd-vapic/log",
        "GUEST_RESERVED": "/amd-vapic/refused", "IS_RUN": "/amd-vapic/irr", "GATAG": "/amd-vapic/log",
        "PAGE": "/amd-vapic/irr",
    }),
]
# Cases that are of no one part: what devices do, and what firmware tells, is in topology-coverage.md.
ELSEWHERE = {"/amd-ats/answers"}


def are_tests(text):
    return text.startswith("/") or text == MODEL


def page():
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
             "# Which test covers which part of AMD's unit", "",
             "Written by `tests/qtest/amd-coverage.py`, which the tests hold to what there is: every part that the unit's tables name",
             "is in a row, and every case of its qtests. Sections are those of AMD's I/O Virtualization Technology specification;",
             "`" + MODEL + "` compares 100,000 cases with an independent model. What firmware tells, and devices with",
             "translations of their own, are in [topology-coverage.md](topology-coverage.md)."]
    for title, section, _, rows in SECTIONS:
        lines += ["", f"## {title} ({section})", "", "| part | tests |", "|---|---|"]
        for part, tests in rows.items():
            told = ", ".join(f"`{test}`" for test in tests.split()) if are_tests(tests) else tests
            lines.append(f"| {part} | {told} |")
    return "\n".join(lines) + "\n"


def complaints():
    wrong, named = [], set()
    texts = [path.read_text() for pattern in ("tests/qtest/amd-*-test.c", "tests/unit/test-amdvi*.c")
             for path in sorted(ROOT.glob(pattern))]
    there = {MODEL} | set(re.findall(r'"(/amd(?:vi)?-[a-z0-9-]+/[a-z0-9_-]+)"', "\n".join(texts)))
    for title, _, (name, pattern), rows in SECTIONS:
        parts = set(re.findall(pattern, (UNIT / name).read_text()))
        wrong += [f"{title}: no row has {part}" for part in sorted(parts - set(rows))]
        wrong += [f"{title}: {part} is not in {name}" for part in sorted(set(rows) - parts)]
        named |= {test for tests in rows.values() if are_tests(tests) for test in tests.split()}
    wrong += [f"there is no test '{test}'" for test in sorted(named - there)]
    wrong += [f"no row has {case}" for case in sorted(there - named - ELSEWHERE - {MODEL})
              if not case.startswith(("/amd-ivrs/", "/amd-units/"))]
    if not PAGE.exists() or PAGE.read_text() != page():
        wrong.append(f"{PAGE.relative_to(ROOT)} is not what its rows say: write it anew")
    return wrong


if "--check" in sys.argv:
    found = complaints()
    print("\n".join(f"amd-coverage: {text}" for text in found), end="\n" if found else "")
    sys.exit(bool(found))
PAGE.write_text(page())

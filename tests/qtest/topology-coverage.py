#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test covers which emitter, topology and refusal: writes docs/topology-coverage.md from ROWS.

  topology-coverage.py           writes the page
  topology-coverage.py --check   fails if the page is not as it would be written, if a row names a test
                                 that is not there, or if a case of the tests in FILES is in no row

A row: what, by which text, and its tests: cases of qtests and unit tests by their paths, and cases of the
tests that boot kernels by their names.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/topology-coverage.md"
# All of whose cases have to be in a row.
FILES = ["amd-ats", "amd-ivrs", "amd-ppr", "amd-units", "bridges", "cpu-hotplug", "dsa-intr", "e1000-intr", "expander", "hotplug",
         "hpets", "igb", "ims", "intr-testdev", "ioapic-habits", "ioapics", "nvme",
         "nvme-intr", "sriov", "units", "uv-hub", "vmd", "vtd-ats"]
SECTIONS = [
    ("Emitters", [
        ("IOAPICs beside the board's: pages, pins 24 to 240, GSIs, ids", "82093AA 3.0, ACPI 5.2.12.3",
         "/ioapics/registers /ioapics/index /ioapics/pin /ioapics/own-id /ioapics/most cloud-ioapics"),
        ("each IOAPIC through the unit, by its own source id", "VT-d 8.3.1",
         "/ioapics/remapped /ioapics/tables"),
        ("EOI broadcast to several IOAPICs", "SDM 11.8.5", "/ioapics/broadcast"),
        ("an EOI that takes time", "82093AA 3.2.4",
         "/ioapic-habits/eoi-delay /ioapic-habits/eoi-order /ioapic-habits/eoi-reset "
         "cloud-ioapic-eoi-delay"),
        ("an entry rewritten with remote IRR set never fires again", "82093AA 3.2.4",
         "/ioapic-habits/stuck /ioapic-habits/stuck-waiting /ioapic-habits/not-stuck"),
        ("a level that is masked in flight goes out as an edge", "82093AA erratum",
         "/ioapic-habits/level-as-edge cloud-ioapic-level-as-edge"),
        ("no EOI register", "ICH9 13.5.5", "/ioapic-habits/eoi-register cloud-ioapic-no-eoi-register"),
        ("HPET blocks beside the board's: FSB messages of each comparator through the unit",
         "HPET 2.3.9", "/hpets/remapped /hpets/no-messages /hpets/legacy cloud-hpet-clockevents"),
        ("comparators routed to pins of another IOAPIC", "HPET 2.3.8", "/ioapics/hpet-route"),
        ("periodic comparators, counters and comparators of 32 bits", "HPET 2.3.4, 2.3.8",
         "/hpets/periodic /hpets/count-size /hpets/timer-size"),
        ("MSI of 1 to 32 vectors, 32 and 64 bits, with and without masks", "PCI 3.0 6.8.1",
         "/intr-testdev/msi /intr-testdev/msi-moved /intr-testdev/without"),
        ("MSI-X to 2048 vectors, function mask, PBA in either BAR, accesses of 1 to 8 bytes",
         "PCI 3.0 6.8.2", "/intr-testdev/msix /intr-testdev/widths"),
        ("a vector's address and data rewritten while it fires", "PCI 3.0 6.8.3",
         "/intr-testdev/msix-moved /intr-testdev/msi-moved /intr-testdev/delay"),
        ("INTx on shared pins, INTx disable", "PCI 3.0 2.2.6", "/intr-testdev/shared-pin /bridges/pins"),
        ("interrupt message storage in a BAR", "Scalable IOV 1.1",
         "/ims/bar /ims/widths /ims/moved /ims/freed /ims/both"),
        ("interrupt message storage in memory, read through the unit", "Scalable IOV 1.1",
         "/ims/memory /ims/unmapped"),
        ("stored messages that the unit refuses", "VT-d 5.1.4", "/ims/blocked"),
        ("an accelerator's completions by MSI-X and by a message store, through the unit, too", "DSA 1.0",
         "/dsa-intr/store /dsa-intr/no-store /dsa-intr/batch /dsa-intr/failed /dsa-intr/remapped remapped dmatest"),
        ("interrupt handles: requested, released, revoked, none; rules for PASIDs", "DSA 1.0 MSIXPERM",
         "/dsa-intr/handles /dsa-intr/no-handles /dsa-intr/revoked /dsa-intr/msixperm revoked no-handles"),
        ("translation requests: pages of each size, absent ones, refused ones, nobody who answers",
         "VT-d 3.4.2, 4.1", "/vtd/ats/answers /vtd/ats/denied /vtd/ats/without"),
        ("translated DMA, honoured and refused; by what the device keeps", "VT-d 3.4.2, 4.1",
         "/vtd/ats/translated /vtd/ats/kept"),
        ("device-TLB invalidations completed in time, late (ITE, then ICE), never (ITE)",
         "VT-d 6.5.2.5, 6.5.2.10", "/vtd/ats/invalidated /vtd/ats/ranges /vtd/ats/never "
         "/vtd/ats/late /vtd/ats/disabled /vtd/ats/other-unit"),
        ("AMD's unit: translation requests, translated DMA", "IOMMU 2.1.3, 2.5.9",
         "/amd-ats/answers /amd-ats/excluded /amd-ats/denied /amd-ats/without /amd-ats/translated"),
        ("the same: INVALIDATE_IOTLB_PAGES completed in time, late, never; what waits behind it",
         "IOMMU 2.4.4, 2.5.8", "/amd-ats/right /amd-ats/ranges /amd-ats/timeouts /amd-ats/many"),
        ("the same: page requests, logged, answered, refused; the log's overflow and interrupt", "IOMMU 2.4.7, 2.6",
         "/amd-ppr/logged /amd-ppr/failure /amd-ppr/interrupt /amd-ppr/overflow /amd-ppr/refused"),
        ("NVMe: a vector a queue, through the unit; aggregation", "NVMe 1.4 7.5",
         "/nvme-intr/msix /nvme-intr/silent-queue /nvme-intr/coalescing cloud-288 generic-288"),
        ("NVMe by pin, with INTMS and INTMC", "NVMe 1.4 7.5.1", "/nvme-intr/pin cloud-pin"),
        ("NVMe registers, queues and commands", "NVMe 1.4 3 to 6",
         "/nvme/registers /nvme/enable-reset-shutdown /nvme/identify /nvme/queues /nvme/queue-ends /nvme/read-write "
         "/nvme/read-only /nvme/prp-lists /nvme/sgls /nvme/features /nvme/logs /nvme/async-events "
         "cloud-no-unit cloud-4k-blocks"),
        ("NVMe drivers' mistakes, and a controller that writes to itself", "NVMe 1.4 4.6.1",
         "/nvme/bad-io /nvme-intr/full-completion-queue /nvme-intr/own-registers /nvme-intr/own-reset "
         "/nvme-intr/no-bus-master /nvme-intr/random-commands"),
        ("e1000e: five vectors by IVAR, auto-clear and auto-mask, least intervals", "82574L 7.4",
         "/e1000-intr/msix /e1000-intr/auto-clear /e1000-intr/throttle /e1000-intr/frames e1000e "
         "e1000e-no-unit"),
        ("e1000e by MSI and by pin: what acknowledges causes", "82574L 7.4.5",
         "/e1000-intr/msi /e1000-intr/acknowledged e1000e-msi e1000e-pin"),
        ("e1000 by pin; delays after frames", "8254x 13.4.17, 13.4.30",
         "/e1000-intr/pin /e1000-intr/delays /e1000-intr/e1000e-delays e1000"),
        ("igb: ten vectors by IVAR; by pin", "82576 7.3", "/igb/vectors /igb/pin /igb/send /igb/receive igb igb-queues igb-pin"),
        ("a UV hub's registers: messages at once and by its clock, with no unit on their way", "Linux uv_mmrs.h",
         "/uv-hub/registers /uv-hub/at-once /uv-hub/clock /uv-hub/masked"),
        ("what users write wrong", "", "/nvme/mistakes /intr-testdev/refused /intr-testdev/example /ioapics/mistakes"),
    ]),
    ("Topologies", [
        ("bus numbers and windows, ours and the guest's", "PCI-to-PCI Bridge 1.2, 3.2.5",
         "/bridges/numbers /bridges/windows /bridges/renumber cloud-bridges-reassigned"),
        ("messages from behind one and three bridges", "PCI Express 5.0 2.2.6.2",
         "/bridges/messages /bridges/journal generic-bridges"),
        ("ids that a bridge puts in; entries for a range of buses", "PCI Express to PCI Bridge 1.0, 2.3",
         "/bridges/aliases /bridges/bus-range"),
        ("pins swizzled through two bridges", "PCI-to-PCI Bridge 1.2, 9.1",
         "/bridges/pins cloud-bridges-by-pin intx-storms"),
        ("a secondary bus's reset", "PCI-to-PCI Bridge 1.2, 3.2.5.18", "/bridges/secondary-reset"),
        ("further root buses: numbers, windows, ids, what ACPI and monitors tell, pins, slots",
         "PCI Firmware 3.2, 4.1.2",
         "/expander/numbers /expander/reassigned /expander/tables /expander/messages /expander/pins "
         "/expander/hotplug /expander/monitor /expander/mistakes"),
        ("a root bus under a unit of its own", "VT-d 8.3.1", "/expander/scopes two-root-buses"),
        ("a root bus under no unit", "VT-d 8.3.1", "/expander/bypass /amd-ivrs/bypass"),
        ("igb's virtual functions: mailbox, queues, DMA and vectors with their own id", "82576 7.10.2",
         "/igb/mailbox /igb/virtual-queues /igb/between-pools igb-vf"),
        ("virtual functions: the capability, which there are, BARs, reset", "PCI Express 5.0 9",
         "/sriov/capability /sriov/show-and-hide /sriov/bars /sriov/reset-of-one /sriov/unplug "
         "/sriov/mistakes"),
        ("virtual functions' ids: past 8 functions, on the next bus", "PCI Express 5.0 9.2.1.2",
         "/sriov/many-behind-a-port generic-sriov-port"),
        ("virtual functions' interrupts through the unit, by their own ids", "VT-d 5.1.4",
         "/sriov/interrupts /sriov/secondary-controllers generic-sriov"),
        ("a virtual function that sends compatibility format: blocked, 25h", "VT-d 5.1.2.1",
         "/sriov/compatibility-format generic-sriov-compat"),
        ("hot-plug slots: power, presence, link, what interrupts, asking for a device", "PCI Express 5.0 6.7",
         "/hotplug/at-power-on /hotplug/in-and-out /hotplug/interrupts /hotplug/behind /hotplug/not-off /hotplug/drive "
         "/hotplug/network-cards "
         "/hotplug/asking /hotplug/link-disable /hotplug/mistakes hotplug"),
        ("surprise removal, with DMA and interrupts in flight", "PCI Express 5.0 6.7.1.4",
         "/hotplug/surprise nvme-hotplug nvme-hotplug-long"),
        ("a VMD's domain: configuration space, bus numbers, windows, shadow registers, posted writes",
         "Linux vmd.c", "/vmd/registers /vmd/config /vmd/bus-start /vmd/windows /vmd/shadow /vmd/posted client "
         "passed-through"),
        ("messages from behind a VMD: remapped by its table, masked, refused; passed on; two VMDs",
         "Linux vmd.c", "/vmd/remap /vmd/remap-masked /vmd/remap-refused /vmd/written /vmd/bypass /vmd/two "
         "remap bypass two"),
        ("DMA from behind a VMD; slots there", "Linux vmd.c", "/vmd/dma /vmd/hotplug vmd-hotplug"),
        ("devices where they cannot be", "", "/bridges/mistakes /vmd/mistakes"),
        ("several units: each has its own requesters, tables and faults", "VT-d 8.3",
         "/units/apart /units/blocked /units/one-on /units/dma /units/ioapic /units/reset"),
        ("who is under which unit, under which id, and what becomes of it: random machines against a model",
         "VT-d 5.1, 8.3, PCI Express to PCI Bridge 1.0, 2.3", "/topology/random /topology/all-seen"),
        ("memory reserved for functions, in the table and the memory map", "VT-d 8.4",
         "/dmar/rmrr /dmar/rmrr-borders generic-dmar-parts"),
        ("root ports with ATS: those of units that answer, or all", "VT-d 8.5", "/dmar/atsr"),
        ("proximity, ACPI namespace devices, translation caches of the SoC", "VT-d 8.6 to 8.8",
         "/dmar/rhsa /dmar/andd /dmar/satc generic-dmar-parts"),
        ("what users write wrong of these", "", "/dmar/mistakes"),
        ("AMD's unit: functions told at once, in ranges, each; with the id that a bridge puts in", "IOMMU 5.2.2.2",
         "/amd-ivrs/right /amd-ivrs/functions /amd-ivrs/ranges /amd-ivrs/emitters generic-amd-functions"),
        ("the same: memory kept for one, for what is behind a bridge, for all", "IOMMU 5.2.3", "/amd-ivrs/memory"),
        ("several of AMD's units: tables, events, blocks of their own", "IOMMU 5.2.2",
         "/amd-units/apart /amd-units/events /amd-units/table two-amd-units"),
        ("units that differ: posting, EIM", "VT-d 11.4.2, 11.4.3",
         "/units/posting-in-one /units/eim-in-one"),
        ("units in monitors", "", "/units/monitors"),
        ("processors that come and go", "ACPI 8.4",
         "/cpu-hotplug/places /cpu-hotplug/plug-and-eject /cpu-hotplug/status /cpu-hotplug/reset "
         "/cpu-hotplug/mistakes /cpu-hotplug/command-line"),
        ("interrupts for a processor that is not there", "ACPI 8.4", "/cpu-hotplug/interrupts"),
    ]),
    ("What the remapping unit refuses", [
        ("pass-through with an AW that is not the unit's biggest (3h); above MGAW and HAW (4h)",
         "VT-d 9.3, 11.4.2, 7.1.3 LCT.4, LGN.1", "/vtd/dma/pass-through-width /vtd/dma/reasons"),
        ("entries of a table that reaches above HAW (21h), without memory (23h)", "VT-d 7.1.3 IR.2, IR.4",
         "/vtd/remap/table-above-haw /vtd/remap/table-access /vtd/model/100000"),
        ("SVT 11b, as what is reserved in an entry (24h), before its source (26h)",
         "VT-d 9.9, 7.1.3 IR.5", "/vtd/remap/reasons /vtd/model/100000"),
        ("reserved bits and permissions of page tables, in the order of the conditions",
         "VT-d 7.1.3 LSS, LGN", "/vtd/dma/order /vtd/dma/permissions"),
        ("256-bit descriptors without scalable mode (IQEI 5)", "VT-d 11.4.9.3", "/vtd/queue/wide"),
        ("FEDATA and IEDATA beyond 16 bits", "VT-d 11.4.7.3, 11.4.9.7", "/vtd/regs/widths"),
        ("commands before the last one's status: lost, or queued", "VT-d 11.4.4.1",
         "/vtd/regs/commands /vtd/regs/early-commands"),
        ("status writes to the unit's own registers and into the interrupt range", "VT-d 6.5.2.8",
         "/vtd/queue/status-elsewhere /vtd/own-registers"),
        ("more work in a register write than half a millisecond's", "",
         "/vtd/queue-cost /vtd/iotlb-ranges"),
    ]),
    ("Firmware's mistakes", [
        ("AMD's table: emitters, blocks, features, aliases, a function left out", "IOMMU 5.2.2",
         "/amd-ivrs/broken /amd-ivrs/functions /amd-ivrs/ranges"),
        ("IOAPICs in no scope: Linux leaves remapping off", "VT-d 8.3.1", "cloud-no-ioapic-scope"),
        ("HPETs in no scope", "VT-d 8.3.1", "no-hpet-scope"),
        ("a unit that covers nothing of the rest", "VT-d 8.3", "cloud-uncovered-device"),
        ("a unit told twice; at address 0; not there", "VT-d 8.3",
         "duplicate-base zero-base cloud-dead-unit"),
        ("an address width that cannot be", "VT-d 8.1", "wrong-haw"),
        ("endpoints told as bridges", "VT-d 8.3.1", "/dmar/broken cloud-scope-type"),
        ("virtual functions that are not under their physical function's unit", "VT-d 8.3.1",
         "generic-vf-uncovered"),
        ("reserved memory that is not reserved; backwards", "VT-d 8.4",
         "/dmar/broken cloud-rmrr-not-reserved cloud-rmrr-backwards"),
        ("a namespace device in no scope; without an end of its name", "VT-d 8.7",
         "/dmar/broken cloud-andd-without-scope cloud-andd-unterminated"),
    ]),
]


def read(pattern):
    return "\n".join(path.read_text() for path in sorted(ROOT.glob(pattern)))


def cases_of(text):
    return set(re.findall(r'"(/[a-z0-9-]+(?:/[a-z0-9_-]+)+)"', text))


def page():
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
             "# Which test covers which emitter, topology and refusal", "",
             "Written by `tests/qtest/topology-coverage.py`, which the tests hold to what there is. The unit's own registers,",
             "descriptors and reasons are in [vtd-coverage.md](vtd-coverage.md), the journal's states in [journal.md](journal.md)."]
    for title, rows in SECTIONS:
        lines += ["", f"## {title}", "", "| what | text | tests |", "|---|---|---|"]
        lines += [f"| {what} | {text} | {', '.join(f'`{test}`' for test in tests.split())} |"
                  for what, text, tests in rows]
    return "\n".join(lines) + "\n"


def complaints():
    named = {test for _, rows in SECTIONS for _, _, tests in rows for test in tests.split()}
    there = cases_of(read("tests/*/*-test.c") + read("tests/unit/test-*.c"))
    boots = read("tests/boot/*.py") + read("tests/boot/meson.build")
    wrong = [f"there is no test '{test}'" for test in sorted(named)
             if test not in there and f"'{test}'" not in boots and f'"{test}"' not in boots]
    for name in FILES:
        cases = cases_of((ROOT / f"tests/qtest/{name}-test.c").read_text())
        cases = {case for case in cases if case.startswith(f"/{name}/")}
        wrong += [f"no row has {case}" for case in sorted(cases - named)]
    if not PAGE.exists() or PAGE.read_text() != page():
        wrong.append(f"{PAGE.relative_to(ROOT)} is not what its rows say: write it anew")
    return wrong


if "--check" in sys.argv:
    found = complaints()
    print("\n".join(f"topology-coverage: {text}" for text in found), end="\n" if found else "")
    sys.exit(bool(found))
PAGE.write_text(page())

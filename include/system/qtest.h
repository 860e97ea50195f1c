/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The qtest server: QEMU's line protocol on a character device, driving a machine without CPUs.
 *
 * Ours beyond QEMU's: `apic CPU` shows a local APIC's state on one line
 * ("OK id=.. mode=.. irr=.. isr=.. tmr=.."), `apic_ack CPU` plays the CPU's acknowledge
 * ("OK 0x31", or "OK none"), `apic_eoi CPU`, `msr_read CPU MSR`, `msr_write CPU MSR VALUE`
 * ("FAIL #GP" where a CPU would fault).
 */
#ifndef SYSTEM_QTEST_H
#define SYSTEM_QTEST_H

#include "chardev/chardev.h"
#include "machine/machine.h"

typedef struct Qtest Qtest;
/* `log` is a path or NULL. The server lives until qtest_free(). */
Qtest *qtest_new(Machine *machine, Chardev *chr, const char *log, GError **error);
void qtest_free(Qtest *qtest);

#endif

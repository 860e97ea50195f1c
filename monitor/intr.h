/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What interrupts depend on, for HMP in words and for QMP as values; private to monitor/. */
#ifndef MONITOR_INTR_H
#define MONITOR_INTR_H

#include "base/facts.h"
#include "machine/machine.h"

#define INTR_NO_INDEX UINT32_MAX

/* Each is a list, which the caller has opened for values. */

/* Remapping entries, by unit: one, or with INTR_NO_INDEX all that are present or cached, of which
 * no more than `most` are shown. */
void intr_facts_entries(Machine *machine, uint32_t index, unsigned most, const Facts *f);
/* The units' registers. */
void intr_facts_units(Machine *machine, const Facts *f);
/* A posted-interrupt descriptor as each unit sees it. */
void intr_facts_descriptor(Machine *machine, uint64_t address, const Facts *f);
/* MSI and MSI-X of functions; `id` NULL: of all. False if there is none. */
bool intr_facts_messages(const Machine *machine, const char *id, const Facts *f);
/* How many of the journal's attempts are in which state, by emitter, number and vector. */
void intr_facts_attempts(const Journal *j, const Facts *f);

#endif

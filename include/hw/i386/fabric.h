/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system fabric: where bus masters arrive when no remapping unit stands in between. A write of
 * one aligned dword into the interrupt window goes to the APIC bus, everything else to memory.
 */
#ifndef HW_I386_FABRIC_H
#define HW_I386_FABRIC_H

#include "hw/core/upstream.h"
#include "hw/intc/apic_bus.h"

typedef struct {
    AddressSpace *memory;
    IntrSink apic; /* apic_bus_sink() */
    struct Journal *journal;
} Fabric;

/* `fabric` must outlive the result. */
Upstream fabric_upstream(Fabric *fabric);

#endif

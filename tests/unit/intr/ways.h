/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A way to each state of an attempt to interrupt, on the rig's real emitters, unit and APIC. */
#ifndef TESTS_UNIT_INTR_WAYS_H
#define TESTS_UNIT_INTR_WAYS_H

#include "intr/rig.h"

#define WAY_VECTOR 0x61u
#define WAY_TRACED INTR_RESULTS /* the emitter has nobody to tell: only the journal shows it */

typedef struct {
    IntrResult result;
    /* What the emitter was told, or WAY_TRACED. */
    IntrResult (*produce)(Rig *rig);
} Way;

extern const Way ways[INTR_RESULTS]; /* one each, in no order */

/* Steps of ways. */
IntrResult way_delivered(Rig *rig);
void way_pin_entry(Rig *rig, uint32_t low);
uint32_t way_msi_cap(Rig *rig);
/* Entry 1 of a table at WAY_IRT is (low, high), remapping on in extended mode; and a request for
 * it. */
#define WAY_IRT    0x200000ull
#define WAY_SOURCE 0x0020u
void way_remap(Rig *rig, uint64_t low, uint64_t high);
IntrResult way_send_index(Rig *rig, uint32_t index);
void way_msi_setup(Rig *rig, uint64_t address);

/* In ways_pic.c. */
IntrResult way_pic_requested(Rig *rig);
IntrResult way_pic_masked(Rig *rig);
IntrResult way_pic_held(Rig *rig);
IntrResult way_pic_spurious(Rig *rig);
IntrResult way_pic_set_up(Rig *rig);

/* In ways_dsa.c. */
IntrResult way_handle_unknown(Rig *rig);
IntrResult way_handle_revoked(Rig *rig);
IntrResult way_not_permitted(Rig *rig);

/* In ways_uv.c. */
IntrResult way_hub_masked(Rig *rig);

/* In ways_hyperv.c. */
IntrResult way_synic_off(Rig *rig);
IntrResult way_sint_masked(Rig *rig);
IntrResult way_sint_polled(Rig *rig);
IntrResult way_message_slot_full(Rig *rig);
IntrResult way_hv_not_mapped(Rig *rig);
IntrResult way_hv_other_device(Rig *rig);

#endif

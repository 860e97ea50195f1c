/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rig and its model side by side, and random steps that both take. */
#ifndef TESTS_UNIT_INTR_WORLD_H
#define TESTS_UNIT_INTR_WORLD_H

#include "intr/model.h"
#include "intr/rig.h"

#define WORLD_FIRST_PIN 4 /* of those that have a wire */
#define WORLD_PINS      4

typedef struct {
    Rig rig;
    Model model;
    uint64_t random;
    GString *steps; /* a line each */
    GArray *closed; /* of JournalRecord, as they were when they ended */
    IrqOut pins[WORLD_PINS], lint[RIG_APICS][2];
    uint32_t queue_tail, command; /* IQT; the level bits of GCMD */
    void (*before_unit_reset)(void *opaque);
    void *opaque;
} World;

void world_open(World *w, uint64_t seed);
void world_close(World *w);
/* A number below `n`. */
uint32_t world_draw(World *w, uint32_t n);
static inline bool world_flip(World *w)
{
    return world_draw(w, 2);
}
#define WORLD_PICK(w_, list_) ((list_)[world_draw(w_, G_N_ELEMENTS(list_))])
void world_say(World *w, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What emitters send: by weight well formed. */
uint8_t world_vector(World *w);
uint8_t world_mode(World *w);
uint32_t world_dest(World *w, bool wide);
unsigned world_index(World *w);
uint64_t world_address(World *w);
uint32_t world_data(World *w);
void world_time(World *w, int64_t ns);

/* One step of a kind; what is said of it is in `steps`. */
void step_apic(World *w);
void step_emitter(World *w);
void step_pic(World *w);
void step_unit(World *w);
/* A likely state to begin with. */
void world_set_up_apics(World *w);
void world_set_up_emitters(World *w);
void world_set_up_pic(World *w);
void world_set_up_unit(World *w);

#endif

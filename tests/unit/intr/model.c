/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intr/model.h"

void model_init(Model *m)
{
    *m = (Model){.pause_ends = INT64_MAX, .msi_granted = 1};
    m->records = g_array_new(false, false, sizeof(ModelRecord));
    m->wrong = g_string_new(NULL);
    for (unsigned i = 0; i < MODEL_APICS; i++) {
        m->apics[i].enabled = true;
        model_apic_reset(m, &m->apics[i]);
    }
    for (unsigned i = 0; i < MODEL_VECTORS; i++) {
        m->msix[i].masked = true;
    }
    m->pic[0].lowest = m->pic[1].lowest = 7;
    for (unsigned i = 0; i < MODEL_PINS; i++) {
        m->pins[i].rte = 1 << 16;
    }
}

void model_free(Model *m)
{
    g_array_unref(m->records);
    g_string_free(m->wrong, true);
}

uint32_t model_open(Model *m, JournalKind kind, unsigned number)
{
    ModelRecord record = {.kind = kind, .number = number, .state = INTR_ON_ITS_WAY};

    g_array_append_val(m->records, record);
    return m->records->len;
}

ModelRecord *model_record(const Model *m, uint32_t rec)
{
    g_assert(rec > 0 && rec <= m->records->len);
    return &g_array_index(m->records, ModelRecord, rec - 1);
}

void model_state(Model *m, uint32_t rec, IntrResult state)
{
    model_record(m, rec)->state = state;
}

void model_withdraw(Model *m, uint32_t *waits, IntrResult why)
{
    if (*waits) {
        model_state(m, *waits, why);
        *waits = 0;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a descriptor before anything of it is done (DSA 1.0, 5.7): the first rule that
 * it breaks. Traffic classes may be named; they change nothing.
 */
#include "hw/dma/dsa/device.h"

#define RECORD_ALIGN 32u
#define LIST_ALIGN   64u
#define LEAST_BATCH  2u
#define COMMON_FLAGS                                                                               \
    (DSA_F_RECORD_VALID | DSA_F_RECORD | DSA_F_INTERRUPT | DSA_F_CLASS_1 | DSA_F_CLASS_2 |         \
     DSA_F_CLASS_3 | DSA_F_CLASS_RECORD)

/* Batches have their own; the queue bounds both. */
static DsaStatus check_size(const Dsa *d, const DsaDesc *desc, const DsaOpRow *row, uint8_t wq)
{
    DsaWqConfig config = dsa_wq_config(d, wq);
    if (desc->opcode == DSA_OP_BATCH) {
        bool count = desc->size >= LEAST_BATCH && desc->size <= 1u << config.batch_shift;
        return !count                           ? DSA_BATCH_COUNT
               : desc->source % LIST_ALIGN != 0 ? DSA_LIST_ALIGNMENT
                                                : DSA_SUCCESS;
    }
    bool good = !row->sized || (desc->size > 0 && desc->size <= 1ull << config.xfer_shift);
    return good ? DSA_SUCCESS : DSA_XFER_SIZE;
}

static uint32_t bad_flags(const DsaDesc *desc, const DsaOpRow *row, bool in_batch)
{
    uint32_t allowed = COMMON_FLAGS | row->flags | (in_batch ? DSA_F_FENCE : 0);
    uint32_t bad = desc->flags & ~allowed;
    if ((desc->flags & DSA_F_RECORD) && !(desc->flags & DSA_F_RECORD_VALID)) {
        bad |= DSA_F_RECORD;
    }
    return bad;
}

static bool may_be_in_batch(uint8_t opcode)
{
    return opcode != DSA_OP_BATCH && opcode != DSA_OP_DRAIN;
}

static DsaStatus check_fields(const Dsa *d, const DsaDesc *desc, const DsaEngine *e,
                              const DsaOpRow *row, DsaRecord *record)
{
    record->invalid_flags = bad_flags(desc, row, e->in_batch);
    if (record->invalid_flags) {
        return DSA_INVALID_FLAGS;
    }
    if (desc->reserved) {
        return DSA_RESERVED_FIELD;
    }
    DsaStatus status = check_size(d, desc, row, e->wq);
    return status == DSA_SUCCESS && row->check ? row->check(desc) : status;
}

static DsaStatus check_descriptor(const Dsa *d, const DsaDesc *desc, const DsaEngine *e,
                                  DsaRecord *record)
{
    const DsaOpRow *row = dsa_op_row(desc->opcode);
    if ((desc->flags & DSA_F_RECORD_VALID) && desc->record % RECORD_ALIGN != 0) {
        return DSA_RECORD_ALIGNMENT;
    }
    if (!row || (e->in_batch && !may_be_in_batch(desc->opcode))) {
        return DSA_BAD_OPCODE;
    }
    return check_fields(d, desc, e, row, record);
}

/* A handle that is wrong is told of only if nothing else is, but never used. */
DsaStatus dsa_check(Dsa *d, const DsaDesc *desc, DsaEngine *e, DsaRecord *record)
{
    DsaStatus status = check_descriptor(d, desc, e, record);
    bool wanted = desc->flags & DSA_F_INTERRUPT;
    e->interrupts = wanted && dsa_intr_may(d, e->portal & DSA_PORTAL_IMS, desc->handle, &e->vector);
    return status == DSA_SUCCESS && wanted && !e->interrupts ? DSA_INT_HANDLE : status;
}

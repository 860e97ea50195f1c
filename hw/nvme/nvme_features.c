/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Get Features and Set Features (NVM Express 1.4, 5.15 and 5.21). Nothing is saveable, nothing is
 * of one namespace alone.
 */
#include <string.h>

#include "hw/nvme/nvme_internal.h"

enum {
    FEATURE_ARBITRATION = 0x01,
    FEATURE_POWER = 0x02,
    FEATURE_TEMPERATURE = 0x04,
    FEATURE_ERROR_RECOVERY = 0x05,
    FEATURE_WRITE_CACHE = 0x06,
    FEATURE_QUEUES = 0x07,
    FEATURE_COALESCING = 0x08,
    FEATURE_VECTOR = 0x09,
    FEATURE_ATOMICITY = 0x0a,
    FEATURE_EVENTS = 0x0b,
};

#define SELECT_CURRENT      0
#define SELECT_DEFAULT      1
#define SELECT_CAPABILITIES 3
#define CAN_CHANGE          0x4u
#define SAVE                0x80000000u
#define VECTOR(value_)      ((value_)&0xffff)
#define VECTOR_DISABLE      0x10000u
#define CRITICAL            373u /* kelvin */
#define TEMPERATURE(value_) ((value_)&0xffff)
#define SENSOR(value_)      ((value_) >> 16 & 0xf)
#define ALL_SENSORS         0xfu
#define IS_UNDER(value_)    (((value_) >> 20 & 3) == 1)

typedef struct {
    bool known;
    uint32_t writable;
    uint32_t initial;
    NvmeStatus (*set)(NvmeCtrl *n, uint32_t value);
    NvmeStatus (*get)(NvmeCtrl *n, uint32_t asked); /* leaves the value in n->result */
} FeatureRow;

/* 5.21.1.7: before there are I/O queues. Fewer are given than asked for, if there are fewer. */
static NvmeStatus set_queues(NvmeCtrl *n, uint32_t value)
{
    uint32_t last = nvme_queue_limit(n) - 1u;
    uint32_t sqs = value & 0xffff, cqs = value >> 16;
    if (sqs == 0xffff || cqs == 0xffff) {
        return NVME_INVALID_FIELD;
    }
    for (size_t i = 1; i < nvme_queue_count(n); i++) {
        if (n->cq[i].size != 0) {
            return NVME_SEQUENCE_ERROR;
        }
    }
    n->result = n->features[FEATURE_QUEUES] = MIN(sqs, last) | MIN(cqs, last) << 16;
    return NVME_SUCCESS;
}

static NvmeStatus get_queues(NvmeCtrl *n, uint32_t asked)
{
    uint32_t last = nvme_queue_limit(n) - 1u;
    n->result = last | last << 16;
    return NVME_SUCCESS;
}

static NvmeStatus set_power(NvmeCtrl *n, uint32_t value)
{
    return (value & 0x1f) == 0 ? NVME_SUCCESS : NVME_INVALID_FIELD;
}

static NvmeStatus set_vector(NvmeCtrl *n, uint32_t value)
{
    if (VECTOR(value) >= nvme_vectors(n)) {
        return NVME_INVALID_FIELD;
    }
    n->coalescing_disabled[VECTOR(value)] = (value & VECTOR_DISABLE) != 0;
    return NVME_SUCCESS;
}

static NvmeStatus get_vector(NvmeCtrl *n, uint32_t asked)
{
    if (VECTOR(asked) >= nvme_vectors(n)) {
        return NVME_INVALID_FIELD;
    }
    n->result = VECTOR(asked) | (n->coalescing_disabled[VECTOR(asked)] ? VECTOR_DISABLE : 0);
    return NVME_SUCCESS;
}

/* 5.21.1.4: the composite temperature is the only one. */
static NvmeStatus set_temperature(NvmeCtrl *n, uint32_t value)
{
    if (SENSOR(value) != 0 && SENSOR(value) != ALL_SENSORS) {
        return NVME_INVALID_FIELD;
    }
    if (IS_UNDER(value)) {
        n->under_temperature = TEMPERATURE(value);
    } else {
        n->features[FEATURE_TEMPERATURE] = TEMPERATURE(value);
    }
    if (nvme_temperature_is_critical(n) && (n->features[FEATURE_EVENTS] & 2)) {
        nvme_async_event(n, EVENT_SMART, EVENT_TEMPERATURE, LOG_SMART);
    }
    return NVME_SUCCESS;
}

static NvmeStatus get_temperature(NvmeCtrl *n, uint32_t asked)
{
    n->result = SENSOR(asked) != 0 ? 0
                : IS_UNDER(asked)  ? n->under_temperature
                                   : n->features[FEATURE_TEMPERATURE];
    return NVME_SUCCESS;
}

static const FeatureRow feature_rows[NVME_FEATURES] = {
    [FEATURE_ARBITRATION] = {true, .writable = 0xffffff07, .initial = 3},
    [FEATURE_POWER] = {true, .writable = 0, .set = set_power},
    [FEATURE_TEMPERATURE] = {true, .initial = CRITICAL, .set = set_temperature,
                             .get = get_temperature},
    [FEATURE_ERROR_RECOVERY] = {true, .writable = 0xffff},
    [FEATURE_WRITE_CACHE] = {true, .writable = 1, .initial = 1},
    [FEATURE_QUEUES] = {true, .set = set_queues, .get = get_queues},
    [FEATURE_COALESCING] = {true, .writable = 0xffff},
    [FEATURE_VECTOR] = {true, .set = set_vector, .get = get_vector},
    [FEATURE_ATOMICITY] = {true, .writable = 1},
    [FEATURE_EVENTS] = {true, .writable = 0x31f},
};

size_t nvme_vectors(const void *ctrl)
{
    return ((const NvmeCtrl *)ctrl)->msix_qsize;
}

void nvme_features_reset(NvmeCtrl *n)
{
    for (unsigned id = 0; id < NVME_FEATURES; id++) {
        n->features[id] = feature_rows[id].initial;
    }
    n->under_temperature = 0;
    memset(n->coalescing_disabled, 0, nvme_vectors(n));
}

bool nvme_write_cache_is_on(const NvmeCtrl *n)
{
    return (n->features[FEATURE_WRITE_CACHE] & 1) != 0;
}

static const FeatureRow *feature_row(const NvmeCmd *cmd)
{
    uint8_t id = (uint8_t)cmd->cdw10[0];
    return id < NVME_FEATURES && feature_rows[id].known ? &feature_rows[id] : NULL;
}

NvmeStatus nvme_get_features(NvmeCtrl *n, const NvmeCmd *cmd)
{
    const FeatureRow *row = feature_row(cmd);
    unsigned select = cmd->cdw10[0] >> 8 & 7;
    if (!row || select > SELECT_CAPABILITIES) {
        return NVME_INVALID_FIELD;
    }
    if (select == SELECT_CAPABILITIES) {
        n->result = row->writable || row->set ? CAN_CHANGE : 0;
        return NVME_SUCCESS;
    }
    /* 5.15.1: nothing was saved, so that what is saved is the default. */
    if (select != SELECT_CURRENT) {
        n->result = row->initial;
        return NVME_SUCCESS;
    }
    n->result = n->features[row - feature_rows];
    return row->get ? row->get(n, cmd->cdw10[1]) : NVME_SUCCESS;
}

NvmeStatus nvme_set_features(NvmeCtrl *n, const NvmeCmd *cmd)
{
    const FeatureRow *row = feature_row(cmd);
    uint32_t value = cmd->cdw10[1];
    if (!row) {
        return NVME_INVALID_FIELD;
    }
    if (cmd->cdw10[0] & SAVE) {
        return NVME_NOT_SAVEABLE;
    }
    if (cmd->nsid != 0 && cmd->nsid != NVME_ALL_NAMESPACES) {
        return NVME_NOT_NS_SPECIFIC;
    }
    if (row->set) {
        return row->set(n, value);
    }
    n->features[row - feature_rows] = value & row->writable;
    return NVME_SUCCESS;
}

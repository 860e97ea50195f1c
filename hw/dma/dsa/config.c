/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Enable Device and Enable WQ look at before they do it (DSA 1.0, 4.3 and 9.2). Of the errors
 * that the specification tells apart for groups, ours are: a queue with a size in no group or in
 * several, an engine in several, and a group with just one of both.
 */
#include "hw/dma/dsa/device.h"

static bool group_has_wq(const Dsa *d, unsigned group, unsigned n)
{
    return d->grpcfg[group][0] >> n & 1;
}

static bool group_has_engine(const Dsa *d, unsigned group, unsigned n)
{
    return d->grpcfg[group][DSA_GRPCFG_ENGINES] >> n & 1;
}

unsigned dsa_group_of_wq(const Dsa *d, unsigned n)
{
    unsigned group = 0;
    while (group < DSA_GROUPS && !group_has_wq(d, group, n)) {
        group++;
    }
    return group;
}

unsigned dsa_group_of_engine(const Dsa *d, unsigned n)
{
    unsigned group = 0;
    while (group < DSA_GROUPS && !group_has_engine(d, group, n)) {
        group++;
    }
    return group;
}

static unsigned groups_with_wq(const Dsa *d, unsigned n)
{
    unsigned count = 0;
    for (unsigned group = 0; group < DSA_GROUPS; group++) {
        count += group_has_wq(d, group, n);
    }
    return count;
}

static unsigned groups_with_engine(const Dsa *d, unsigned n)
{
    unsigned count = 0;
    for (unsigned group = 0; group < DSA_GROUPS; group++) {
        count += group_has_engine(d, group, n);
    }
    return count;
}

static DsaCmdError check_wq_groups(const Dsa *d)
{
    uint32_t total = 0;
    for (unsigned n = 0; n < DSA_WQS; n++) {
        uint16_t size = dsa_wq_config(d, n).size;
        unsigned groups = groups_with_wq(d, n);
        total += size;
        if (groups > 1 || (size && groups == 0)) {
            return DSA_CMD_GROUP_WQS;
        }
    }
    return total > DSA_ENTRIES ? DSA_CMD_WQ_SIZES : DSA_CMD_SUCCESS;
}

static DsaCmdError check_groups(const Dsa *d)
{
    for (unsigned n = 0; n < DSA_ENGINES; n++) {
        if (groups_with_engine(d, n) > 1) {
            return DSA_CMD_GROUP_ENGINES;
        }
    }
    for (unsigned group = 0; group < DSA_GROUPS; group++) {
        bool wqs = d->grpcfg[group][0], engines = d->grpcfg[group][DSA_GRPCFG_ENGINES];
        if (wqs != engines) {
            return DSA_CMD_GROUP_HALF;
        }
    }
    return DSA_CMD_SUCCESS;
}

DsaCmdError dsa_check_device(const Dsa *d)
{
    if (d->enabled) {
        return DSA_CMD_ALREADY_ENABLED;
    }
    if (!pci_is_bus_master(&d->pci)) {
        return DSA_CMD_NO_BUS_MASTER;
    }
    DsaCmdError error = check_wq_groups(d);
    return error != DSA_CMD_SUCCESS ? error : check_groups(d);
}

DsaCmdError dsa_check_wq(const Dsa *d, unsigned n)
{
    DsaWqConfig config = dsa_wq_config(d, n);
    const struct {
        bool wrong;
        DsaCmdError error;
    } rules[] = {
        {!d->enabled || d->disabling, DSA_CMD_DEVICE_OFF},
        {d->wq[n].enabled, DSA_CMD_WQ_ENABLED},
        {d->wq[n].size == 0, DSA_CMD_WQ_SIZE},
        {config.priority == 0, DSA_CMD_WQ_PRIORITY},
        {!config.dedicated, DSA_CMD_WQ_MODE},
        {config.block_on_fault, DSA_CMD_WQ_BLOCK_ON_FAULT},
        {config.pasid_on, DSA_CMD_WQ_PASID},
        {config.batch_shift > DSA_BATCH_SHIFT, DSA_CMD_WQ_MAX_BATCH},
        {config.xfer_shift > DSA_XFER_SHIFT, DSA_CMD_WQ_MAX_XFER},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].wrong) {
            return rules[i].error;
        }
    }
    return DSA_CMD_SUCCESS;
}

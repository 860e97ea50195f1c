/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a partition can offer, by the names of -cpu, and what needs what. */
#include <string.h>

#include "hw/hyperv/hyperv.h"

#define BIT(feature_) (1u << (feature_))

typedef struct {
    const char *name;
    uint32_t needs; /* bits */
} FeatureRow;

static const FeatureRow rows[HV_FEATURES] = {
    [HV_RELAXED] = {"hv-relaxed"},
    [HV_VAPIC] = {"hv-vapic"},
    [HV_TIME] = {"hv-time"},
    [HV_VPINDEX] = {"hv-vpindex"},
    [HV_RUNTIME] = {"hv-runtime"},
    [HV_CRASH] = {"hv-crash"},
    [HV_RESET] = {"hv-reset"},
    [HV_SYNIC] = {"hv-synic", BIT(HV_VPINDEX)},
    [HV_STIMER] = {"hv-stimer", BIT(HV_SYNIC) | BIT(HV_TIME)},
    [HV_STIMER_DIRECT] = {"hv-stimer-direct", BIT(HV_STIMER)},
    [HV_TLBFLUSH] = {"hv-tlbflush", BIT(HV_VPINDEX)},
    [HV_IPI] = {"hv-ipi", BIT(HV_VPINDEX)},
    [HV_FREQUENCIES] = {"hv-frequencies"},
    [HV_XMM_INPUT] = {"hv-xmm-input"},
    [HV_ROOT] = {"hv-root", BIT(HV_VPINDEX)},
};

HvFeatures hv_features_none(void)
{
    return (HvFeatures){.spinlocks = HV_SPINLOCKS_NEVER};
}

const char *hv_feature_name(unsigned n)
{
    return n < HV_FEATURES ? rows[n].name : NULL;
}

bool hv_feature_find(const char *name, HvFeature *feature)
{
    g_autofree char *dashed = g_strdelimit(g_strdup(name), "_", '-');

    for (unsigned i = 0; i < HV_FEATURES; i++) {
        if (strcmp(dashed, rows[i].name) == 0) {
            *feature = (HvFeature)i;
            return true;
        }
    }
    return false;
}

void hv_features_add_all(HvFeatures *f)
{
    f->set |= (BIT(HV_FEATURES) - 1) & ~BIT(HV_ROOT);
}

bool hv_features_check(const HvFeatures *f, GError **error)
{
    for (unsigned i = 0; i < HV_FEATURES; i++) {
        uint32_t missing = rows[i].needs & ~f->set;
        if (hv_has(f, (HvFeature)i) && missing) {
            g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "%s needs %s", rows[i].name,
                        rows[__builtin_ctz(missing)].name);
            return false;
        }
    }
    return true;
}

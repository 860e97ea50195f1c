/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IVRS table: memory that is kept for functions (AMD I/O Virtualization 5.2.3), as a property
 * says it: "0x7000000-0x7ffffff:dev0+bridge0", with ":exclusion" behind it for a range that is not
 * to be translated; else software maps it as it is (unity). A bridge stands for what is behind it.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "base/blob.h"
#include "hw/i386/iommu/ivrs_internal.h"
#include "hw/i386/iommu/scope_internal.h"

#define IVMD       "ivmd"
#define SEPARATOR  ";"
#define EXCLUSION  ":exclusion"
#define IVMD_BYTES 32
#define MOST       16

enum { IVMD_ALL = 0x20, IVMD_FUNCTION = 0x21, IVMD_RANGE = 0x22 };

/* Flags: mapped as it is, for reading and writing; or left out. */
#define FLAGS_UNITY     0x07
#define FLAGS_EXCLUSION 0x08

static bool add_memory(IommuPlace *place, const char *text, GError **error)
{
    bool all = false, exclusion = g_str_has_suffix(text, EXCLUSION);
    size_t length = strlen(text) - (exclusion ? strlen(EXCLUSION) : 0);
    g_autofree char *kept = g_strndup(text, length);
    IommuList *list = iommu_place_add_kept(place, IVMD, kept, &all, error);
    if (list) {
        list->all = all;
        list->text = exclusion ? EXCLUSION : NULL;
    }
    return list != NULL;
}

bool ivrs_told_parse(const IvrsTold *told, IommuPlace *place, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(told->ivmd ? told->ivmd : "", SEPARATOR, MOST);
    for (unsigned i = 0; parts[i]; i++) {
        if (!add_memory(place, parts[i], error)) {
            return false;
        }
    }
    bool of_functions = told->broken == IVRS_NO_ALIAS || told->broken == IVRS_UNCOVERED;
    bool tells = told->entries == IVRS_FUNCTIONS ||
                 (told->entries == IVRS_RANGES && told->broken == IVRS_NO_ALIAS);
    if (of_functions && !tells) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "broken=%s needs ivhd=functions%s: else nothing tells of them",
                    ivrs_broken_choices[told->broken],
                    told->broken == IVRS_NO_ALIAS ? " or ranges" : "");
    }
    return !of_functions || tells;
}

static void ivmd_put_block(GByteArray *t, const IommuList *list, uint8_t type, uint16_t first,
                           uint16_t last)
{
    blob_put(t, type, 1);
    blob_put(t, list->text ? FLAGS_EXCLUSION : FLAGS_UNITY, 1);
    blob_put(t, IVMD_BYTES, 2);
    blob_put(t, first, 2);
    blob_put(t, last, 2); /* auxiliary data */
    blob_zeros(t, 8);
    blob_put(t, list->base, 8);
    blob_put(t, list->limit - list->base + 1, 8);
}

typedef struct {
    GByteArray *t;
    const IommuList *list;
    const IommuName *name;
} Named;

static void put_named(PciDevice *pci, void *opaque)
{
    const Named *n = opaque;
    if (!iommu_name_is(n->name, pci)) {
        return;
    }
    const PciBus *behind = pci_bus_behind(pci);
    if (behind) {
        ivmd_put_block(n->t, n->list, IVMD_RANGE, (uint16_t)(pci_bus_number(behind) << 8),
                       (uint16_t)(pci->config[PCI_SUBORDINATE_BUS] << 8 | UINT8_MAX));
    } else {
        ivmd_put_block(n->t, n->list, IVMD_FUNCTION, pci_requester_id(pci), 0);
    }
}

void ivrs_put_memory(GByteArray *t, Device *unit)
{
    IvrsUnit part = {0};
    iommu_class(unit)->table_part(unit, &part);
    const GArray *lists = iommu_place(unit)->lists;
    for (guint i = 0; i < lists->len; i++) {
        const IommuList *list = &g_array_index(lists, IommuList, i);
        if (list->all) {
            ivmd_put_block(t, list, IVMD_ALL, 0, 0);
        }
        for (guint k = 0; k < list->names->len; k++) {
            Named n = {t, list, &g_array_index(list->names, IommuName, k)};
            pci_bus_foreach(part.function->bus, put_named, &n);
        }
    }
}

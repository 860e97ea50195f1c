/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of units that the DMAR table alone tells of; see dmar.h. */
#include <string.h>

#include "hw/i386/iommu/dmar.h"
#include "hw/i386/iommu/dmar_internal.h"
#include "hw/i386/iommu/scope.h"

#define SEPARATOR ";"
#define PER_UNIT  15 /* ACPI device numbers: a byte, of 16 units */

typedef bool (*AddOne)(IommuPlace *place, unsigned number, const char *text, GError **error);

/* "0x7000000-0x7ffffff:dev0+dev1" (VT-d 8.4) */
static bool add_rmrr(IommuPlace *place, unsigned number, const char *text, GError **error)
{
    return iommu_place_add_kept(place, DMAR_RMRR, text, NULL, error) != NULL;
}

/* "\\_SB.PCI0.ISA.COM1@dev0" */
static bool add_andd(IommuPlace *place, unsigned number, const char *text, GError **error)
{
    const char *at = strchr(text, '@');
    if (!at || *text != '\\') {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    DMAR_ANDD "=%s: PATH@NAME is its form, as in \\_SB.PCI0.ISA.COM1@dev0", text);
        return false;
    }
    IommuList *list = iommu_place_add_list(place, DMAR_ANDD, at + 1, error);
    if (list) {
        g_autofree char *path = g_strndup(text, (gsize)(at - text));
        list->text = g_intern_string(path);
        list->type = IOMMU_NAMESPACE;
        list->enumeration_id = (uint8_t)number;
    }
    return list != NULL;
}

static bool add_satc(IommuPlace *place, unsigned number, const char *text, GError **error)
{
    return iommu_place_add_list(place, DMAR_SATC, text, error) != NULL;
}

static bool add_all(IommuPlace *place, unsigned first, const char *text, AddOne add, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "", SEPARATOR, PER_UNIT);
    for (unsigned i = 0; parts[i]; i++) {
        if (!add(place, first + i, parts[i], error)) {
            return false;
        }
    }
    return true;
}

bool dmar_told_parse(const DmarTold *told, unsigned number, IommuPlace *place, GError **error)
{
    return add_all(place, 0, told->rmrr, add_rmrr, error) &&
           add_all(place, 1 + number * (PER_UNIT + 1), told->andd, add_andd, error) &&
           (!told->satc || add_satc(place, 0, told->satc, error));
}

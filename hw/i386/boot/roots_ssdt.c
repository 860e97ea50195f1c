/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root buses in AML: a device for each but the first, which the DSDT has, and what each decodes
 * (_CRS; ACPI 6.4, 6.4.3.5). The first has what no other one has.
 */
#include "hw/i386/boot/roots_ssdt.h"

#include "base/blob.h"
#include "hw/i386/boot/aml.h"
#include "ssdt_root.hex"

enum { AML_NAME = 0x08, AML_WORD = 0x0b, AML_BUFFER = 0x11 };
enum { RES_WORD = 0x88, RES_DWORD = 0x87, RES_QWORD = 0x8a, RES_PORTS = 0x47, RES_END = 0x79 };
enum { TYPE_MEMORY, TYPE_IO, TYPE_BUS };
enum { FIXED = 1 << 2 | 1 << 3 }; /* producer, positive decode, minimum and maximum fixed */
enum { IO_ENTIRE = 3, MEMORY_WRITABLE = 1, MEMORY_CACHEABLE = 1 << 1 };
enum { CONFIG_PORT = 0xcf8, CONFIG_PORTS = 8, VGA_BASE = 0xa0000, VGA_LIMIT = 0xbffff };

/* Address space descriptors differ in how wide their five fields are (6.4.3.5.1 to 6.4.3.5.3). */
static void put_range(GByteArray *out, uint8_t tag, uint8_t type, uint8_t flags, PciWindow range)
{
    enum { BEFORE_FIELDS = 3, FIELDS = 5 };
    unsigned width = tag == RES_WORD ? 2 : tag == RES_DWORD ? 4 : 8;
    blob_put(out, tag, 1);
    blob_put(out, BEFORE_FIELDS + FIELDS * width, 2);
    blob_put(out, type, 1);
    blob_put(out, FIXED, 1);
    blob_put(out, flags, 1);
    blob_put(out, 0, width); /* granularity */
    blob_put(out, range.base, width);
    blob_put(out, range.limit, width);
    blob_put(out, 0, width); /* translation */
    blob_put(out, range.limit - range.base + 1, width);
}

static void put_port_range(GByteArray *out, PciWindow range)
{
    put_range(out, RES_WORD, TYPE_IO, IO_ENTIRE, range);
}

static void put_memory_range(GByteArray *out, PciWindow range)
{
    bool high = range.limit > UINT32_MAX;
    put_range(out, high ? RES_QWORD : RES_DWORD, TYPE_MEMORY,
              MEMORY_WRITABLE | (high ? MEMORY_CACHEABLE : 0), range);
}

/* 6.4.2.5 */
static void put_config_ports(GByteArray *out)
{
    blob_put(out, RES_PORTS, 1);
    blob_put(out, 1, 1); /* 16 address bits */
    blob_put(out, CONFIG_PORT, 2);
    blob_put(out, CONFIG_PORT, 2);
    blob_put(out, 1, 1);
    blob_put(out, CONFIG_PORTS, 1);
}

typedef void PutRange(GByteArray *out, PciWindow range);

static gint by_base(gconstpointer a, gconstpointer b)
{
    const PciWindow *one = a, *other = b;
    return one->base < other->base ? -1 : one->base > other->base;
}

/* What is in `whole` and in none of `taken`, which are sorted. */
static void put_rest(GByteArray *out, PciWindow whole, const GArray *taken, PutRange *put)
{
    uint64_t at = whole.base;
    for (guint i = 0; i < taken->len; i++) {
        PciWindow one = g_array_index(taken, PciWindow, i);
        if (one.base < whole.base || one.limit > whole.limit) {
            continue;
        }
        if (one.base > at) {
            put(out, (PciWindow){at, one.base - 1});
        }
        at = one.limit + 1;
    }
    if (at <= whole.limit) {
        put(out, (PciWindow){at, whole.limit});
    }
}

/* Windows of further root buses, of memory or of ports. */
static GArray *taken_windows(const AcpiInfo *info, bool ports)
{
    GArray *taken = g_array_new(false, false, sizeof(PciWindow));
    for (unsigned i = 1; i < info->root_count; i++) {
        for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
            PciWindow window = info->roots[i].window[kind];
            if ((kind == PCI_WINDOW_IO) == ports && window.base <= window.limit) {
                g_array_append_val(taken, window);
            }
        }
    }
    g_array_sort(taken, by_base);
    return taken;
}

static void put_first_resources(GByteArray *out, const AcpiInfo *info)
{
    const PciWindow *window = info->roots[0].window;
    g_autoptr(GArray) ports = taken_windows(info, true);
    g_autoptr(GArray) memory = taken_windows(info, false);
    put_config_ports(out);
    put_rest(out, (PciWindow){window[PCI_WINDOW_IO].base, CONFIG_PORT - 1}, ports, put_port_range);
    put_rest(out, (PciWindow){CONFIG_PORT + CONFIG_PORTS, window[PCI_WINDOW_IO].limit}, ports,
             put_port_range);
    put_memory_range(out, (PciWindow){VGA_BASE, VGA_LIMIT});
    put_rest(out, window[PCI_WINDOW_MEM], memory, put_memory_range);
    put_rest(out, window[PCI_WINDOW_PREFETCH], memory, put_memory_range);
}

static void put_resources(GByteArray *out, const AcpiRoot *root)
{
    for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
        if (root->window[kind].base <= root->window[kind].limit) {
            (kind == PCI_WINDOW_IO ? put_port_range : put_memory_range)(out, root->window[kind]);
        }
    }
}

/* Name (\_SB.DEVICE._CRS, Buffer () { the descriptors }) */
static void put_crs(GByteArray *out, const AcpiInfo *info, unsigned n, const char *device)
{
    enum { SIZE_BYTES = 3 };
    const AcpiRoot *root = &info->roots[n];
    g_autoptr(GByteArray) body = g_byte_array_new();
    put_range(body, RES_WORD, TYPE_BUS, 0, (PciWindow){root->first, root->last});
    if (n == 0) {
        put_first_resources(body, info);
    } else {
        put_resources(body, root);
    }
    blob_put(body, RES_END, 1);
    blob_put(body, 0, 1);
    blob_put(out, AML_NAME, 1);
    aml_put_path(out, device, "_CRS");
    blob_put(out, AML_BUFFER, 1);
    aml_put_length(out, SIZE_BYTES + body->len);
    blob_put(out, AML_WORD, 1);
    blob_put(out, body->len, 2);
    g_byte_array_append(out, body->data, body->len);
}

/* Name (\_SB.DEVICE._PXM, domain) */
static void put_proximity(GByteArray *out, const char *device, uint16_t domain)
{
    blob_put(out, AML_NAME, 1);
    aml_put_path(out, device, "_PXM");
    blob_put(out, AML_WORD, 1);
    blob_put(out, domain, 2);
}

void roots_ssdt_write(GByteArray *out, const AcpiInfo *info)
{
    static const AmlTemplate template = {ssdt_root_aml_code, sizeof(ssdt_root_aml_code), "PCXX"};
    put_crs(out, info, 0, "PCI0");
    for (unsigned i = 1; i < info->root_count; i++) {
        const AcpiRoot *root = &info->roots[i];
        char name[AML_NAME_BYTES + 1];
        g_snprintf(name, sizeof(name), "PC%02X", root->first);
        aml_put_device(out, &template, name, root->first);
        put_crs(out, info, i, name);
        if (root->has_domain) {
            put_proximity(out, name, root->domain);
        }
    }
}

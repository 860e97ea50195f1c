/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What firmware tables and ROMs guests are given besides: -acpitable, -no-acpi, -option-rom. */
#include <string.h>

#include "base/bytes.h"
#include "base/datafile.h"
#include "hw/i386/boot/acpi.h"
#include "system/options.h"

enum { TABLE_HEADER = 36, TABLE_LENGTH = 4, TABLE_REVISION = 8, TABLE_SUM = 9 };
enum { TABLE_OEM_REVISION = 24, TABLE_ASL_REVISION = 32 };

/* The texts of a table's header (ACPI 6.4, 5.2.6), padded with zeros. */
static const struct {
    const char *key, *plain; /* without a header of the file's own */
    unsigned offset, length;
} table_texts[] = {
    {"sig", "QEMU", 0, 4},
    {"oem_id", "SWYARD", 10, 6},
    {"oem_table_id", "Q35     ", 16, 8},
    {"asl_compiler_id", "SWYD", 28, 4},
};

static bool read_files(GByteArray *out, const char *names, GError **error)
{
    g_auto(GStrv) files = g_strsplit(names, ":", -1);
    for (char **file = files; *file; file++) {
        g_autofree char *bytes = NULL;
        g_autoptr(GError) why = NULL;
        gsize len = 0;
        if (!g_file_get_contents(*file, &bytes, &len, &why)) {
            g_set_error(error, OPT_ERROR, 0, "%s: could not be read: %s", *file, why->message);
            return false;
        }
        if (out->len + len > ACPI_EXTRA_BYTES) {
            g_set_error(error, OPT_ERROR, 0, "a table may have %d bytes", ACPI_EXTRA_BYTES);
            return false;
        }
        g_byte_array_append(out, (const guint8 *)bytes, (guint)len);
    }
    return true;
}

static bool put_texts(GByteArray *table, OptList *opts, bool plain, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table_texts); i++) {
        const char *text = optlist_get(opts, table_texts[i].key);
        if (text && strlen(text) > table_texts[i].length) {
            g_set_error(error, OPT_ERROR, 0, "%s=%s: may have %u letters", table_texts[i].key, text,
                        table_texts[i].length);
            return false;
        }
        text = text ? text : plain ? table_texts[i].plain : NULL;
        if (text) {
            uint8_t *field = table->data + table_texts[i].offset;
            memset(field, 0, table_texts[i].length);
            memcpy(field, text, strlen(text));
        }
    }
    return true;
}

static bool put_revisions(GByteArray *table, OptList *opts, GError **error)
{
    uint64_t revision = table->data[TABLE_REVISION],
             oem = bytes_load(table->data + TABLE_OEM_REVISION, 4),
             compiler = bytes_load(table->data + TABLE_ASL_REVISION, 4);
    if (!optlist_uint(opts, "rev", 0, UINT8_MAX, &revision, error) ||
        !optlist_uint(opts, "oem_rev", 0, UINT32_MAX, &oem, error) ||
        !optlist_uint(opts, "asl_compiler_rev", 0, UINT32_MAX, &compiler, error)) {
        return false;
    }
    table->data[TABLE_REVISION] = (uint8_t)revision;
    bytes_put32(table->data + TABLE_OEM_REVISION, (uint32_t)oem);
    bytes_put32(table->data + TABLE_ASL_REVISION, (uint32_t)compiler);
    return true;
}

static guint tables_bytes(const Options *o)
{
    guint total = 0;
    for (guint i = 0; i < o->acpi_tables->len; i++) {
        total += ((const GByteArray *)o->acpi_tables->pdata[i])->len;
    }
    return total;
}

static bool opt_acpitable(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    const char *file = optlist_get(opts, "file"), *data = optlist_get(opts, "data");
    g_autoptr(GByteArray) table = g_byte_array_new();
    if (!file == !data) {
        g_set_error(error, OPT_ERROR, 0, "write file=PATH[:PATH], or data= without a header");
        return false;
    }
    g_byte_array_set_size(table, data ? TABLE_HEADER : 0);
    memset(table->data, 0, table->len);
    if (!read_files(table, file ? file : data, error)) {
        return false;
    }
    if (table->len < TABLE_HEADER) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: is shorter than a table's header", file);
        return false;
    }
    if (!put_texts(table, opts, data != NULL, error) || !put_revisions(table, opts, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    if (o->acpi_tables->len == ACPI_EXTRA_TABLES ||
        tables_bytes(o) + table->len > ACPI_EXTRA_BYTES) {
        g_set_error(error, OPT_ERROR, 0, "there is room for %d tables of %d bytes together",
                    ACPI_EXTRA_TABLES, ACPI_EXTRA_BYTES);
        return false;
    }
    bytes_put32(table->data + TABLE_LENGTH, table->len);
    g_ptr_array_add(o->acpi_tables, g_steal_pointer(&table));
    return true;
}

static bool opt_no_acpi(Options *o, const char *value, GError **error)
{
    o->machine.no_acpi = true;
    return true;
}

/* A file that firmware finds by its name and runs; without firmware nothing does. */
static bool opt_option_rom(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "romfile");
    const char *name = optlist_get(opts, "romfile");
    static const char *const harmless[] = {"bootindex", NULL};
    optlist_ignore(opts, harmless);
    g_autoptr(GError) why = NULL;
    g_autofree FwCfgItem *item = g_new0(FwCfgItem, 1);
    if (!name || !optlist_finish(opts, error)) {
        return false;
    }
    g_autofree char *path = datafile_find(o->machine.firmware.folders, name, error);
    if (!path) {
        return false;
    }
    if (!g_file_get_contents(path, (char **)&item->data, &item->len, &why)) {
        g_set_error(error, OPT_ERROR, 0, "could not be read: %s", why->message);
        return false;
    }
    g_autofree char *base = g_path_get_basename(path);
    item->name = g_strdup_printf("genroms/%.47s", base);
    g_ptr_array_add(o->fw_cfg, g_steal_pointer(&item));
    return true;
}

const OptRow opt_rows_tables[] = {
    {"acpitable", true, opt_acpitable,
     "one more ACPI table: file=PATH[:PATH]|data=PATH[,sig=,rev=,oem_id=,...]"},
    {"no-acpi", false, opt_no_acpi, "guests are not told of ACPI tables"},
    {"option-rom", true, opt_option_rom, "a ROM that firmware runs: FILE"},
    {"dtb", true, NULL, NULL, "a PC has ACPI tables, no device tree; leave it out"},
    {NULL},
};

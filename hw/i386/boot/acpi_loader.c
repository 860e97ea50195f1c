/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/i386/boot/acpi_loader.h"

#include "base/blob.h"

enum { LOADER_ALLOCATE = 1, LOADER_ADD_POINTER = 2, LOADER_ADD_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };
enum {
    COMMAND_BYTES = 128,
    FILE_BYTES = 56,
    TABLES_ALIGN = 64,
    RSDP_ALIGN = 16,
    TABLE_CHECKSUM = 9
};

static void put_file(GByteArray *script, const char *name)
{
    guint end = script->len + FILE_BYTES;
    blob_text(script, name);
    blob_zeros(script, end - script->len);
}

static void loader_end_command(GByteArray *script)
{
    blob_zeros(script, (COMMAND_BYTES - script->len % COMMAND_BYTES) % COMMAND_BYTES);
}

static void put_allocate(GByteArray *script, const char *name, uint32_t align, uint8_t zone)
{
    blob_put(script, LOADER_ALLOCATE, 4);
    put_file(script, name);
    blob_put(script, align, 4);
    blob_put(script, zone, 1);
    loader_end_command(script);
}

/* Where the tables are is added to the pointer, which is an offset into them. */
static void put_add_pointer(GByteArray *script, const char *name, uint32_t offset, uint8_t size)
{
    blob_put(script, LOADER_ADD_POINTER, 4);
    put_file(script, name);
    put_file(script, ACPI_TABLES_FILE);
    blob_put(script, offset, 4);
    blob_put(script, size, 1);
    loader_end_command(script);
}

static void put_add_checksum(GByteArray *script, const char *name, uint32_t at, uint32_t start,
                             uint32_t length)
{
    blob_put(script, LOADER_ADD_CHECKSUM, 4);
    put_file(script, name);
    blob_put(script, at, 4);
    blob_put(script, start, 4);
    blob_put(script, length, 4);
    loader_end_command(script);
}

GByteArray *acpi_loader_script(const AcpiLinks *links)
{
    GByteArray *script = g_byte_array_new();
    put_allocate(script, ACPI_RSDP_FILE, RSDP_ALIGN, ZONE_FSEG);
    put_allocate(script, ACPI_TABLES_FILE, TABLES_ALIGN, ZONE_HIGH);
    for (guint i = 0; i < links->pointers->len; i++) {
        AcpiPointer pointer = g_array_index(links->pointers, AcpiPointer, i);
        put_add_pointer(script, ACPI_TABLES_FILE, pointer.offset, pointer.size);
    }
    for (guint i = 0; i < links->sums->len; i++) {
        AcpiSum sum = g_array_index(links->sums, AcpiSum, i);
        put_add_checksum(script, ACPI_TABLES_FILE, sum.start + TABLE_CHECKSUM, sum.start,
                         sum.length);
    }
    put_add_pointer(script, ACPI_RSDP_FILE, ACPI_RSDP_RSDT, 4);
    put_add_pointer(script, ACPI_RSDP_FILE, ACPI_RSDP_XSDT, 8);
    put_add_checksum(script, ACPI_RSDP_FILE, ACPI_RSDP_CHECKSUM, 0, ACPI_RSDP_V1_BYTES);
    put_add_checksum(script, ACPI_RSDP_FILE, ACPI_RSDP_XCHECKSUM, 0, ACPI_RSDP_BYTES);
    return script;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor devices in AML (ACPI 6.4, chapter 20): a compiled template for each, and the method
 * that notifies one by its number, whose length depends on how many there are.
 */
#include "hw/i386/boot/cpu_ssdt.h"

#include <string.h>

#include "base/blob.h"
#include "base/bytes.h"
#include "ssdt_cpu.hex"
#include "ssdt_cpus.hex"

#define CPUS_MAX    4096 /* three hexadecimal digits */
#define NAME_BYTES  4
#define PLACEHOLDER 0xabcdu

enum { AML_METHOD = 0x14, AML_IF = 0xa0, AML_EQUAL = 0x93, AML_NOTIFY = 0x86, AML_WORD = 0x0b };
enum { AML_ARG0 = 0x68, AML_ARG1 = 0x69 };

static void cpu_name(unsigned cpu, char name[NAME_BYTES + 1])
{
    g_snprintf(name, NAME_BYTES + 1, "C%03X", cpu & (CPUS_MAX - 1));
}

/* The template is a table of its own: its device begins with DeviceOp, 5B82h. */
static const uint8_t *template_device(size_t *len)
{
    static const uint8_t device_op[] = {0x5b, 0x82};
    const uint8_t *device =
        memmem(ssdt_cpu_aml_code, sizeof(ssdt_cpu_aml_code), device_op, sizeof(device_op));
    g_assert(device);
    *len = (size_t)(ssdt_cpu_aml_code + sizeof(ssdt_cpu_aml_code) - device);
    return device;
}

static void put_device(GByteArray *out, unsigned cpu)
{
    size_t len;
    const uint8_t *template = template_device(&len);
    guint at = out->len;
    char name[NAME_BYTES + 1];
    cpu_name(cpu, name);
    g_byte_array_append(out, template, (guint)len);
    for (uint8_t *p = out->data + at; p + NAME_BYTES <= out->data + out->len; p++) {
        if (memcmp(p, "CXXX", NAME_BYTES) == 0) {
            memcpy(p, name, NAME_BYTES);
        } else if (p[0] == AML_WORD && bytes_get16(p + 1) == PLACEHOLDER) {
            bytes_put16(p + 1, (uint16_t)cpu);
        }
    }
}

/* If (Arg0 == cpu) { Notify (Cnnn, Arg1) } */
static void put_notify(GByteArray *out, unsigned cpu)
{
    enum { IF_BYTES = 12 }; /* of what follows the opcode, this length included */
    char name[NAME_BYTES + 1];
    cpu_name(cpu, name);
    blob_put(out, AML_IF, 1);
    blob_put(out, IF_BYTES, 1);
    blob_put(out, AML_EQUAL, 1);
    blob_put(out, AML_ARG0, 1);
    blob_put(out, AML_WORD, 1);
    blob_put(out, cpu, 2);
    blob_put(out, AML_NOTIFY, 1);
    blob_text(out, name);
    blob_put(out, AML_ARG1, 1);
}

/* Method (\_SB.CPUS.CTFY, 2) of these. Its length is written in three bytes (20.2.4). */
static void put_notify_method(GByteArray *out, unsigned cpus)
{
    static const uint8_t name[] = {'\\', 0x2f, 3,   '_', 'S', 'B', '_', 'C',
                                   'P',  'U',  'S', 'C', 'T', 'F', 'Y'};
    enum { LENGTH_BYTES = 3, ARGS = 2 };
    g_autoptr(GByteArray) body = g_byte_array_new();
    for (unsigned i = 0; i < cpus; i++) {
        put_notify(body, i);
    }
    uint32_t len = LENGTH_BYTES + sizeof(name) + 1 + body->len;
    blob_put(out, AML_METHOD, 1);
    blob_put(out, (LENGTH_BYTES - 1) << 6 | (len & 0xf), 1);
    blob_put(out, len >> 4, 2);
    g_byte_array_append(out, name, sizeof(name));
    blob_put(out, ARGS, 1);
    g_byte_array_append(out, body->data, body->len);
}

void cpu_ssdt_write(GByteArray *out, unsigned cpus)
{
    g_assert(cpus <= CPUS_MAX);
    g_byte_array_append(out, ssdt_cpus_aml_code, sizeof(ssdt_cpus_aml_code));
    for (unsigned i = 0; i < cpus; i++) {
        put_device(out, i);
    }
    put_notify_method(out, cpus);
}

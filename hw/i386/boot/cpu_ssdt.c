/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor devices in AML (ACPI 6.4, chapter 20): a compiled template for each, and the method
 * that notifies one by its number, whose length depends on how many there are.
 */
#include "hw/i386/boot/cpu_ssdt.h"

#include "base/blob.h"
#include "hw/i386/boot/aml.h"
#include "ssdt_cpu.hex"
#include "ssdt_cpus.hex"

#define CPUS_MAX 4096 /* three hexadecimal digits */

enum { AML_METHOD = 0x14, AML_IF = 0xa0, AML_EQUAL = 0x93, AML_NOTIFY = 0x86, AML_WORD = 0x0b };
enum { AML_ARG0 = 0x68, AML_ARG1 = 0x69 };

static void cpu_name(unsigned cpu, char name[AML_NAME_BYTES + 1])
{
    g_snprintf(name, AML_NAME_BYTES + 1, "C%03X", cpu & (CPUS_MAX - 1));
}

static void put_processor(GByteArray *out, unsigned cpu)
{
    static const AmlTemplate template = {ssdt_cpu_aml_code, sizeof(ssdt_cpu_aml_code), "CXXX"};
    char name[AML_NAME_BYTES + 1];
    cpu_name(cpu, name);
    aml_put_device(out, &template, name, (uint16_t)cpu);
}

/* If (Arg0 == cpu) { Notify (Cnnn, Arg1) } */
static void put_notify(GByteArray *out, unsigned cpu)
{
    enum { IF_BYTES = 12 }; /* of what follows the opcode, this length included */
    char name[AML_NAME_BYTES + 1];
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

/* Method (\_SB.CPUS.CTFY, 2) of these. */
static void put_notify_method(GByteArray *out, unsigned cpus)
{
    enum { ARGS = 2 };
    g_autoptr(GByteArray) body = g_byte_array_new();
    aml_put_path(body, "CPUS", "CTFY");
    blob_put(body, ARGS, 1);
    for (unsigned i = 0; i < cpus; i++) {
        put_notify(body, i);
    }
    blob_put(out, AML_METHOD, 1);
    aml_put_length(out, body->len);
    g_byte_array_append(out, body->data, body->len);
}

void cpu_ssdt_write(GByteArray *out, unsigned cpus)
{
    g_assert(cpus <= CPUS_MAX);
    g_byte_array_append(out, ssdt_cpus_aml_code, sizeof(ssdt_cpus_aml_code));
    for (unsigned i = 0; i < cpus; i++) {
        put_processor(out, i);
    }
    put_notify_method(out, cpus);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML that is put together at run time (ACPI 6.4, chapter 20), of compiled templates where it can
 * be. */
#ifndef HW_I386_BOOT_AML_H
#define HW_I386_BOOT_AML_H

#include <glib.h>
#include <stdint.h>

#define AML_NAME_BYTES 4

/* A compiled table with one device. */
typedef struct {
    const uint8_t *table;
    size_t bytes;
    const char *name; /* the device's, AML_NAME_BYTES: it is replaced, and so is ABCDh */
} AmlTemplate;

/* Appends its device under another name, of AML_NAME_BYTES, and number. */
void aml_put_device(GByteArray *out, const AmlTemplate *template, const char *name,
                    uint16_t number);
/* PkgLength, in three bytes, of what follows it in `bytes` (20.2.4). */
void aml_put_length(GByteArray *out, uint32_t bytes);
/* The name \_SB.DEVICE.OBJECT, each of AML_NAME_BYTES. */
void aml_put_path(GByteArray *out, const char *device, const char *object);

#endif

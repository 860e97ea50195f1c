/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML that is put together at run time; see aml.h. */
#include "hw/i386/boot/aml.h"

#include <string.h>

#include "base/blob.h"
#include "base/bytes.h"

#define PLACEHOLDER 0xabcdu

enum { AML_WORD = 0x0b, AML_ROOT = 0x5c, AML_MULTI_NAME = 0x2f };

/* Its device begins with DeviceOp, 5B82h. */
static const uint8_t *template_device(const AmlTemplate *template, size_t *len)
{
    static const uint8_t device_op[] = {0x5b, 0x82};
    const uint8_t *device = memmem(template->table, template->bytes, device_op, sizeof(device_op));
    g_assert(device);
    *len = (size_t)(template->table + template->bytes - device);
    return device;
}

void aml_put_device(GByteArray *out, const AmlTemplate *template, const char *name, uint16_t number)
{
    size_t len;
    const uint8_t *device = template_device(template, &len);
    guint at = out->len;
    g_byte_array_append(out, device, (guint)len);
    for (uint8_t *p = out->data + at; p + AML_NAME_BYTES <= out->data + out->len; p++) {
        if (memcmp(p, template->name, AML_NAME_BYTES) == 0) {
            memcpy(p, name, AML_NAME_BYTES);
        } else if (p[0] == AML_WORD && bytes_get16(p + 1) == PLACEHOLDER) {
            bytes_put16(p + 1, number);
        }
    }
}

void aml_put_length(GByteArray *out, uint32_t bytes)
{
    enum { LENGTH_BYTES = 3 };
    uint32_t len = LENGTH_BYTES + bytes;
    blob_put(out, (LENGTH_BYTES - 1) << 6 | (len & 0xf), 1);
    blob_put(out, len >> 4, 2);
}

void aml_put_path(GByteArray *out, const char *device, const char *object)
{
    enum { SEGMENTS = 3 };
    blob_put(out, AML_ROOT, 1);
    blob_put(out, AML_MULTI_NAME, 1);
    blob_put(out, SEGMENTS, 1);
    blob_text(out, "_SB_");
    blob_text(out, device);
    blob_text(out, object);
}

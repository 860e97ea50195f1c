/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every compression of Linux's, packed by its library and unpacked by ours; and damaged. */
#include <string.h>

#include "boot/pack.h"
#include "hw/i386/boot/unpack.h"

static void test_unpack(void)
{
    enum { LEN = 200000 };
    g_autofree uint8_t *data = g_malloc(LEN);
    for (size_t i = 0; i < LEN; i++) {
        data[i] = (uint8_t)(g_test_rand_int_range(0, 4) + (i >> 12));
    }
    for (size_t i = 0; i < PACK_FORMATS; i++) {
        g_autoptr(GByteArray) packed = pack_formats[i].pack(data, LEN);
        pack_append_size(packed, LEN);
        g_assert_cmpstr(unpack_format(packed->data, packed->len), ==, pack_formats[i].name);
        g_autoptr(GBytes) out = unpack(packed->data, packed->len, LEN, NULL);
        g_assert_nonnull(out);
        g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), data, LEN);
        for (int n = 0; n < 200; n++) {
            g_autoptr(GBytes) some =
                unpack(packed->data, (gsize)g_test_rand_int_range(1, (int)packed->len), LEN, NULL);
            packed->data[g_test_rand_int_range(0, (int)packed->len)] ^=
                (uint8_t)(1 << g_test_rand_int_range(0, 8));
            g_autoptr(GBytes) other = unpack(packed->data, packed->len, LEN, NULL);
        }
    }
}

/* An image that asks for a dictionary of 4 GiB, which it would be given before a byte is unpacked.
 */
static void test_dictionary(void)
{
    static const uint8_t data[4096];
    for (size_t i = 0; i < PACK_FORMATS; i++) {
        if (strcmp(pack_formats[i].name, "lzma") == 0) {
            g_autoptr(GError) error = NULL;
            g_autoptr(GByteArray) packed = pack_formats[i].pack(data, sizeof(data));
            memcpy(packed->data + 1, (const uint8_t[]){0, 0, 0, 0xff}, 4);
            g_autoptr(GBytes) out = unpack(packed->data, packed->len, sizeof(data), &error);
            g_assert_null(out);
            g_assert_nonnull(strstr(error->message, "lzma payload"));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unpack/formats", test_unpack);
    g_test_add_func("/unpack/dictionary", test_dictionary);
    return g_test_run();
}

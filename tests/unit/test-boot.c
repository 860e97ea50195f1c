/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot protocols: images made here, whole, truncated at every kind of place and with bytes changed
 * at random; and every compression of Linux's, packed by its library and unpacked by ours.
 */
#include <bzlib.h>
#include <elf.h>
#include <glib/gstdio.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "hw/i386/boot.h"
#include "hw/i386/unpack.h"

#define RAM_BYTES (64ull << 20)

typedef struct {
    AddressSpace *memory;
    MemRegion ram;
    E820Map e820;
    BootInfo info;
    char *folder, *kernel, *module;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    *f = (Fixture){.memory = as_new("memory", 52)};
    g_assert_true(ram_init(&f->ram, "ram", RAM_BYTES, NULL));
    as_add(f->memory, &f->ram, 0);
    e820_add(&f->e820, 0, 0x9fc00, E820_RAM);
    e820_add(&f->e820, 0x100000, RAM_BYTES - 0x100000, E820_RAM);
    f->folder = g_dir_make_tmp("boot-XXXXXX", NULL);
    f->kernel = g_build_filename(f->folder, "kernel", NULL);
    f->module = g_build_filename(f->folder, "module", NULL);
    f->info = (BootInfo){
        .memory = f->memory,
        .ram_below_4g = RAM_BYTES,
        .e820 = &f->e820,
        .rsdp = 0xf0000,
        .kernel = f->kernel,
        .append = "one two",
        .host_decompress = true,
    };
    g_assert_true(g_file_set_contents(f->module, "module!", 7, NULL));
}

static void teardown(Fixture *f, gconstpointer data)
{
    g_unlink(f->kernel);
    g_unlink(f->module);
    g_rmdir(f->folder);
    g_free(f->kernel);
    g_free(f->module);
    g_free(f->folder);
    as_free(f->memory);
    ram_free(&f->ram);
}

static bool load(Fixture *f, const void *image, size_t len, CpuBoot *boot, GError **error)
{
    g_assert_true(g_file_set_contents(f->kernel, image, (gssize)len, NULL));
    return boot_load(&f->info, boot, error);
}

/* Loads, and if that fails there must be one line that names the file. */
static void load_somehow(Fixture *f, const void *image, size_t len)
{
    g_autoptr(GError) error = NULL;
    CpuBoot boot;
    if (!load(f, image, len, &boot, &error)) {
        g_assert_nonnull(strstr(error->message, f->kernel));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static uint64_t guest(Fixture *f, uint64_t addr, unsigned size)
{
    return as_load(f->memory, addr, size, NULL);
}

/* An ELF64 image: `code` at 2 MiB with 4096 bytes of BSS behind it, and a PVH note. */
static GByteArray *make_elf(const void *code, size_t len, bool pvh)
{
    struct {
        Elf64_Ehdr h;
        Elf64_Phdr p[2];
        uint32_t note[6];
    } image = {0};
    memcpy(image.h.e_ident, ELFMAG, SELFMAG);
    image.h.e_ident[EI_CLASS] = ELFCLASS64;
    image.h.e_ident[EI_DATA] = ELFDATA2LSB;
    image.h.e_type = ET_EXEC;
    image.h.e_machine = EM_X86_64;
    image.h.e_entry = 0x200000;
    image.h.e_phoff = sizeof(image.h);
    image.h.e_phentsize = sizeof(Elf64_Phdr);
    image.h.e_phnum = pvh ? 2 : 1;
    image.p[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                              .p_offset = sizeof(image),
                              .p_paddr = 0x200000,
                              .p_filesz = len,
                              .p_memsz = len + 4096};
    image.p[1] = (Elf64_Phdr){.p_type = PT_NOTE,
                              .p_offset = offsetof(__typeof__(image), note),
                              .p_filesz = sizeof(image.note),
                              .p_align = 4};
    const uint32_t note[] = {4, 4, 18, 0x006e6558 /* "Xen" */, 0x200010, 0};
    memcpy(image.note, note, sizeof(note));
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&image, sizeof(image));
    g_byte_array_append(out, code, (guint)len);
    return out;
}

static void test_pvh(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) elf = make_elf("payload", 8, true);
    CpuBoot boot;
    f->info.initrd = f->module;
    memset(f->ram.host + 0x200008, 0xff, 64);
    g_assert_true(load(f, elf->data, elf->len, &boot, NULL));
    g_assert_cmpint(boot.mode, ==, CPU_BOOT_PROT32);
    g_assert_cmphex(boot.rip, ==, 0x200010);
    /* BIOS calls are refused, and low memory ends where the map says. */
    for (uint64_t vector = 0; vector < 256; vector++) {
        g_assert_cmphex(guest(f, vector * 4, 4), ==, 0xf000f000);
    }
    g_assert_cmphex(guest(f, 0xff000 + 8, 1), ==, 0xcf);
    g_assert_cmphex(guest(f, 0x40e, 2), ==, 0x9fc0);
    g_assert_cmpmem(f->ram.host + 0x200000, 8, "payload", 8);
    g_assert_cmphex(guest(f, 0x200008, 8), ==, 0);
    g_assert_cmphex(guest(f, boot.rbx, 4), ==, 0x336ec578);
    g_assert_cmpuint(guest(f, boot.rbx + 12, 4), ==, 1);
    g_assert_cmphex(guest(f, boot.rbx + 32, 8), ==, 0xf0000);
    uint64_t list = guest(f, boot.rbx + 16, 8), cmdline = guest(f, boot.rbx + 24, 8);
    g_assert_cmpmem(f->ram.host + guest(f, list, 8), 7, "module!", 7);
    g_assert_cmpuint(guest(f, list + 8, 8), ==, 7);
    g_assert_cmpstr((char *)f->ram.host + cmdline, ==, "one two");
    g_assert_cmpuint(guest(f, boot.rbx + 48, 4), ==, f->e820.count);
}

/* A multiboot image that says where it goes: header first, at 1 MiB. */
static GByteArray *make_multiboot(void)
{
    const uint32_t flags = 0x10003;
    const uint32_t words[] = {0x1badb002, flags,    -(0x1badb002 + flags),
                              0x100000,   0x100000, 0x100028,
                              0x101000,   0x100020, 0xfeedface,
                              0x12345678};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)words, sizeof(words));
    return out;
}

static void test_multiboot(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) image = make_multiboot();
    g_autofree char *modules = g_strdup_printf("%s a,,b,%s", f->module, f->module);
    CpuBoot boot;
    f->info.initrd = modules;
    g_assert_true(load(f, image->data, image->len, &boot, NULL));
    g_assert_cmphex(boot.rax, ==, 0x2badb002);
    g_assert_cmphex(boot.rip, ==, 0x100020);
    g_assert_cmphex(guest(f, 0x100024, 4), ==, 0x12345678);
    uint64_t mods = guest(f, boot.rbx + 24, 4), first = guest(f, mods, 4);
    g_autofree char *text = g_strdup_printf("%s a,b", f->module);
    g_assert_cmpuint(guest(f, boot.rbx + 20, 4), ==, 2);
    g_assert_cmpmem(f->ram.host + first, 7, "module!", 7);
    g_assert_cmpuint(guest(f, mods + 4, 4) - first, ==, 7);
    g_assert_cmpstr((char *)f->ram.host + guest(f, mods + 8, 4), ==, text);
    g_assert_cmphex(guest(f, mods + 16, 4) % 4096, ==, 0);
    g_autofree char *cmdline = g_strdup_printf("%s one two", f->kernel);
    g_assert_cmpstr((char *)f->ram.host + guest(f, boot.rbx + 16, 4), ==, cmdline);
}

/* Every compression */

typedef GByteArray *(*Packer)(const uint8_t *data, size_t len);

static GByteArray *with_capacity(size_t len)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)(len + len / 2 + 4096));
    return out;
}

static GByteArray *pack_gzip(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    z_stream s = {.next_in = (Bytef *)data,
                  .avail_in = (uInt)len,
                  .next_out = out->data,
                  .avail_out = out->len};
    deflateInit2(&s, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    g_assert_cmpint(deflate(&s, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)s.total_out);
    deflateEnd(&s);
    return out;
}

static GByteArray *pack_xz(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    size_t used = 0;
    g_assert_cmpint(
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, data, len, out->data, &used, out->len),
        ==, LZMA_OK);
    g_byte_array_set_size(out, (guint)used);
    return out;
}

static GByteArray *pack_lzma(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    lzma_options_lzma options;
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_lzma_preset(&options, 6);
    g_assert_cmpint(lzma_alone_encoder(&s, &options), ==, LZMA_OK);
    s.next_in = data;
    s.avail_in = len;
    s.next_out = out->data;
    s.avail_out = out->len;
    g_assert_cmpint(lzma_code(&s, LZMA_FINISH), ==, LZMA_STREAM_END);
    g_byte_array_set_size(out, (guint)s.total_out);
    lzma_end(&s);
    return out;
}

static GByteArray *pack_lz4(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    int n = LZ4_compress_default((const char *)data, (char *)out->data + 8, (int)len,
                                 (int)out->len - 8);
    const uint32_t head[] = {0x184c2102, (uint32_t)n};
    memcpy(out->data, head, 8);
    g_byte_array_set_size(out, (guint)n + 8);
    return out;
}

static GByteArray *pack_zstd(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    g_byte_array_set_size(out, (guint)ZSTD_compress(out->data, out->len, data, len, 3));
    return out;
}

static GByteArray *pack_bzip2(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    unsigned used = out->len;
    g_assert_cmpint(
        BZ2_bzBuffToBuffCompress((char *)out->data, &used, (char *)data, (unsigned)len, 9, 0, 0),
        ==, BZ_OK);
    g_byte_array_set_size(out, used);
    return out;
}

/* lzop's container with an empty name and no checksums but the header's, which nobody checks. */
static GByteArray *pack_lzo(const uint8_t *data, size_t len)
{
    static const uint8_t head[38] = {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a};
    GByteArray *out = g_byte_array_new();
    g_autofree uint8_t *packed = g_malloc(len + len / 2 + 4096);
    g_autofree uint8_t *work = g_malloc(LZO1X_1_MEM_COMPRESS);
    lzo_uint n;
    g_assert_cmpint(lzo_init(), ==, LZO_E_OK);
    g_assert_cmpint(lzo1x_1_compress(data, len, packed, &n, work), ==, LZO_E_OK);
    const uint32_t block[] = {GUINT32_TO_BE((uint32_t)len), GUINT32_TO_BE((uint32_t)n)};
    const uint32_t end = 0;
    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, (const guint8 *)block, sizeof(block));
    g_byte_array_append(out, packed, (guint)n);
    g_byte_array_append(out, (const guint8 *)&end, sizeof(end));
    return out;
}

static const struct {
    const char *name;
    Packer pack;
} packers[] = {
    {"gzip", pack_gzip}, {"xz", pack_xz},       {"lzma", pack_lzma}, {"lz4", pack_lz4},
    {"zstd", pack_zstd}, {"bzip2", pack_bzip2}, {"lzo", pack_lzo},
};

static void append_size(GByteArray *packed, size_t len)
{
    uint32_t size = (uint32_t)len;
    g_byte_array_append(packed, (const guint8 *)&size, 4);
}

static void test_unpack(void)
{
    enum { LEN = 200000 };
    g_autofree uint8_t *data = g_malloc(LEN);
    for (size_t i = 0; i < LEN; i++) {
        data[i] = (uint8_t)(g_test_rand_int_range(0, 4) + (i >> 12));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(packers); i++) {
        g_autoptr(GByteArray) packed = packers[i].pack(data, LEN);
        append_size(packed, LEN);
        g_assert_cmpstr(unpack_format(packed->data, packed->len), ==, packers[i].name);
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

/* A bzImage whose payload is an ELF image, packed as asked. */
static GByteArray *make_bzimage(Packer pack)
{
    enum { SETUP = 1024 };
    g_autoptr(GByteArray) elf = make_elf("unpacked", 9, false);
    g_autoptr(GByteArray) payload = pack(elf->data, elf->len);
    append_size(payload, elf->len);
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, SETUP);
    memset(out->data, 0, SETUP);
    uint8_t *h = out->data;
    const uint32_t payload_at = 0x400, payload_len = payload->len, init_size = 0x100000;
    const uint32_t initrd_max = 0x7fffffff, cmdline_size = 2047;
    const uint64_t pref = 0x1000000;
    h[0x1f1] = 1;
    h[0x1fe] = 0x55;
    h[0x1ff] = 0xaa;
    h[0x200] = 0xeb;
    h[0x201] = 0x66;
    memcpy(h + 0x202, "HdrS", 4);
    h[0x206] = 0x0f;
    h[0x207] = 0x02;
    h[0x236] = 1;
    memcpy(h + 0x22c, &initrd_max, 4);
    memcpy(h + 0x238, &cmdline_size, 4);
    memcpy(h + 0x248, &payload_at, 4);
    memcpy(h + 0x24c, &payload_len, 4);
    memcpy(h + 0x258, &pref, 8);
    memcpy(h + 0x260, &init_size, 4);
    guint8 code[0x400] = {0};
    g_byte_array_append(out, code, sizeof(code));
    g_byte_array_append(out, payload->data, payload->len);
    return out;
}

static void test_bzimage(Fixture *f, gconstpointer data)
{
    CpuBoot boot;
    f->info.initrd = f->module;
    for (size_t i = 0; i < G_N_ELEMENTS(packers); i++) {
        g_autoptr(GByteArray) image = make_bzimage(packers[i].pack);
        memset(f->ram.host + 0x200000, 0, 16);
        g_assert_true(load(f, image->data, image->len, &boot, NULL));
        g_assert_cmpint(boot.mode, ==, CPU_BOOT_LONG64);
        g_assert_cmphex(boot.rip, ==, 0x200000);
        g_assert_cmpstr((char *)f->ram.host + 0x200000, ==, "unpacked");
        uint64_t zero = boot.rsi, initrd = guest(f, zero + 0x218, 4);
        g_assert_cmphex(guest(f, zero + 0x70, 8), ==, 0xf0000);
        g_assert_cmpuint(guest(f, zero + 0x1e8, 1), ==, f->e820.count);
        g_assert_cmpmem(f->ram.host + initrd, 7, "module!", 7);
        g_assert_cmpstr((char *)f->ram.host + guest(f, zero + 0x228, 4), ==, "one two");
    }
    g_autoptr(GByteArray) image = make_bzimage(pack_gzip);
    f->info.host_decompress = false;
    g_assert_true(load(f, image->data, image->len, &boot, NULL));
    g_assert_cmphex(boot.rip, ==, 0x1000200);
}

static void test_errors(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) image = make_bzimage(pack_gzip);
    CpuBoot boot;
    static const struct {
        const char *initrd;
        uint64_t ram;
        const char *wants;
    } rows[] = {
        {"/nonexistent/initrd", RAM_BYTES, "initrd '/nonexistent/initrd' cannot be read"},
        {NULL, 8 << 20, "give it more with -m"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        f->info.initrd = rows[i].initrd;
        f->info.ram_below_4g = rows[i].ram;
        g_assert_false(load(f, image->data, image->len, &boot, &error));
        g_assert_nonnull(strstr(error->message, rows[i].wants));
    }
    f->info.ram_below_4g = RAM_BYTES;
    f->info.initrd = NULL;
    g_autoptr(GError) truncated = NULL, empty = NULL;
    g_assert_false(load(f, image->data, image->len - 10, &boot, &truncated));
    g_assert_nonnull(strstr(truncated->message, "truncated"));
    g_assert_false(load(f, "", 0, &boot, &empty));
    g_assert_nonnull(strstr(empty->message, "not a kernel"));
}

/* Truncations and changed bytes: an error or a boot, never more. */
static void test_hostile(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) elf = make_elf("payload", 8, true), multiboot = make_multiboot(),
                          bz = make_bzimage(pack_lz4);
    GByteArray *const images[] = {elf, multiboot, bz};
    for (size_t i = 0; i < G_N_ELEMENTS(images); i++) {
        for (int n = 0; n < 300; n++) {
            g_autofree guint8 *copy = g_memdup2(images[i]->data, images[i]->len);
            size_t len = images[i]->len;
            if (g_test_rand_bit()) {
                len = (size_t)g_test_rand_int_range(0, (int)len);
            }
            for (int change = g_test_rand_int_range(0, 4); change > 0 && len > 0; change--) {
                copy[g_test_rand_int_range(0, (int)MIN(len, 700))] = (guint8)g_test_rand_int();
            }
            load_somehow(f, copy, len);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot/unpack", test_unpack);
    g_test_add("/boot/pvh", Fixture, NULL, setup, test_pvh, teardown);
    g_test_add("/boot/multiboot", Fixture, NULL, setup, test_multiboot, teardown);
    g_test_add("/boot/bzimage", Fixture, NULL, setup, test_bzimage, teardown);
    g_test_add("/boot/errors", Fixture, NULL, setup, test_errors, teardown);
    g_test_add("/boot/hostile", Fixture, NULL, setup, test_hostile, teardown);
    return g_test_run();
}

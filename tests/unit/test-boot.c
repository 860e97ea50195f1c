/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot protocols: images made here, whole, truncated at every kind of place and with bytes changed
 * at random. Unpacking has a test of its own, test-unpack.
 */
#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>

#include "boot/images.h"
#include "hw/i386/boot/boot.h"

#define RAM_BYTES    (64ull << 20)
#define TABLES_BYTES (128ull << 10) /* kept at the end of it */

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
    e820_add(&f->e820, 0x9fc00, 0x60400, E820_RESERVED);
    e820_add(&f->e820, 0x100000, RAM_BYTES - TABLES_BYTES - 0x100000, E820_RAM);
    e820_add(&f->e820, RAM_BYTES - TABLES_BYTES, TABLES_BYTES, E820_ACPI);
    f->folder = g_dir_make_tmp("boot-XXXXXX", NULL);
    f->kernel = g_build_filename(f->folder, "kernel", NULL);
    f->module = g_build_filename(f->folder, "module", NULL);
    f->info = (BootInfo){
        .memory = f->memory,
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

/*
 * What was put into guest memory, collected by following the boot protocol's pointers. Nothing may
 * lie upon anything else, nor outside RAM.
 */
typedef struct {
    uint64_t base, len;
} Piece;

static void add_piece(GArray *pieces, uint64_t base, uint64_t len)
{
    const Piece piece = {base, len};
    g_array_append_val(pieces, piece);
}

static void add_text(Fixture *f, GArray *pieces, uint64_t at)
{
    add_piece(pieces, at, strlen((char *)f->ram.host + at) + 1);
}

static void check_pieces(Fixture *f, const GArray *pieces)
{
    for (guint i = 0; i < pieces->len; i++) {
        const Piece *a = &g_array_index(pieces, Piece, i);
        uint64_t end = a->base + a->len;
        g_assert_true(a->base >= 0x500 && end <= RAM_BYTES - TABLES_BYTES);
        g_assert_true(end <= 0x9fc00 || a->base >= 0x100000);
        for (guint n = 0; n < i; n++) {
            const Piece *b = &g_array_index(pieces, Piece, n);
            g_assert_true(end <= b->base || b->base + b->len <= a->base);
        }
    }
}

static void add_multiboot(Fixture *f, GArray *pieces, const CpuBoot *boot)
{
    uint64_t mods = guest(f, boot->rbx + 24, 4), count = guest(f, boot->rbx + 20, 4);
    add_piece(pieces, boot->gdt_base, boot->gdt_limit + 1u);
    add_piece(pieces, boot->rbx, 120);
    add_piece(pieces, guest(f, boot->rbx + 48, 4), guest(f, boot->rbx + 44, 4));
    add_text(f, pieces, guest(f, boot->rbx + 16, 4));
    add_text(f, pieces, guest(f, boot->rbx + 64, 4));
    add_piece(pieces, mods, count * 16);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t entry = mods + i * 16, start = guest(f, entry, 4);
        add_piece(pieces, start, guest(f, entry + 4, 4) - start);
        add_text(f, pieces, guest(f, entry + 8, 4));
    }
}

static void add_pvh(Fixture *f, GArray *pieces, const CpuBoot *boot)
{
    uint64_t list = guest(f, boot->rbx + 16, 8);
    add_piece(pieces, boot->gdt_base, boot->gdt_limit + 1u);
    add_piece(pieces, boot->rbx, 56);
    add_text(f, pieces, guest(f, boot->rbx + 24, 8));
    add_piece(pieces, guest(f, boot->rbx + 40, 8), guest(f, boot->rbx + 48, 4) * 24);
    add_piece(pieces, list, 32);
    add_piece(pieces, guest(f, list, 8), guest(f, list + 8, 8));
}

static void add_linux(Fixture *f, GArray *pieces, const CpuBoot *boot)
{
    add_piece(pieces, boot->gdt_base, boot->gdt_limit + 1u);
    add_piece(pieces, boot->rsi, 4096);
    add_text(f, pieces, guest(f, boot->rsi + 0x228, 4));
    add_piece(pieces, guest(f, boot->rsi + 0x218, 4), guest(f, boot->rsi + 0x21c, 4));
    if (boot->mode == CPU_BOOT_LONG64) {
        add_piece(pieces, boot->cr3, 6 * 4096);
    }
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
    /* Every BIOS call goes to the BIOS, and low memory ends where the map says. */
    for (uint64_t vector = 0; vector < 256; vector++) {
        g_assert_cmphex(guest(f, vector * 4, 4) >> 12, ==, 0xf000f);
    }
    g_assert_cmphex(guest(f, 0x40e, 2), ==, 0x9fc0);
    g_assert_cmphex(guest(f, 0x413, 2), ==, 639);
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
    /* What a loader of the next stage takes for free must not hold the machine's tables. */
    g_assert_cmpuint(guest(f, boot.rbx + 4, 4), ==, 639);
    g_assert_cmpuint(guest(f, boot.rbx + 8, 4), ==, (RAM_BYTES - TABLES_BYTES - 0x100000) >> 10);
}

/* Images anywhere, with each kind of header: all of the image arrives, and beside it everything
 * else. */
static void test_layout(Fixture *f, gconstpointer data)
{
    enum { LEN = 0x9fc00 - 0x500 };
    static const struct {
        uint32_t base, len;
    } places[] = {
        {0x8000, 0x5a30}, {0x500, LEN},       {0x1000, 0x1000},     {0x1000, 0x9ec00},
        {0x9000, 0x7000}, {0x10000, 0x30000}, {0x20000, 0x10000},   {0x7c00, 0x200},
        {0x9f000, 0xc00}, {0x100000, 0x8000}, {0x3fd0000, 0x10000},
    };
    g_autofree char *modules = g_strdup_printf("%s a,%s b", f->module, f->module);
    g_autofree guint8 *bytes = g_malloc(LEN);
    for (size_t i = 0; i < LEN; i++) {
        bytes[i] = (guint8)(i * 7 + (i >> 8));
    }
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(places); i++) {
        uint32_t base = places[i / 2].base, len = places[i / 2].len;
        bool pvh = i % 2;
        g_autoptr(GByteArray) image =
            pvh ? make_elf_at(base, bytes, len) : make_multiboot_at(base, bytes, len);
        g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
        g_autoptr(GError) error = NULL;
        CpuBoot boot;
        f->info.initrd = pvh ? f->module : modules;
        load(f, image->data, image->len, &boot, &error);
        g_assert_no_error(error);
        add_piece(pieces, base, len);
        (pvh ? add_pvh : add_multiboot)(f, pieces, &boot);
        check_pieces(f, pieces);
        g_assert_cmpmem(f->ram.host + base, len, pvh ? bytes : image->data, len);
    }
}

/* Where the map keeps something else no image goes. */
static void test_reserved(Fixture *f, gconstpointer data)
{
    static const uint32_t bases[] = {0x9fb00, 0xf0000, RAM_BYTES - TABLES_BYTES - 0x100,
                                     RAM_BYTES - 0x1000, RAM_BYTES};
    static const guint8 bytes[0x200];
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(bases); i++) {
        uint32_t base = bases[i / 2];
        g_autoptr(GByteArray) image = i % 2 ? make_elf_at(base, bytes, sizeof(bytes))
                                            : make_multiboot_at(base, bytes, sizeof(bytes));
        g_autoptr(GError) error = NULL;
        CpuBoot boot;
        g_assert_false(load(f, image->data, image->len, &boot, &error));
        g_assert_nonnull(strstr(error->message, "outside the machine's RAM"));
    }
}

/* What each protocol's kernel is entered by, and finds. */
static void test_linux_entries(Fixture *f, gconstpointer data)
{
    static const struct {
        Linux what;
        int mode;
        uint64_t load, rip;
    } rows[] = {
        {{.version = 0x200, .low = true, .code32 = 0x1000}, CPU_BOOT_REAL, 0x10000},
        {{.version = 0x20f, .low = true, .code32 = 0x1000}, CPU_BOOT_REAL, 0x10000},
        {{.version = 0x200, .code32 = 0x100000}, CPU_BOOT_REAL, 0x100000},
        {{.version = 0x201, .code32 = 0x100000}, CPU_BOOT_REAL, 0x100000},
        {{.version = 0x202, .code32 = 0x100000}, CPU_BOOT_REAL, 0x100000},
        {{.version = 0x204, .code32 = 0x100000}, CPU_BOOT_REAL, 0x100000},
        {{.version = 0x207, .code32 = 0}, CPU_BOOT_REAL, 0x100000},
        {{.version = 0x205, .code32 = 0x100000}, CPU_BOOT_PROT32, 0x100000, 0x100000},
        {{.version = 0x207, .code32 = 0x100010}, CPU_BOOT_PROT32, 0x100000, 0x100010},
        {{.version = 0x20a, .code32 = 0x100000}, CPU_BOOT_PROT32, 0x1000000, 0x1000000},
        {{.version = 0x20f, .code32 = 0x100000}, CPU_BOOT_PROT32, 0x1000000, 0x1000000},
        {{.version = 0x20f, .code32 = 0x100000, .pack = pack_xz}, CPU_BOOT_PROT32, 0, 0x200000},
        {{.version = 0x20c, .has64 = true, .code32 = 0x100000},
         CPU_BOOT_LONG64,
         0x1000000,
         0x1000200},
        {{.version = 0x20f, .has64 = true, .code32 = 0x100000, .pack = pack_xz},
         CPU_BOOT_LONG64,
         0,
         0x200000},
    };
    f->info.initrd = f->module;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) image = make_linux(&rows[i].what);
        g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
        g_autoptr(GError) error = NULL;
        CpuBoot boot;
        g_test_message("protocol %x", rows[i].what.version);
        memset(f->ram.host, 0, RAM_BYTES);
        load(f, image->data, image->len, &boot, &error);
        g_assert_no_error(error);
        g_assert_cmpint(boot.mode, ==, rows[i].mode);
        if (rows[i].load) {
            g_assert_cmpmem(f->ram.host + rows[i].load, CODE, image->data + SETUP, CODE);
        }
        uint64_t header = boot.mode == CPU_BOOT_REAL ? boot.ds * 16 : boot.rsi;
        g_assert_cmphex(guest(f, header + 0x210, 1), ==, 0xff);
        uint64_t initrd = guest(f, header + 0x218, 4);
        g_assert_cmpmem(f->ram.host + initrd, guest(f, header + 0x21c, 4), "module!", 7);
        if (boot.mode != CPU_BOOT_REAL) {
            g_assert_cmphex(boot.rip, ==, rows[i].rip);
            g_assert_cmpstr((char *)f->ram.host + guest(f, header + 0x228, 4), ==, "one two");
            add_linux(f, pieces, &boot);
            check_pieces(f, pieces);
            continue;
        }
        /* Through the BIOS to DS:0200h, and the setup code is there but for its header. */
        g_assert_cmphex(boot.cs, ==, 0xf000);
        g_assert_cmpmem(f->ram.host + header, 0x20, image->data, 0x20);
        g_assert_cmpmem(f->ram.host + header + 0x268, SETUP - 0x268, image->data + 0x268,
                        SETUP - 0x268);
        bool old = rows[i].what.version < 0x202;
        uint64_t cmdline = old ? header + guest(f, header + 0x22, 2) : guest(f, header + 0x228, 4);
        g_assert_cmphex(guest(f, header + 0x20, 2), ==, old ? 0xa33f : 0x2120);
        g_assert_cmpstr((char *)f->ram.host + cmdline, ==, "one two");
        g_assert_cmphex(cmdline, >=, header + boot.rsp);
        g_assert_cmpint(guest(f, header + 0x211, 1) >> 7, ==, rows[i].what.version >= 0x201);
    }
}

/* The BIOS's memory map is the machine's. */
static void test_bios(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) elf = make_elf("payload", 8, true);
    uint64_t table = 0xf0000;
    CpuBoot boot;
    g_assert_true(load(f, elf->data, elf->len, &boot, NULL));
    table += guest(f, 0xff002, 2);
    g_assert_cmpuint(guest(f, table, 2), ==, 15 << 10);
    g_assert_cmpuint(guest(f, table + 2, 2), ==, (RAM_BYTES - TABLES_BYTES - (16 << 20)) >> 16);
    g_assert_cmpuint(guest(f, table + 4, 2), ==, (RAM_BYTES - TABLES_BYTES - (1 << 20)) >> 10);
    g_assert_cmpuint(guest(f, table + 8, 4), ==, f->e820.count);
    for (size_t i = 0; i < f->e820.count; i++) {
        uint64_t at = table + 12 + 20 * i;
        g_assert_cmphex(guest(f, at, 8), ==, f->e820.entry[i].base);
        g_assert_cmphex(guest(f, at + 8, 8), ==, f->e820.entry[i].size);
        g_assert_cmphex(guest(f, at + 16, 4), ==, f->e820.entry[i].type);
    }
}

static void test_bzimage(Fixture *f, gconstpointer data)
{
    CpuBoot boot;
    f->info.initrd = f->module;
    for (size_t i = 0; i < PACK_FORMATS; i++) {
        g_autoptr(GByteArray) image = make_bzimage(pack_formats[i].pack);
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
        uint64_t ram; /* the end of it */
        const char *wants;
    } rows[] = {
        {"/nonexistent/initrd", RAM_BYTES, "initrd '/nonexistent/initrd' cannot be read"},
        {NULL, 8 << 20, "give it more with -m"},
    };
    const E820Map whole = f->e820;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        f->info.initrd = rows[i].initrd;
        f->e820.entry[2].size = rows[i].ram - 0x100000;
        g_assert_false(load(f, image->data, image->len, &boot, &error));
        g_assert_nonnull(strstr(error->message, rows[i].wants));
    }
    f->e820 = whole;
    f->info.initrd = NULL;
    g_autoptr(GError) truncated = NULL, empty = NULL;
    g_assert_false(load(f, image->data, image->len - 10, &boot, &truncated));
    g_assert_nonnull(strstr(truncated->message, "truncated"));
    g_assert_false(load(f, "", 0, &boot, &empty));
    g_assert_nonnull(strstr(empty->message, "not a kernel"));
}

/* Segments that lie on each other: no more is loaded than there is RAM. */
static void test_overlapping_segments(Fixture *f, gconstpointer data)
{
    enum { SEGMENTS = 60000 };
    const uint64_t base = 0x200000, len = RAM_BYTES / 2;
    g_autoptr(GByteArray) image = make_elf_at(base, "x", 1);
    g_autoptr(GError) error = NULL;
    Elf64_Phdr segment = {.p_type = PT_LOAD, .p_paddr = base, .p_memsz = len};
    Elf64_Ehdr header;
    Elf64_Phdr note;
    CpuBoot boot;
    memcpy(&header, image->data, sizeof(header));
    memcpy(&note, image->data + sizeof(header) + sizeof(note), sizeof(note));
    header.e_phoff = image->len;
    header.e_phnum = SEGMENTS + 1;
    memcpy(image->data, &header, sizeof(header));
    g_byte_array_append(image, (const guint8 *)&note, sizeof(note));
    for (unsigned i = 0; i < SEGMENTS; i++) {
        g_byte_array_append(image, (const guint8 *)&segment, sizeof(segment));
    }
    g_assert_false(load(f, image->data, image->len, &boot, &error));
    g_assert_nonnull(strstr(error->message, "its segments are more than the machine's RAM"));
}

/* What a payload says of its size is looked at before it is unpacked. */
static void test_payload_beyond_ram(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) image = make_bzimage(pack_gzip);
    g_autoptr(GError) error = NULL;
    CpuBoot boot;
    uint32_t size = GUINT32_TO_LE(RAM_BYTES + 1u);
    memcpy(image->data + image->len - sizeof(size), &size, sizeof(size));
    g_assert_false(load(f, image->data, image->len, &boot, &error));
    g_assert_nonnull(strstr(error->message, "claims to unpack to"));
    g_assert_nonnull(strstr(error->message, "give it more with -m"));
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
    g_test_add("/boot/pvh", Fixture, NULL, setup, test_pvh, teardown);
    g_test_add("/boot/multiboot", Fixture, NULL, setup, test_multiboot, teardown);
    g_test_add("/boot/layout", Fixture, NULL, setup, test_layout, teardown);
    g_test_add("/boot/reserved", Fixture, NULL, setup, test_reserved, teardown);
    g_test_add("/boot/bios", Fixture, NULL, setup, test_bios, teardown);
    g_test_add("/boot/linux-entries", Fixture, NULL, setup, test_linux_entries, teardown);
    g_test_add("/boot/bzimage", Fixture, NULL, setup, test_bzimage, teardown);
    g_test_add("/boot/errors", Fixture, NULL, setup, test_errors, teardown);
    g_test_add("/boot/overlapping-segments", Fixture, NULL, setup, test_overlapping_segments,
               teardown);
    g_test_add("/boot/payload-beyond-ram", Fixture, NULL, setup, test_payload_beyond_ram, teardown);
    g_test_add("/boot/hostile", Fixture, NULL, setup, test_hostile, teardown);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for addresses: lists as nm has them, ELF images of both classes, files that are neither,
 * and a kernel that moves. */
#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/symbols.h"

static char *dir;

static char *write_file(const char *name, const void *data, size_t length)
{
    char *path = g_build_filename(dir, name, NULL);

    g_assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
    return path;
}

static Symbols *load(const void *data, size_t length, GError **error)
{
    g_autofree char *path = write_file("symbols", data, length);
    Symbols *s = symbols_load(path, error);

    g_assert_cmpint(g_unlink(path), ==, 0);
    return s;
}

static void check_name(const Symbols *s, uint64_t addr, const char *expected)
{
    g_autofree char *name = symbols_name(s, addr);

    g_assert_cmpstr(name, ==, expected);
}

static const char list[] = "0000000000000000 A fixed_percpu_data\n"
                           "ffffffff81000000 t local_start\n"
                           "ffffffff81000000 T _stext\n"
                           "ffffffff81000000 T _text\n"
                           "ffffffff81000100 t modify_irte\n"
                           "ffffffff81000080 T entry_SYSCALL_64\n"
                           "ffffffff81000200 D some_data\n"
                           "\n"
                           "ffffffffc0001000 t nvme_irq\t[nvme]";

/* The nearest below, of several the global one and of these the first; data is no code. */
static void test_list(void)
{
    Symbols *s = load(list, strlen(list), NULL);
    g_autoptr(GString) out = g_string_new("at 1");

    check_name(s, 0xffffffff81000000, "_stext+0x0");
    check_name(s, 0xffffffff8100007f, "_stext+0x7f");
    check_name(s, 0xffffffff81000080, "entry_SYSCALL_64+0x0");
    check_name(s, 0xffffffff81000220, "modify_irte+0x120");
    check_name(s, 0xffffffffc0001004, "nvme_irq+0x4");
    check_name(s, 0xffffffff80ffffff, NULL);
    check_name(s, 0xffffffffa0000000, NULL); /* nothing is near */
    check_name(s, 0, NULL);
    check_name(NULL, 0xffffffff81000000, NULL);
    symbols_add(s, 0xffffffff81000220, out);
    symbols_add(s, 5, out);
    symbols_add(NULL, 0xffffffff81000220, out);
    g_assert_cmpstr(out->str, ==, "at 1 (modify_irte+0x120)");
    symbols_set_offset(s, 0x1000000);
    check_name(s, 0xffffffff82000220, "modify_irte+0x120");
    symbols_free(s);
    symbols_free(NULL);
}

static uint64_t value_of(void *opaque)
{
    return *(uint64_t *)opaque;
}

/* Where the anchor is says how far all has moved, unless it is elsewhere altogether. */
static void test_follow(void)
{
    Symbols *s = load(list, strlen(list), NULL);
    uint64_t lstar = 0;

    g_assert_false(symbols_follow(s, "entry_SYSENTER_32", value_of, &lstar));
    g_assert_true(symbols_follow(s, "entry_SYSCALL_64", value_of, &lstar));
    check_name(s, 0xffffffff81000220, "modify_irte+0x120");
    lstar = 0xffffffff9c000080;
    check_name(s, 0xffffffff9c000220, "modify_irte+0x120");
    check_name(s, 0xffffffff81000220, NULL);
    lstar = 0xffffffff80f00080;
    check_name(s, 0xffffffff80f00220, "modify_irte+0x120");
    for (unsigned i = 0; i < 2; i++) {
        lstar = i == 0 ? 0xffffffff9c000084 : 0x0000000081000080;
        check_name(s, 0xffffffff81000220, "modify_irte+0x120");
    }
    symbols_free(s);
}

static void test_wrong_lists(void)
{
    static const char *const wrong[][2] = {
        {"", "has no symbols"},
        {"0", "has no symbols"},
        {"hello, world\n", "is neither an ELF image nor a list of symbols"},
        {"12345678901234567 T a\n", "is neither"},
        {"ffffffff81000000\n", "has a line that is no symbol's"},
        {"ffffffff81000000 TT a\n", "has a line that is no symbol's"},
        {"ffffffff81000000 T a\x01\n", "has a name that cannot be printed"},
        {"ffffffff81000000 D data\n", "has no symbols of code"},
        {"0000000000000000 T hidden\n", "has no symbols of code"},
        {"ffffffff81000000 T ", "has no symbols of code"},
        {"\x1f\x8b\x08\x01\x01\x01", "is compressed"},
        {"\xfd"
         "7zXZ\x01",
         "is compressed"},
        {"\x7f"
         "ELFxxxx",
         "is no little-endian ELF image"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(load(wrong[i][0], strlen(wrong[i][0]), &error));
        g_assert_nonnull(strstr(error->message, wrong[i][1]));
        g_assert_nonnull(strstr(error->message, dir));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void test_wrong_files(void)
{
    g_autofree char *none = g_build_filename(dir, "none", NULL);
    g_autofree char *pipe = g_build_filename(dir, "pipe", NULL);
    const char *paths[] = {none, dir, "/dev/null", pipe};

    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(symbols_load(paths[i], &error));
        g_assert_nonnull(strstr(error->message, paths[i]));
    }
    g_assert_cmpint(g_unlink(pipe), ==, 0);
}

/* A long name is cut, not the file refused. */
static void test_long_name(void)
{
    g_autoptr(GString) text = g_string_new("ffffffff81000000 T ");

    for (unsigned i = 0; i < 5000; i++) {
        g_string_append_c(text, 'x');
    }
    Symbols *s = load(text->str, text->len, NULL);
    g_autofree char *name = symbols_name(s, 0xffffffff81000001);
    g_assert_cmpuint(strlen(name), ==, 512 + strlen("+0x1"));
    symbols_free(s);
}

/* Images of three sections behind the header: code, symbols, names. */

static const char names[] = "\0main\0handler\0data\0local";
enum { MAIN = 1, HANDLER = 6, DATA = 14, LOCAL = 19 };

typedef struct {
    Elf64_Ehdr head;
    Elf64_Shdr sections[4];
    Elf64_Sym symbols[5];
    char names[sizeof(names)];
} Image64;

static Image64 image64(void)
{
    Image64 image = {
        .head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
                 .e_shoff = offsetof(Image64, sections),
                 .e_shentsize = sizeof(Elf64_Shdr),
                 .e_shnum = 4},
        .sections = {{0},
                     {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR},
                     {.sh_type = SHT_SYMTAB,
                      .sh_link = 3,
                      .sh_offset = offsetof(Image64, symbols),
                      .sh_size = sizeof(Elf64_Sym[5]),
                      .sh_entsize = sizeof(Elf64_Sym)},
                     {.sh_type = SHT_STRTAB,
                      .sh_offset = offsetof(Image64, names),
                      .sh_size = sizeof(names)}},
        .symbols = {{0},
                    {MAIN, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x100000, 16},
                    {HANDLER, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, 1, 0x100010, 0},
                    {DATA, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_ABS, 0x100014, 0},
                    {LOCAL, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 0, 1, 0x100000, 16}},
    };

    memcpy(image.names, names, sizeof(names));
    return image;
}

static void test_elf64(void)
{
    Image64 image = image64();
    Symbols *s = load(&image, sizeof(image), NULL);

    check_name(s, 0x100000, "main+0x0");
    check_name(s, 0x10000f, "main+0xf");
    check_name(s, 0x100018, "handler+0x8");
    check_name(s, 0xfffff, NULL);
    symbols_free(s);
}

static void test_elf32(void)
{
    struct {
        Elf32_Ehdr head;
        Elf32_Shdr sections[4];
        Elf32_Sym symbols[2];
        char names[sizeof(names)];
    } image = {
        .head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, 1},
                 .e_shentsize = sizeof(Elf32_Shdr),
                 .e_shnum = 4},
        .sections = {{0},
                     {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR},
                     {.sh_type = SHT_SYMTAB, .sh_link = 3, .sh_entsize = sizeof(Elf32_Sym)},
                     {.sh_type = SHT_STRTAB}},
        .symbols = {{0}, {MAIN, 0xc0100000, 16, ELF32_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1}},
    };

    memcpy(image.names, names, sizeof(names));
    image.head.e_shoff = (Elf32_Off)((char *)image.sections - (char *)&image);
    image.sections[2].sh_offset = (Elf32_Off)((char *)image.symbols - (char *)&image);
    image.sections[2].sh_size = sizeof(image.symbols);
    image.sections[3].sh_offset = (Elf32_Off)((char *)image.names - (char *)&image);
    image.sections[3].sh_size = sizeof(names);
    Symbols *s = load(&image, sizeof(image), NULL);
    check_name(s, 0xc0100004, "main+0x4");
    symbols_free(s);
}

static void refuse(const Image64 *image, size_t length)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(load(image, length, &error));
    g_assert_null(strchr(error->message, '\n'));
}

/* Numbers that point out of the file, or make it huge; and every way of cutting it off. */
static void test_hostile(void)
{
    static const uint64_t values[] = {0, 1, 5, 0xffff, 0x7fffffffffffffff, UINT64_MAX};
    Image64 good = image64(), image;

    for (size_t length = 0; length < offsetof(Image64, names) + DATA; length++) {
        refuse(&good, length);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        uint64_t *fields[] = {&image.head.e_shoff, &image.sections[2].sh_size,
                              &image.sections[2].sh_offset, &image.sections[2].sh_entsize,
                              &image.sections[3].sh_size};
        for (unsigned n = 0; n < G_N_ELEMENTS(fields); n++) {
            image = good;
            *fields[n] = values[i];
            refuse(&image, sizeof(image));
        }
        image = good;
        image.head.e_shnum = (Elf64_Half)(i == 2 ? 0 : values[i]);
        refuse(&image, sizeof(image));
    }
    image = good;
    image.sections[2].sh_link = 4;
    refuse(&image, sizeof(image));
    image = good;
    image.symbols[1].st_name = sizeof(names);
    refuse(&image, sizeof(image));
    image = good;
    image.names[MAIN] = '\n';
    refuse(&image, sizeof(image));
}

/* Bytes changed at random: an answer or one line, and no more. */
static void test_random(void)
{
    for (unsigned run = 0; run < 2000; run++) {
        Image64 image = image64();

        for (unsigned n = 0; n < 4; n++) {
            ((uint8_t *)&image)[g_test_rand_int_range(4, sizeof(image))] =
                (uint8_t)g_test_rand_int_range(0, 256);
        }
        g_autoptr(GError) error = NULL;
        Symbols *s = load(&image, sizeof(image), &error);
        g_assert_true((s != NULL) != (error != NULL));
        g_autofree char *name = symbols_name(s, 0x100010);
        symbols_free(s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("symbols-XXXXXX", NULL);
    g_test_add_func("/symbols/list", test_list);
    g_test_add_func("/symbols/follow", test_follow);
    g_test_add_func("/symbols/wrong-lists", test_wrong_lists);
    g_test_add_func("/symbols/wrong-files", test_wrong_files);
    g_test_add_func("/symbols/long-name", test_long_name);
    g_test_add_func("/symbols/elf64", test_elf64);
    g_test_add_func("/symbols/elf32", test_elf32);
    g_test_add_func("/symbols/hostile", test_hostile);
    g_test_add_func("/symbols/random", test_random);
    int status = g_test_run();
    g_rmdir(dir);
    g_free(dir);
    return status;
}

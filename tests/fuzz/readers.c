/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that come from elsewhere: kernels of each boot protocol and their packings, symbols, saved
 * machines. Each is a good one, damaged; whoever reads it takes it or says why not.
 */
#include <elf.h>
#include <glib/gstdio.h>

#include "base/symbols.h"
#include "fuzz.h"
#include "hw/i386/boot/boot.h"
#include "hw/i386/boot/unpack.h"
#include "machine/snapshot.h"
#include "system/replay_items.h"
#include "tests/unit/boot/images.h"
#include "tests/unit/machine-windows.h"

#define READER_RAM      (16u << 20)
#define READER_UNPACKED (1u << 20)

static void readers_damage(GByteArray *image, FuzzInput *in)
{
    for (unsigned n = fuzz_below(in, 8) + 1; n > 0 && image->len > 8; n--) {
        unsigned front = fuzz_below(in, 2) ? 1024 : 65536; /* where the headers are, mostly */
        guint at = fuzz_below(in, MIN(image->len - 8, front)), removed = fuzz_below(in, 32);
        uint64_t value = fuzz_number(in);
        switch (fuzz_below(in, 8)) {
        case 0:
            g_byte_array_set_size(image, at + 8);
            break;
        case 1:
            g_byte_array_remove_range(image, at, MIN(removed, image->len - at));
            break;
        default:
            memcpy(image->data + at, &value, 1u << fuzz_below(in, 4));
        }
    }
}

/* A file that is written anew for each run. */
typedef struct {
    AddressSpace *memory;
    MemRegion ram;
    char *folder, *file;
} Reader;

static void *readers_open(const void *data)
{
    Reader *r = g_new0(Reader, 1);
    GError *error = NULL;
    r->memory = as_new("memory", 52);
    box_must(ram_init(&r->ram, "ram", READER_RAM, &error), error);
    as_add(r->memory, &r->ram, 0);
    r->folder = g_dir_make_tmp("switchyard-fuzz-XXXXXX", &error);
    box_must(r->folder, error);
    r->file = g_build_filename(r->folder, "file", NULL);
    return r;
}

static void readers_close(void *state)
{
    Reader *r = state;
    g_unlink(r->file);
    g_rmdir(r->folder);
    g_free(r->file);
    g_free(r->folder);
    as_free(r->memory);
    ram_free(&r->ram);
    g_free(r);
}

static void readers_write(const Reader *r, const GByteArray *image)
{
    GError *error = NULL;
    box_must(g_file_set_contents(r->file, (const char *)image->data, image->len, &error), error);
}

/* What is refused is refused in one line that names the file. */
static void readers_must_tell(const Reader *r, const GError *error)
{
    if (!strstr(error->message, r->file) || strchr(error->message, '\n')) {
        g_error("not one line that names the file: '%s'", error->message);
    }
}

static GByteArray *readers_kernel(FuzzInput *in)
{
    static const uint8_t code[256] = {0xf4, 0xeb, 0xfd};
    switch (fuzz_below(in, 6)) {
    case 0:
        return make_elf(code, sizeof(code), true);
    case 1:
        return make_elf32(0x100000, code, sizeof(code));
    case 2:
        return make_multiboot_at(0x100000, code, sizeof(code));
    case 3:
        return make_multiboot();
    case 4:
        return make_linux(&(const Linux){.version = 0x200 + fuzz_below(in, 16),
                                         .low = fuzz_below(in, 2),
                                         .relocates = fuzz_below(in, 2),
                                         .has64 = fuzz_below(in, 2),
                                         .code32 = 0x100000});
    default:
        return make_bzimage(pack_formats[fuzz_below(in, PACK_FORMATS)].pack);
    }
}

static void readers_kernel_run(void *state, FuzzInput *in)
{
    Reader *r = state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) kernel = readers_kernel(in);
    E820Map e820 = {0};
    CpuBoot boot;
    e820_add(&e820, 0, 0x9fc00, E820_RAM);
    e820_add(&e820, 0x9fc00, 0x60400, E820_RESERVED);
    e820_add(&e820, 0x100000, READER_RAM - 0x100000, E820_RAM);
    BootInfo info = {.memory = r->memory,
                     .e820 = &e820,
                     .rsdp = 0xf0000,
                     .kernel = r->file,
                     .initrd = fuzz_below(in, 3) ? NULL : r->file,
                     .append = fuzz_below(in, 2) ? "one two" : NULL,
                     .host_decompress = fuzz_below(in, 2)};
    readers_damage(kernel, in);
    readers_write(r, kernel);
    if (!boot_load(&info, &boot, &error)) {
        readers_must_tell(r, error);
    }
}

static void readers_unpack_run(void *state, FuzzInput *in)
{
    static const uint8_t plain[300] = "what is packed, and more, and more, and more, and more";
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) packed =
        pack_formats[fuzz_below(in, PACK_FORMATS)].pack(plain, sizeof(plain));
    readers_damage(packed, in);
    g_autoptr(GBytes) out = unpack(packed->data, packed->len, READER_UNPACKED, &error);
    if (out && g_bytes_get_size(out) > READER_UNPACKED) {
        g_error("%zu bytes came out of %u", g_bytes_get_size(out), packed->len);
    }
}

/* A program of nothing but code's section and three symbols. */
static GByteArray *readers_symbol_table(void)
{
    static const char names[] = "\0_text\0startup_64\0modify_irte";
    struct {
        Elf64_Ehdr h;
        Elf64_Shdr s[4];
        Elf64_Sym symbols[4];
        char names[sizeof(names)];
    } image = {
        .h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
              .e_type = ET_EXEC,
              .e_machine = EM_X86_64,
              .e_shoff = sizeof(Elf64_Ehdr),
              .e_shentsize = sizeof(Elf64_Shdr),
              .e_shnum = 4},
    };
    uint64_t symbols_at = (uint64_t)((uint8_t *)image.symbols - (uint8_t *)&image);
    uint64_t names_at = (uint64_t)((uint8_t *)image.names - (uint8_t *)&image);
    image.s[1] = (Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR};
    image.s[2] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                              .sh_offset = symbols_at,
                              .sh_size = sizeof(image.symbols),
                              .sh_link = 3,
                              .sh_entsize = sizeof(Elf64_Sym)};
    image.s[3] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = names_at, .sh_size = sizeof(names)};
    for (unsigned i = 1; i < G_N_ELEMENTS(image.symbols); i++) {
        static const uint32_t at[] = {0, 1, 7, 18};
        image.symbols[i] = (Elf64_Sym){.st_name = at[i],
                                       .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                       .st_shndx = 1,
                                       .st_value = 0xffffffff81000000 + i * 0x100};
    }
    memcpy(image.names, names, sizeof(names));
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&image, sizeof(image));
    return out;
}

static void readers_symbols_run(void *state, FuzzInput *in)
{
    static const char map[] = "ffffffff81000000 T _text\nffffffff81000120 t modify_irte\n"
                              "ffffffff81000a00 T startup_64\nffffffff82000000 D data\n";
    Reader *r = state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) file = NULL;
    if (fuzz_below(in, 4)) {
        file = readers_symbol_table();
    } else {
        file = g_byte_array_new();
        g_byte_array_append(file, (const guint8 *)map, sizeof(map) - 1);
    }
    readers_damage(file, in);
    readers_write(r, file);
    Symbols *symbols = symbols_load(r->file, &error);
    if (!symbols) {
        readers_must_tell(r, error);
        return;
    }
    g_free(symbols_name(symbols, 0xffffffff81000130));
    g_free(symbols_name(symbols, fuzz_u64(in)));
    symbols_free(symbols);
}

/* A recording: one that was written, damaged; what can be read of it can be written again. */
static void readers_replay_run(void *state, FuzzInput *in)
{
    static const char *const lines[] = {"10 100 data serial0 6162\n", "11 120 event serial0 01\n",
                                        "12 130 frame n0 ffffffffffff0011223344550800\n",
                                        "13 131 hmp - 696e666f\n", "14 140 end - -\n"};
    Reader *r = state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autoptr(GPtrArray) items = replay_items_new();
    g_autofree char *head = NULL;
    gsize head_len;
    FILE *out = fopen(r->file, "w");
    replay_items_begin(out);
    fclose(out);
    box_must(g_file_get_contents(r->file, &head, &head_len, &error), error);
    g_byte_array_append(file, (const guint8 *)head, (guint)head_len);
    for (unsigned n = fuzz_below(in, 8); n > 0; n--) {
        const char *line = lines[fuzz_below(in, G_N_ELEMENTS(lines))];
        g_byte_array_append(file, (const guint8 *)line, (guint)strlen(line));
    }
    if (fuzz_below(in, 8)) {
        readers_damage(file, in);
    }
    readers_write(r, file);
    replay_items_read(items, r->file, &error);
    out = fopen(r->file, "w");
    for (guint i = 0; i < items->len; i++) {
        g_free(replay_item_text(items->pdata[i]));
        replay_item_write(out, items->pdata[i]);
    }
    fclose(out);
}

/* A whole machine, and what it saved. */
typedef struct {
    Box box;
    GByteArray *saved, *packed; /* `packed` when it is asked for first */
} Saved;

static void *readers_open_machine(const void *data)
{
    Saved *s = g_new0(Saved, 1);
    MachineOptions options = box_machine_options();
    box_open(&s->box, &options, true);
    s->saved = box_save(&s->box);
    return s;
}

static void readers_close_machine(void *state)
{
    Saved *s = state;
    g_byte_array_unref(s->saved);
    g_clear_pointer(&s->packed, g_byte_array_unref);
    box_close(&s->box);
    g_free(s);
}

/* A section with the wrong contents and the right checksum. */
static GByteArray *readers_damage_sections(const GByteArray *saved, FuzzInput *in)
{
    g_autoptr(GByteArray) copy = g_byte_array_sized_new(saved->len);
    g_byte_array_append(copy, saved->data, saved->len);
    g_autoptr(GPtrArray) sections = state_stream_parse(copy->data, copy->len, NULL);
    GByteArray *out = g_byte_array_new();
    guint chosen = fuzz_below(in, sections->len);
    state_stream_begin(out);
    for (guint i = 0; i < sections->len; i++) {
        const StateSection *s = sections->pdata[i];
        g_autoptr(GByteArray) contents = g_byte_array_new();
        g_byte_array_append(contents, s->data, (guint)s->len);
        if (i == chosen) {
            readers_damage(contents, in);
        }
        StateSectionMark mark = state_section_begin(out, s->name, s->id, s->version);
        g_byte_array_append(out, contents->data, contents->len);
        state_section_end(out, mark);
    }
    state_stream_end(out);
    return out;
}

static void readers_machine_run(void *state, FuzzInput *in)
{
    Saved *s = state;
    GByteArray *damaged = NULL;
    g_autoptr(GError) error = NULL;
    if (fuzz_below(in, 4)) {
        damaged = readers_damage_sections(s->saved, in);
    } else {
        damaged = g_byte_array_sized_new(s->saved->len);
        g_byte_array_append(damaged, s->saved->data, s->saved->len);
        readers_damage(damaged, in);
    }
    if (machine_load(s->box.machine, damaged->data, damaged->len, &error)) {
        let_pass(&s->box, 1 << 20);
        g_byte_array_unref(box_save(&s->box));
        box_load(&s->box, s->saved);
    }
    g_byte_array_unref(damaged);
}

/* The same as a snapshot's file and another emulator's -incoming have it: packed, with a head. */
static void readers_incoming_run(void *state, FuzzInput *in)
{
    Saved *s = state;
    g_autoptr(GError) error = NULL;
    if (!s->packed) {
        s->packed = snapshot_pack(s->box.machine, &error);
        box_must(s->packed, error);
    }
    g_autoptr(GByteArray) damaged = g_byte_array_sized_new(s->packed->len);
    g_byte_array_append(damaged, s->packed->data, s->packed->len);
    readers_damage(damaged, in);
    if (snapshot_unpack(s->box.machine, "incoming", damaged->data, damaged->len, &error)) {
        let_pass(&s->box, 1 << 20);
        box_load(&s->box, s->saved);
    }
}

const FuzzTarget fuzz_readers[] = {
    {"kernel", readers_open, readers_kernel_run, readers_close, .length = 200, .renew = 5000,
     .cost = 20},
    {"unpack", readers_open, readers_unpack_run, readers_close, .length = 100, .renew = 5000,
     .cost = 5},
    {"symbols", readers_open, readers_symbols_run, readers_close, .length = 100, .renew = 5000,
     .cost = 5},
    {"snapshot", readers_open_machine, readers_machine_run, readers_close_machine, .length = 100,
     .renew = 500, .cost = 20},
    {"incoming", readers_open_machine, readers_incoming_run, readers_close_machine, .length = 100,
     .renew = 500, .cost = 40},
    {"replay", readers_open, readers_replay_run, readers_close, .length = 100, .renew = 5000,
     .cost = 5},
    {0},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of an ELF image, 32- or 64-bit, little-endian (gABI 4, "Sections", "Symbol Table"). */
#include <elf.h>
#include <string.h>

#include "base/symbols_internal.h"

typedef struct {
    uint32_t type, link;
    uint64_t flags, offset, size, entry_size;
} Section;

typedef struct {
    const SymbolFile *file;
    bool is64;
    unsigned count; /* sections */
    uint8_t *headers;
    char *names; /* of the symbols: `names_size` bytes and a 0 */
    uint64_t names_size;
} Image;

static Section section_at(const Image *image, unsigned n)
{
    if (image->is64) {
        Elf64_Shdr h;
        memcpy(&h, image->headers + n * sizeof(h), sizeof(h));
        return (Section){h.sh_type, h.sh_link, h.sh_flags, h.sh_offset, h.sh_size, h.sh_entsize};
    }
    Elf32_Shdr h;
    memcpy(&h, image->headers + n * sizeof(h), sizeof(h));
    return (Section){h.sh_type, h.sh_link, h.sh_flags, h.sh_offset, h.sh_size, h.sh_entsize};
}

static SymbolFault read_headers(Image *image)
{
    Elf64_Ehdr h = {0};
    Elf32_Ehdr h32;
    size_t entry;
    g_autofree uint8_t *head = symbol_file_read(image->file, 0, sizeof(h32));

    if (!head || head[EI_DATA] != ELFDATA2LSB ||
        (head[EI_CLASS] != ELFCLASS64 && head[EI_CLASS] != ELFCLASS32)) {
        return "is no little-endian ELF image";
    }
    image->is64 = head[EI_CLASS] == ELFCLASS64;
    if (image->is64) {
        g_autofree uint8_t *whole = symbol_file_read(image->file, 0, sizeof(h));
        if (!whole) {
            return "is cut off";
        }
        memcpy(&h, whole, sizeof(h));
        entry = sizeof(Elf64_Shdr);
    } else {
        memcpy(&h32, head, sizeof(h32));
        h.e_shoff = h32.e_shoff;
        h.e_shnum = h32.e_shnum;
        h.e_shentsize = h32.e_shentsize;
        entry = sizeof(Elf32_Shdr);
    }
    if (h.e_shnum == 0) {
        return "has no symbol table";
    }
    image->count = h.e_shnum;
    image->headers =
        h.e_shentsize == entry ? symbol_file_read(image->file, h.e_shoff, h.e_shnum * entry) : NULL;
    return image->headers ? NULL : "has no section headers that can be read";
}

static Elf64_Sym symbol_at(const Image *image, const uint8_t *table, uint64_t n)
{
    Elf64_Sym symbol;

    if (image->is64) {
        memcpy(&symbol, table + n * sizeof(symbol), sizeof(symbol));
        return symbol;
    }
    Elf32_Sym s32;
    memcpy(&s32, table + n * sizeof(s32), sizeof(s32));
    return (Elf64_Sym){.st_name = s32.st_name,
                       .st_info = s32.st_info,
                       .st_shndx = s32.st_shndx,
                       .st_value = s32.st_value};
}

/* Labels of assembly have no type; then their section decides. */
static bool is_code(const Image *image, const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);

    return (type == STT_FUNC || type == STT_NOTYPE) && symbol->st_shndx < image->count &&
           section_at(image, symbol->st_shndx).flags & SHF_EXECINSTR;
}

static SymbolFault put_symbol(Symbols *s, const Image *image, const Elf64_Sym *symbol)
{
    if (!is_code(image, symbol)) {
        return NULL;
    }
    if (symbol->st_name >= image->names_size) {
        return "has a symbol whose name is not in the image";
    }
    const char *name = image->names + symbol->st_name;
    size_t length = strnlen(name, SYMBOL_NAME_MOST);
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isgraph(name[i])) {
            return "has a name that cannot be printed";
        }
    }
    bool global = ELF64_ST_BIND(symbol->st_info) != STB_LOCAL;
    return symbols_put(s, symbol->st_value, global, name, length) ? NULL : "has too many symbols";
}

static SymbolFault read_table(Symbols *s, Image *image, const Section *table)
{
    size_t size = image->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    SymbolFault fault = NULL;

    if (table->link >= image->count || table->entry_size != size) {
        return "has a symbol table that is wrong";
    }
    Section names = section_at(image, table->link);
    image->names = symbol_file_read(image->file, names.offset, names.size);
    image->names_size = names.size;
    g_autofree uint8_t *symbols = symbol_file_read(image->file, table->offset, table->size);
    if (!image->names || !symbols) {
        return "has a symbol table that is not in it, or too large";
    }
    for (uint64_t i = 0; i < table->size / size && !fault; i++) {
        Elf64_Sym symbol = symbol_at(image, symbols, i);

        fault = put_symbol(s, image, &symbol);
    }
    return fault;
}

static SymbolFault find_table(Symbols *s, Image *image)
{
    for (unsigned i = 0; i < image->count; i++) {
        Section section = section_at(image, i);

        if (section.type == SHT_SYMTAB) {
            return read_table(s, image, &section);
        }
    }
    return "has no symbol table";
}

SymbolFault symbols_read_elf(Symbols *s, const SymbolFile *f)
{
    Image image = {.file = f};
    SymbolFault fault = read_headers(&image);

    fault = fault ? fault : find_table(s, &image);
    g_free(image.headers);
    g_free(image.names);
    return fault;
}

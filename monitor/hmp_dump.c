/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the human monitor shows of numbers: x and xp, print, i and o, sum. */
#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <string.h>

#include "monitor/expr.h"
#include "monitor/hmp_commands.h"

#define DUMP_MAX_ITEMS 65536
#define SUM_MAX        (64ull << 30)
#define INSN_BYTES     15

/* "/16xw": how many, how written, how wide. */
typedef struct {
    uint64_t count;
    char format; /* one of x d u o c i */
    unsigned size;
    bool has_size;
} DumpFormat;

/* Where a command's numbers come from. */
typedef struct {
    Machine *machine;
    Vcpu *vcpu; /* NULL: physical memory */
} DumpSource;

static Vcpu *dump_vcpu(Machine *machine, unsigned cpu)
{
    return cpu < machine->cpu_count && machine->cpus[cpu]->ops->translate ? machine->cpus[cpu]
                                                                          : NULL;
}

static bool parse_dump_format(const char *text, DumpFormat *f)
{
    static const char sizes[] = "bhwg";
    if (*text == '/') {
        char *end;
        text++;
        if (g_ascii_isdigit(*text)) {
            f->count = g_ascii_strtoull(text, &end, 10);
            text = end;
        }
        for (; *text; text++) {
            const char *found = strchr(sizes, *text);
            if (found) {
                f->size = 1u << (found - sizes);
                f->has_size = true;
            } else if (strchr("xduoci", *text)) {
                f->format = *text;
            } else {
                return false;
            }
        }
    }
    return f->count <= DUMP_MAX_ITEMS && *text == '\0';
}

/* "x/4xw 1 + 2", "x /4xw 1 + 2": the format, and the rest as one text, which the caller frees; NULL
 * if there is none. */
static char *split_dump(char **args, DumpFormat *f)
{
    const char *format = args[0] + strcspn(args[0], "/");
    if (*format == '\0' && args[1] && args[1][0] == '/') {
        format = *++args;
    }
    return args[1] && parse_dump_format(format, f) ? g_strjoinv(" ", args + 1) : NULL;
}

/* Reads `size` bytes; false if nothing is there to be read. */
static bool dump_read(const DumpSource *source, uint64_t addr, unsigned size, uint64_t *value)
{
    AddressSpace *memory = source->machine->platform.memory;
    uint64_t physical;
    if (!source->vcpu) {
        *value = as_load(memory, addr, size, NULL);
        return true;
    }
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        if (!source->vcpu->ops->translate(source->vcpu, addr + i, &physical)) {
            return false;
        }
        *value |= as_load(memory, physical, 1, NULL) << (8 * i);
    }
    return true;
}

static void say_character(uint8_t c, GString *out)
{
    if (c == '\'' || c == '\\') {
        g_string_append_printf(out, "'\\%c'", c);
    } else if (g_ascii_isprint(c)) {
        g_string_append_printf(out, "'%c'", c);
    } else {
        g_string_append_printf(out, "'\\x%02x'", c);
    }
}

/* In columns as wide as the widest number of that size. */
static void say_value(const DumpFormat *f, uint64_t value, bool columns, GString *out)
{
    static const int decimals[] = {[1] = 4, [2] = 6, [4] = 11, [8] = 20};
    int wide = columns ? decimals[f->size] : 0;
    int64_t number = (int64_t)(value << (64 - 8 * f->size)) >> (64 - 8 * f->size);
    switch (f->format) {
    case 'd':
        g_string_append_printf(out, "%*" PRId64, wide, number);
        break;
    case 'u':
        g_string_append_printf(out, "%*" PRIu64, wide, value);
        break;
    case 'o':
        g_string_append_printf(out, "%#*" PRIo64, columns ? (int)f->size * 3 + 1 : 0, value);
        break;
    case 'c':
        say_character((uint8_t)value, out);
        break;
    default:
        g_string_append_printf(out, "0x%0*" PRIx64, columns ? (int)f->size * 2 : 0, value);
    }
}

static void dump_values(const DumpSource *source, const DumpFormat *f, uint64_t addr, GString *out)
{
    unsigned per_line = f->format == 'c' ? 8 : 16 / f->size;
    uint64_t value;
    for (uint64_t i = 0; i < f->count; i++, addr += f->size) {
        if (i % per_line == 0) {
            g_string_append_printf(out, "%s%016" PRIx64 ":", i ? "\n" : "", addr);
        }
        if (!dump_read(source, addr, f->size, &value)) {
            g_string_append(out, " is not mapped");
            break;
        }
        g_string_append_c(out, ' ');
        say_value(f, value, true, out);
    }
    g_string_append_c(out, '\n');
}

/* As the CPU would take what is there now: by its code segment, physical memory by that of CPU 0.
 */
static void init_decoder(const Vcpu *vcpu, ZydisDecoder *decoder)
{
    enum { LONG = 1u << 21, DEFAULT_32 = 1u << 22, LMA = 1u << 10 };
    uint64_t attr = 0, efer = 0;
    expr_register(vcpu, "cs_attr", &attr);
    expr_register(vcpu, "efer", &efer);
    if ((efer & LMA) && (attr & LONG)) {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    } else if (attr & DEFAULT_32) {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    } else {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    }
}

/* One instruction at `addr` as text; its length, or 0 where none can be read. */
static unsigned say_instruction(const DumpSource *source, const ZydisDecoder *decoder,
                                const ZydisFormatter *formatter, uint64_t addr, GString *out)
{
    uint8_t bytes[INSN_BYTES];
    unsigned got = 0;
    uint64_t value;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[128] = "(bad)";
    while (got < sizeof(bytes) && dump_read(source, addr + got, 1, &value)) {
        bytes[got++] = (uint8_t)value;
    }
    bool good = got && ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, bytes, got, &insn, operands));
    if (good) {
        ZydisFormatterFormatInstruction(formatter, &insn, operands, insn.operand_count_visible,
                                        text, sizeof(text), addr, NULL);
    }
    unsigned len = good ? insn.length : got ? 1 : 0;
    g_string_append_printf(out, "0x%08" PRIx64 ": ", addr);
    for (unsigned i = 0; i < MAX(len, 8); i++) {
        if (i < len) {
            g_string_append_printf(out, " %02x", bytes[i]);
        } else if (len) {
            g_string_append(out, "   ");
        }
    }
    g_string_append_printf(out, "  %s\n", len ? text : "is not mapped");
    return len;
}

static void dump_code(const DumpSource *source, const Vcpu *mode, const DumpFormat *f,
                      uint64_t addr, GString *out)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    init_decoder(mode, &decoder);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    for (uint64_t i = 0; i < f->count; i++) {
        unsigned len = say_instruction(source, &decoder, &formatter, addr, out);
        if (len == 0) {
            return;
        }
        addr += len;
    }
}

static void dump(const DumpSource *source, Vcpu *vcpu, char **args, GString *out)
{
    DumpFormat f = {.count = 1, .format = 'x', .size = 4};
    g_autoptr(GError) error = NULL;
    uint64_t addr;
    g_autofree char *text = split_dump(args, &f);
    if (!text || !expr_parse(text, vcpu, &addr, &error)) {
        g_string_append_printf(out,
                               "usage: x/COUNTxSIZE ADDRESS or xp/..., one of x d u o c i for x, "
                               "SIZE one of b h w g%s%s\n",
                               error ? ": " : "", error ? error->message : "");
        return;
    }
    if (f.format == 'c' && !f.has_size) {
        f.size = 1;
    }
    if (f.format == 'i') {
        dump_code(source, vcpu, &f, addr, out);
    } else {
        dump_values(source, &f, addr, out);
    }
}

void hmp_xp(Machine *machine, unsigned cpu, char **args, GString *out)
{
    dump(&(DumpSource){machine, NULL}, dump_vcpu(machine, cpu), args, out);
}

void hmp_x(Machine *machine, unsigned cpu, char **args, GString *out)
{
    Vcpu *vcpu = dump_vcpu(machine, cpu);
    if (!vcpu) {
        g_string_append(out, "there is no CPU; xp shows physical memory\n");
        return;
    }
    dump(&(DumpSource){machine, vcpu}, vcpu, args, out);
}

void hmp_print(Machine *machine, unsigned cpu, char **args, GString *out)
{
    DumpFormat f = {.count = 1, .format = 'x', .size = 8};
    g_autoptr(GError) error = NULL;
    uint64_t value;
    g_autofree char *text = split_dump(args, &f);
    if (!text) {
        g_string_append(out, "usage: print[/FORMAT] NUMBER, FORMAT one of x d u o c\n");
    } else if (!expr_parse(text, dump_vcpu(machine, cpu), &value, &error)) {
        g_string_append_printf(out, "%s\n", error->message);
    } else {
        f.size = 8;
        say_value(&f, value, false, out);
        g_string_append_c(out, '\n');
    }
}

/* Ports: "i/w 0xcf8", "o/b 0x80 1". */
void hmp_port_in(Machine *machine, unsigned cpu, char **args, GString *out)
{
    DumpFormat f = {.count = 1, .format = 'x', .size = 4};
    uint64_t port;
    g_autofree char *text = split_dump(args, &f);
    if (!text || f.size > 4 || !expr_parse(text, dump_vcpu(machine, cpu), &port, NULL) ||
        port > 0xffff) {
        g_string_append(out, "usage: i/SIZE PORT, SIZE one of b h w\n");
        return;
    }
    static const char letters[] = {[1] = 'b', [2] = 'w', [4] = 'l'};
    g_string_append_printf(out, "port%c[0x%04" PRIx64 "] = 0x%0*" PRIx64 "\n", letters[f.size],
                           port, (int)f.size * 2,
                           as_load(machine->platform.ports, port, f.size, NULL));
}

void hmp_port_out(Machine *machine, unsigned cpu, char **args, GString *out)
{
    DumpFormat f = {.count = 1, .format = 'x', .size = 1};
    uint64_t port, value;
    g_autofree char *text = split_dump(args, &f);
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", 2);
    if (!text || f.size > 4 || !words[0] || !words[1] || !expr_parse(words[0], NULL, &port, NULL) ||
        !expr_parse(words[1], dump_vcpu(machine, cpu), &value, NULL) || port > 0xffff) {
        g_string_append(out, "usage: o/SIZE PORT VALUE, SIZE one of b h w\n");
        return;
    }
    as_store(machine->platform.ports, port, value, f.size);
}

/* The checksum of BSD's sum(1), as QEMU has it: rotated right by one before each byte. */
void hmp_sum(Machine *machine, char **args, GString *out)
{
    uint64_t addr, size;
    uint16_t sum = 0;
    uint8_t page[4096];
    if (!args[1] || !args[2] || args[3] || !expr_parse(args[1], NULL, &addr, NULL) ||
        !expr_parse(args[2], NULL, &size, NULL) || size > SUM_MAX) {
        g_string_append(out, "usage: sum ADDRESS SIZE, at most 64 GiB\n");
        return;
    }
    while (size) {
        size_t len = size < sizeof(page) ? (size_t)size : sizeof(page);
        as_read(machine->platform.memory, addr, page, len);
        for (size_t i = 0; i < len; i++) {
            sum = (uint16_t)((sum >> 1 | sum << 15) + page[i]);
        }
        addr += len;
        size -= len;
    }
    g_string_append_printf(out, "%05u\n", sum);
}

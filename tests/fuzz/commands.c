/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of NVM Express (4.2), Serial ATA's adapter (AHCI 4.2) and DSA (8.1). */
#include "commands.h"

#include <string.h>

#include "tests/unit/machine-scenes.h"

static void commands_put(Commands *c, uint64_t at, uint64_t value, unsigned size)
{
    as_store(c->box->platform.memory, at, value, size);
}

/* Few bits, as counts and numbers of blocks are, mostly. */
static uint32_t commands_word(FuzzInput *in)
{
    return fuzz_below(in, 4) ? fuzz_below(in, 64) : (uint32_t)fuzz_number(in);
}

static void commands_nvme(Commands *c, FuzzInput *in)
{
    enum { ENTRIES = 16, PSDT_SHIFT = 14, FIRST_DATA = 24, FIRST_WORD = 40, END = 64 };
    unsigned q = fuzz_below(in, 2);
    uint64_t regs = memory_bar(c->box, find_pci(c->box, "nvme"), 0);
    uint64_t at = NVME_MEM + q * 0x2000 + 64 * (c->posted[q] % ENTRIES);
    uint32_t opcode = fuzz_below(in, 8) ? fuzz_below(in, 32) : fuzz_u8(in);
    uint32_t psdt = fuzz_below(in, 4) ? 0 : fuzz_below(in, 4);
    commands_put(c, at, opcode | psdt << PSDT_SHIFT | (uint32_t)fuzz_u8(in) << 16, 4);
    commands_put(c, at + 4, fuzz_below(in, 8) ? fuzz_below(in, 2) : (uint32_t)fuzz_number(in), 4);
    commands_put(c, at + FIRST_DATA, c->address(c->opaque, in), 8);
    commands_put(c, at + FIRST_DATA + 8, c->address(c->opaque, in), 8);
    for (unsigned word = FIRST_WORD; word < END; word += 4) {
        commands_put(c, at + word, commands_word(in), 4);
    }
    c->posted[q]++;
    commands_put(c, regs + 0x1000 + 8 * q, c->posted[q] % ENTRIES, 4);
}

static void commands_dsa(Commands *c, FuzzInput *in)
{
    uint64_t portal = memory_bar(c->box, find_pci(c->box, "dsa"), 2);
    bool ordinary = fuzz_below(in, 8) != 0;
    uint8_t opcode = (uint8_t)(ordinary ? fuzz_below(in, 0x21) : fuzz_u8(in));
    uint32_t flags = DSA_D_RECORD_VALID | DSA_D_RECORD;
    flags ^= fuzz_below(in, 4) ? 0 : (uint32_t)fuzz_number(in) & 0xffffff;
    DsaDescriptor d = {.flags_opcode = flags | (uint32_t)opcode << 24,
                       .record = DSA_MEM + 32 * fuzz_below(in, 4),
                       .source = c->address(c->opaque, in),
                       .destination = c->address(c->opaque, in),
                       .size = fuzz_below(in, 2) ? 4096u * fuzz_below(in, 64) : commands_word(in),
                       .handle = (uint16_t)fuzz_below(in, 16)};
    uint8_t *bytes = (uint8_t *)&d;
    for (unsigned n = fuzz_below(in, 4); n > 0; n--) {
        uint64_t word = fuzz_number(in);
        memcpy(bytes + 40 + fuzz_below(in, 6) * 4, &word,
               4); /* what operations have of their own */
    }
    as_write(c->box->platform.memory, portal + DSA_PORTAL_SLOT, &d, sizeof(d));
}

static void commands_ahci(Commands *c, FuzzInput *in)
{
    static const uint8_t ops[] = {0x25, 0x35, 0xc8, 0xca, 0x60, 0x61, 0xa0, 0xa0, 0xec,
                                  0xa1, 0xef, 0xe7, 0x06, 0x47, 0x2f, 0x20, 0x30};
    uint64_t bar = memory_bar(c->box, find_pci(c->box, "ide"), 5);
    unsigned port = fuzz_below(in, 2), slot = fuzz_below(in, 4);
    uint8_t op = fuzz_below(in, 8) ? ops[fuzz_below(in, G_N_ELEMENTS(ops))] : fuzz_u8(in);
    put_ahci_command(c->box, port, slot, op, (uint8_t)slot);
    for (unsigned n = fuzz_below(in, 8); n > 0; n--) {
        uint64_t at = AHCI_MEM + fuzz_below(in, 0x4000 / 4) * 4ull;
        bool address = fuzz_below(in, 2) != 0;
        commands_put(c, at, address ? c->address(c->opaque, in) : fuzz_number(in), 4);
    }
    if (op == 0x60 || op == 0x61) {
        commands_put(c, bar + AHCI_P(port, P_SACT), 1u << slot, 4);
    }
    commands_put(c, bar + AHCI_P(port, P_CI), 1u << slot, 4);
}

void commands_start(Commands *c, Box *box, const char *scene)
{
    static const struct {
        const char *scene;
        void (*post)(Commands *c, FuzzInput *in);
    } rows[] = {{"nvme", commands_nvme}, {"dsa", commands_dsa}, {"ahci", commands_ahci}};
    *c = (Commands){.box = box, .posted = {4, 2}}; /* by the scene */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_strcmp0(rows[i].scene, scene) == 0) {
            c->post = rows[i].post;
        }
    }
}

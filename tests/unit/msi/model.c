/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of INTx, MSI and MSI-X. Sections are PCI Local Bus 3.0's. */
#include "model.h"

#include <string.h>

#define COMMAND_MASTER       0x0004u
#define COMMAND_INTX_DISABLE 0x0400u
#define COMMAND_WRITABLE     0x0547u
#define MSI_ENABLE           0x0001u
#define MSI_WRITABLE         0x0071u /* 6.8.1.3: MSI enable, multiple message enable */
#define MSIX_ENABLE          0x8000u
#define MSIX_MASK            0x4000u

void msi_model_open(MsiModel *m, const MsiForm *form)
{
    *m = (MsiModel){.form = *form};
    m->entries = g_new0(MsixEntry, form->msix_vectors);
    m->sent = g_array_new(false, false, sizeof(MsiMessage));
    msi_model_reset(m);
}

void msi_model_close(MsiModel *m)
{
    g_free(m->entries);
    g_array_free(m->sent, true);
}

void msi_model_reset(MsiModel *m)
{
    m->command = 0;
    m->asks_for_pin = false;
    m->low = m->high = m->data = m->mask = m->pending = 0;
    m->msi_flags = 0;
    for (unsigned v = m->form.msi_vectors; v > 1; v /= 2) {
        m->msi_flags += 2; /* multiple message capable */
    }
    m->msi_flags |= (m->form.is64 ? 0x80u : 0) | (m->form.maskable ? 0x100u : 0);
    m->msix_flags = m->form.msix_vectors - 1;
    for (unsigned n = 0; n < m->form.msix_vectors; n++) {
        m->entries[n] = (MsixEntry){.control = 1};
    }
}

/* 6.2.2: without bus mastering there is no write, and nothing remembers it. */
static void model_send(MsiModel *m, uint64_t address, uint32_t data)
{
    MsiMessage message = {address, data};
    if (m->command & COMMAND_MASTER) {
        g_array_append_val(m->sent, message);
    }
}

/* ---- MSI ---- */

/* 6.8.1.3: as many as software enables, and no more than there are; codes 6 and 7 are reserved. */
static uint32_t granted(const MsiModel *m)
{
    uint32_t enabled = 1u << MIN(m->msi_flags >> 4 & 7, 5);
    return MIN(enabled, m->form.msi_vectors);
}

/* 6.8.1.6: the low bits of the data are the vector's. */
static void send_msi(MsiModel *m, uint32_t n)
{
    uint32_t low_bits = granted(m) - 1;
    model_send(m, (uint64_t)m->high << 32 | m->low, (m->data & ~low_bits) | (n & low_bits));
}

void msi_model_fire_msi(MsiModel *m, uint32_t n)
{
    if (!m->form.msi_vectors || !(m->msi_flags & MSI_ENABLE)) {
        return;
    }
    n &= granted(m) - 1;
    if (m->form.maskable && m->mask >> n & 1) {
        m->pending |= 1u << n;
    } else {
        send_msi(m, n);
    }
}

/* 6.8.3.4: once a vector is not masked any more, its pending bit becomes a message. */
static void send_pending_msi(MsiModel *m)
{
    if (!(m->msi_flags & MSI_ENABLE)) {
        return;
    }
    for (unsigned n = 0; n < 32; n++) {
        if (m->pending >> n & 1 && !(m->mask >> n & 1)) {
            m->pending &= ~(1u << n);
            send_msi(m, n);
        }
    }
}

typedef struct {
    unsigned at, bytes;
    uint32_t writable;
    uint32_t *value;
} ModelRegister;

/* 6.8.1: the registers behind the capability's id, in the form that it has. */
static unsigned registers_of(MsiModel *m, ModelRegister out[6])
{
    unsigned data_at = m->form.is64 ? 12 : 8, count = 0;
    uint32_t vectors = (uint32_t)((1ull << m->form.msi_vectors) - 1);
    out[count++] = (ModelRegister){2, 2, MSI_WRITABLE, &m->msi_flags};
    out[count++] = (ModelRegister){4, 4, ~3u, &m->low};
    if (m->form.is64) {
        out[count++] = (ModelRegister){8, 4, ~0u, &m->high};
    }
    out[count++] = (ModelRegister){data_at, 2, 0xffff, &m->data};
    if (m->form.maskable) {
        out[count++] = (ModelRegister){data_at + 4, 4, vectors, &m->mask};
        out[count++] = (ModelRegister){data_at + 8, 4, 0, &m->pending};
    }
    return count;
}

unsigned msi_model_span(const MsiModel *m)
{
    return (m->form.is64 ? 14 : 10) + (m->form.maskable ? 10 : 0);
}

void msi_model_write_msi(MsiModel *m, unsigned at, unsigned size, uint32_t value)
{
    ModelRegister regs[6];
    unsigned count = registers_of(m, regs);
    for (unsigned byte = 0; byte < size; byte++) {
        for (unsigned i = 0; i < count; i++) {
            unsigned inside = at + byte - regs[i].at;
            if (inside < regs[i].bytes) {
                uint32_t bits = regs[i].writable & 0xffu << 8 * inside;
                uint32_t given = (value >> 8 * byte & 0xff) << 8 * inside;
                *regs[i].value = (*regs[i].value & ~bits) | (given & bits);
            }
        }
    }
    send_pending_msi(m);
}

uint32_t msi_model_read_msi(const MsiModel *m, unsigned at)
{
    ModelRegister regs[6];
    unsigned count = registers_of((MsiModel *)m, regs);
    uint32_t dword = 0;
    for (unsigned byte = 0; byte < 4; byte++) {
        for (unsigned i = 0; i < count; i++) {
            unsigned inside = at + byte - regs[i].at;
            if (inside < regs[i].bytes) {
                dword |= (*regs[i].value >> 8 * inside & 0xff) << 8 * byte;
            }
        }
    }
    return dword;
}

/* ---- MSI-X ---- */

static bool msix_masked(const MsiModel *m, unsigned n)
{
    return m->msix_flags & MSIX_MASK || m->entries[n].control & 1;
}

static void send_msix(MsiModel *m, unsigned n)
{
    const MsixEntry *e = &m->entries[n];
    model_send(m, (uint64_t)e->high << 32 | (e->low & ~3u), e->data);
}

void msi_model_fire_msix(MsiModel *m, uint32_t n)
{
    if (n >= m->form.msix_vectors || !(m->msix_flags & MSIX_ENABLE)) {
        return;
    }
    if (msix_masked(m, n)) {
        m->entries[n].pending = true;
    } else {
        send_msix(m, n);
    }
}

static void send_pending_msix(MsiModel *m)
{
    for (unsigned n = 0; n < m->form.msix_vectors && m->msix_flags & MSIX_ENABLE; n++) {
        if (m->entries[n].pending && !msix_masked(m, n)) {
            m->entries[n].pending = false;
            send_msix(m, n);
        }
    }
}

void msi_model_write_msix_flags(MsiModel *m, uint16_t value)
{
    if (m->form.msix_vectors) {
        uint32_t writable = MSIX_ENABLE | MSIX_MASK;
        m->msix_flags = (m->msix_flags & ~writable) | (value & writable);
        send_pending_msix(m);
    }
}

static uint32_t *table_dword(const MsiModel *m, uint64_t at)
{
    MsixEntry *e = &m->entries[at / 16];
    uint32_t *const fields[] = {&e->low, &e->high, &e->data, &e->control};
    return fields[at / 4 % 4];
}

/* 6.8.2: aligned dwords and qwords; of the rest the result is undefined, and here it is nothing. */
void msi_model_write_table(MsiModel *m, uint64_t at, unsigned size, uint64_t value)
{
    if (size < 4 || at % size || at + size > 16ull * m->form.msix_vectors) {
        return;
    }
    for (unsigned i = 0; i < size; i += 4) {
        uint32_t writable = (at + i) % 16 == 12 ? 1 : ~0u; /* 6.8.2.9 */
        *table_dword(m, at + i) = (uint32_t)(value >> 8 * i) & writable;
    }
    send_pending_msix(m);
}

uint32_t msi_model_read_table(const MsiModel *m, uint64_t at)
{
    return *table_dword(m, at);
}

uint64_t msi_model_read_pba(const MsiModel *m, unsigned qword)
{
    uint64_t bits = 0;
    for (unsigned n = 64 * qword; n < MIN(64 * (qword + 1), m->form.msix_vectors); n++) {
        bits |= (uint64_t)m->entries[n].pending << n % 64;
    }
    return bits;
}

/* ---- INTx ---- */

void msi_model_pin(MsiModel *m, bool level)
{
    m->asks_for_pin = level && m->form.pin;
}

void msi_model_write_command(MsiModel *m, uint16_t value)
{
    m->command = value & COMMAND_WRITABLE;
}

/* 6.2.2, interrupt disable; 6.8.1.3 and 6.8.2.3: not while MSI or MSI-X is enabled. */
bool msi_model_wire(const MsiModel *m)
{
    bool by_message = (m->form.msi_vectors && m->msi_flags & MSI_ENABLE) ||
                      (m->form.msix_vectors && m->msix_flags & MSIX_ENABLE);
    return m->asks_for_pin && !(m->command & COMMAND_INTX_DISABLE) && !by_message;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of INTx, MSI and MSI-X of one function, written from PCI Local Bus 3.0, 2.2.6 and 6.8,
 * apart from the program. It is told what software writes and when the function means to interrupt,
 * and says which messages leave.
 */
#ifndef TESTS_UNIT_MSI_MODEL_H
#define TESTS_UNIT_MSI_MODEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    unsigned pin;         /* 0: none */
    unsigned msi_vectors; /* 0: no MSI */
    bool is64, maskable;
    unsigned msix_vectors; /* 0: no MSI-X */
    bool two_bars;
} MsiForm;

typedef struct {
    uint64_t address;
    uint32_t data;
} MsiMessage;

typedef struct {
    uint32_t low, high, data, control; /* control: only the mask bit is there */
    bool pending;
} MsixEntry;

typedef struct {
    MsiForm form;
    uint32_t command;  /* bits 1, 2 and 10: memory, master, INTx disable */
    bool asks_for_pin; /* the function's own wish */
    uint32_t msi_flags, low, high, data, mask, pending;
    uint32_t msix_flags;
    MsixEntry *entries;
    GArray *sent; /* of MsiMessage: what left since somebody emptied it */
} MsiModel;

void msi_model_open(MsiModel *m, const MsiForm *form);
void msi_model_close(MsiModel *m);
void msi_model_reset(MsiModel *m);

/* The function means to interrupt. */
void msi_model_fire_msi(MsiModel *m, uint32_t n);
void msi_model_fire_msix(MsiModel *m, uint32_t n);
void msi_model_pin(MsiModel *m, bool level);
/* Software writes: `at` is the offset in the capability, or in the table. */
void msi_model_write_command(MsiModel *m, uint16_t value);
void msi_model_write_msi(MsiModel *m, unsigned at, unsigned size, uint32_t value);
void msi_model_write_msix_flags(MsiModel *m, uint16_t value);
void msi_model_write_table(MsiModel *m, uint64_t at, unsigned size, uint64_t value);

/* What software reads. */
uint32_t msi_model_read_msi(const MsiModel *m, unsigned at); /* a dword */
uint64_t msi_model_read_pba(const MsiModel *m, unsigned qword);
uint32_t msi_model_read_table(const MsiModel *m, uint64_t at); /* a dword */
bool msi_model_wire(const MsiModel *m);
/* Bytes of the MSI capability, which depend on its form (6.8.1). */
unsigned msi_model_span(const MsiModel *m);

#endif

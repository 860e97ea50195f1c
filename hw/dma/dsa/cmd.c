/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command register (DSA 1.0, 4.3 and 9.2): one command at a time. Those that wait for
 * descriptors end when the last one is done; all others end at once. Not there: the commands for
 * PASIDs.
 */
#include "hw/dma/dsa/device.h"

#define ALL_WQS       ((1u << DSA_WQS) - 1)
#define WQS_A_WORD    16u
#define OPERAND_INDEX 0xffffu

typedef struct {
    /* DSA_CMD_PENDING: it ends when the queues of d->command_wqs are idle. */
    DsaCmdError (*begin)(Dsa *d, uint32_t operand, uint16_t *result);
    void (*end)(Dsa *d, uint32_t wqs); /* of one that was pending; may be NULL */
} CommandRow;

static bool wqs_are_idle(const Dsa *d, uint32_t wqs)
{
    for (unsigned n = 0; n < DSA_WQS; n++) {
        if (wqs >> n & 1 && !dsa_wq_is_idle(d, n)) {
            return false;
        }
    }
    return true;
}

/* Bits 15:0 are queues, from sixteen times bits 19:16 on. */
static DsaCmdError wqs_of(const Dsa *d, uint32_t operand, uint32_t *wqs)
{
    uint32_t bits = operand & OPERAND_INDEX, enabled = 0;
    if (operand / (1u << WQS_A_WORD) != 0 || bits == 0 || bits & ~ALL_WQS) {
        return DSA_CMD_INVALID_WQ;
    }
    for (unsigned n = 0; n < DSA_WQS; n++) {
        enabled |= (uint32_t)d->wq[n].enabled << n;
    }
    *wqs = bits & enabled;
    return *wqs ? DSA_CMD_SUCCESS : DSA_CMD_WQ_NOT_ENABLED;
}

static DsaCmdError cmd_wait(Dsa *d, uint32_t wqs)
{
    d->command_wqs = wqs;
    return DSA_CMD_PENDING;
}

static void abort_wqs(Dsa *d, uint32_t wqs)
{
    for (unsigned n = 0; n < DSA_WQS; n++) {
        if (wqs >> n & 1) {
            dsa_wq_abort(d, n);
        }
    }
}

static void close_wqs(Dsa *d, uint32_t wqs)
{
    for (unsigned n = 0; n < DSA_WQS; n++) {
        d->wq[n].closing |= wqs >> n & 1;
    }
}

static void disable_wqs(Dsa *d, uint32_t wqs)
{
    for (unsigned n = 0; n < DSA_WQS; n++) {
        if (wqs >> n & 1) {
            d->wq[n].enabled = d->wq[n].closing = false;
        }
    }
}

static DsaCmdError enable_device(Dsa *d, uint32_t operand, uint16_t *result)
{
    DsaCmdError error = dsa_check_device(d);
    if (error == DSA_CMD_SUCCESS) {
        dsa_wqs_lay_out(d);
        d->enabled = true;
    }
    return error;
}

static DsaCmdError disable_device(Dsa *d, uint32_t operand, uint16_t *result)
{
    if (!d->enabled) {
        return DSA_CMD_DEVICE_NOT_ENABLED;
    }
    d->disabling = true;
    close_wqs(d, ALL_WQS);
    return cmd_wait(d, ALL_WQS);
}

static void device_disabled(Dsa *d, uint32_t wqs)
{
    disable_wqs(d, ALL_WQS);
    d->enabled = d->disabling = false;
}

static DsaCmdError drain_all(Dsa *d, uint32_t operand, uint16_t *result)
{
    return d->enabled ? cmd_wait(d, ALL_WQS) : DSA_CMD_DEVICE_NOT_ENABLED;
}

static DsaCmdError abort_all(Dsa *d, uint32_t operand, uint16_t *result)
{
    if (!d->enabled) {
        return DSA_CMD_DEVICE_NOT_ENABLED;
    }
    abort_wqs(d, ALL_WQS);
    return DSA_CMD_SUCCESS;
}

static DsaCmdError reset_device(Dsa *d, uint32_t operand, uint16_t *result)
{
    abort_wqs(d, ALL_WQS);
    device_disabled(d, ALL_WQS);
    dsa_tables_reset(d);
    dsa_handles_reset(d);
    regfile_set(&d->regs, DSA_GENCFG, 0);
    regfile_set(&d->regs, DSA_GENCTRL, 0);
    return DSA_CMD_SUCCESS;
}

static DsaCmdError enable_wq(Dsa *d, uint32_t operand, uint16_t *result)
{
    if (operand >= DSA_WQS) {
        return DSA_CMD_INVALID_WQ;
    }
    DsaCmdError error = dsa_check_wq(d, operand);
    if (error == DSA_CMD_SUCCESS) {
        d->wq[operand].enabled = true;
        d->wq[operand].credit = 0;
    }
    return error;
}

static DsaCmdError disable_wq(Dsa *d, uint32_t operand, uint16_t *result)
{
    uint32_t wqs;
    DsaCmdError error = wqs_of(d, operand, &wqs);
    if (error != DSA_CMD_SUCCESS) {
        return error;
    }
    close_wqs(d, wqs);
    return cmd_wait(d, wqs);
}

static DsaCmdError drain_wq(Dsa *d, uint32_t operand, uint16_t *result)
{
    uint32_t wqs;
    DsaCmdError error = wqs_of(d, operand, &wqs);
    return error == DSA_CMD_SUCCESS ? cmd_wait(d, wqs) : error;
}

static DsaCmdError abort_wq(Dsa *d, uint32_t operand, uint16_t *result)
{
    uint32_t wqs;
    DsaCmdError error = wqs_of(d, operand, &wqs);
    if (error == DSA_CMD_SUCCESS) {
        abort_wqs(d, wqs);
    }
    return error;
}

static DsaCmdError reset_wq(Dsa *d, uint32_t operand, uint16_t *result)
{
    uint32_t wqs;
    DsaCmdError error = wqs_of(d, operand, &wqs);
    if (error != DSA_CMD_SUCCESS) {
        return error;
    }
    abort_wqs(d, wqs);
    disable_wqs(d, wqs);
    for (unsigned n = 0; n < DSA_WQS; n++) {
        if (wqs >> n & 1) {
            dsa_wqcfg_reset(d, n);
        }
    }
    return DSA_CMD_SUCCESS;
}

static DsaCmdError request_handle(Dsa *d, uint32_t operand, uint16_t *result)
{
    if (!d->int_handles) {
        return DSA_CMD_INVALID;
    }
    return dsa_handle_request(d, operand & CMD_INT_TABLE_IMS, operand & OPERAND_INDEX, result);
}

static DsaCmdError release_handle(Dsa *d, uint32_t operand, uint16_t *result)
{
    if (!d->int_handles) {
        return DSA_CMD_INVALID;
    }
    return dsa_handle_release(d, operand & CMD_INT_TABLE_IMS, operand & OPERAND_INDEX);
}

static const CommandRow commands[DSA_CMDS] = {
    [DSA_CMD_ENABLE_DEVICE] = {enable_device},
    [DSA_CMD_DISABLE_DEVICE] = {disable_device, device_disabled},
    [DSA_CMD_DRAIN_ALL] = {drain_all},
    [DSA_CMD_ABORT_ALL] = {abort_all},
    [DSA_CMD_RESET_DEVICE] = {reset_device},
    [DSA_CMD_ENABLE_WQ] = {enable_wq},
    [DSA_CMD_DISABLE_WQ] = {disable_wq, disable_wqs},
    [DSA_CMD_DRAIN_WQ] = {drain_wq},
    [DSA_CMD_ABORT_WQ] = {abort_wq},
    [DSA_CMD_RESET_WQ] = {reset_wq},
    [DSA_CMD_REQUEST_INT_HANDLE] = {request_handle},
    [DSA_CMD_RELEASE_INT_HANDLE] = {release_handle},
};

static const CommandRow *command_row(uint32_t value)
{
    uint32_t code = CMD_CODE(value);
    return code < DSA_CMDS && commands[code].begin ? &commands[code] : NULL;
}

static void command_done(Dsa *d, DsaCmdError error, uint16_t result)
{
    d->command_active = false;
    regfile_set(&d->regs, DSA_CMDSTS, error | (uint32_t)result << CMDSTS_RESULT_SHIFT);
    if (d->command & CMD_INTERRUPT) {
        dsa_event(d, INTCAUSE_COMMAND);
    }
}

void dsa_command_progress(Dsa *d)
{
    if (!d->command_active || !wqs_are_idle(d, d->command_wqs)) {
        return;
    }
    const CommandRow *row = command_row(d->command);
    if (row && row->end) {
        row->end(d, d->command_wqs);
    }
    command_done(d, DSA_CMD_SUCCESS, 0);
}

void dsa_command(Dsa *d, uint32_t value)
{
    uint16_t result = 0;
    if (d->command_active) {
        return;
    }
    const CommandRow *row = command_row(value);
    d->command = value;
    DsaCmdError error = row ? row->begin(d, CMD_OPERAND(value), &result) : DSA_CMD_INVALID;
    if (error != DSA_CMD_PENDING) {
        command_done(d, error, result);
        return;
    }
    d->command_active = true;
    regfile_set(&d->regs, DSA_CMDSTS, CMDSTS_ACTIVE);
    dsa_command_progress(d);
}

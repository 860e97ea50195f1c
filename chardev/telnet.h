/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The telnet protocol (RFC 854, 857, 858) as far as a terminal's client needs it: the far end
 * echoes and sends each key by itself. Private to chardev/.
 */
#ifndef CHARDEV_TELNET_H
#define CHARDEV_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    TELNET_DATA,
    TELNET_IAC,       /* a command follows */
    TELNET_OPTION,    /* WILL, WON'T, DO or DON'T: its option follows */
    TELNET_BLOCK,     /* inside a subnegotiation */
    TELNET_BLOCK_IAC, /* IAC inside one: SE ends it */
    TELNET_CR,        /* after a carriage return: a NUL says that it stands alone */
} TelnetState;

/* What to send when a client has come: we echo, suppress go-ahead, and take and send all eight
 * bits.
 */
extern const uint8_t telnet_greeting[12];

/* Takes commands out of `data` in place; returns how many bytes are left. *breaks counts up with
 * each BREAK. The state goes on from call to call; it begins as TELNET_DATA. */
size_t telnet_decode(TelnetState *state, uint8_t *data, size_t len, unsigned *breaks);
/* `out` has room for 2 * len bytes; returns how many it got. */
size_t telnet_encode(uint8_t *out, const uint8_t *data, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The telnet protocol: commands in what a client sends, and 255 in what it gets (RFC 854). */
#include "chardev/telnet.h"

enum {
    BINARY = 0, /* RFC 856 */
    ECHO = 1,
    GO_AHEAD = 3,
    SE = 240,
    BREAK = 243,
    SB = 250,
    WILL = 251,
    DO = 253,
    DONT = 254,
    IAC = 255,
};

const uint8_t telnet_greeting[12] = {
    IAC, WILL, ECHO, IAC, WILL, GO_AHEAD, IAC, WILL, BINARY, IAC, DO, BINARY,
};

/* The byte after IAC. True if it is data. */
static bool telnet_command(TelnetState *state, uint8_t byte, unsigned *breaks)
{
    *state = byte == SB ? TELNET_BLOCK : byte >= WILL && byte <= DONT ? TELNET_OPTION : TELNET_DATA;
    *breaks += byte == BREAK;
    return byte == IAC;
}

/* True if the byte is data. */
static bool telnet_step(TelnetState *state, uint8_t byte, unsigned *breaks)
{
    switch (*state) {
    case TELNET_IAC:
        return telnet_command(state, byte, breaks);
    case TELNET_OPTION:
        *state = TELNET_DATA;
        return false;
    case TELNET_BLOCK:
        *state = byte == IAC ? TELNET_BLOCK_IAC : TELNET_BLOCK;
        return false;
    case TELNET_BLOCK_IAC:
        *state = byte == SE ? TELNET_DATA : TELNET_BLOCK;
        return false;
    case TELNET_CR:
    case TELNET_DATA:
        break;
    }
    bool alone = *state == TELNET_CR && byte == '\0';
    *state = byte == IAC ? TELNET_IAC : byte == '\r' ? TELNET_CR : TELNET_DATA;
    return byte != IAC && !alone;
}

size_t telnet_decode(TelnetState *state, uint8_t *data, size_t len, unsigned *breaks)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (telnet_step(state, data[i], breaks)) {
            data[kept++] = data[i];
        }
    }
    return kept;
}

size_t telnet_encode(uint8_t *out, const uint8_t *data, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        out[n++] = data[i];
        if (data[i] == IAC) {
            out[n++] = IAC;
        }
    }
    return n;
}

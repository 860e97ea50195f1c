/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EEPROM behind EERD and EECD (82574L data sheet, 6 and 10.2.2; 8254x manual, 5). Microwire:
 * after chip select a start bit, two bits of opcode and six of address come in with the clock's
 * rising edges; a word that is read goes out with the next ones. Left out: writing it, and SPI by
 * EECD's wires.
 */
#include "hw/net/nic.h"

#define EECD_SK      0x1u
#define EECD_CS      0x2u
#define EECD_DI      0x4u
#define EECD_DO      0x8u
#define EECD_REQUEST 0x40u
#define EECD_GRANT   0x80u
#define EECD_PINS    (EECD_SK | EECD_CS | EECD_DI | EECD_REQUEST)

#define MICROWIRE_ADDRESS_BITS 6
#define MICROWIRE_READ         6u /* with the start bit */
#define MICROWIRE_COMMAND_BITS (3 + MICROWIRE_ADDRESS_BITS)
#define WORD_BITS              16

#define CHECKSUM_WORD 0x3f
#define CHECKSUM      0xbabau /* of all words up to its own (82574, 6.1.2) */

const StateField nic_eeprom_state[] = {
    STATE_FIELD(STATE_UINT8, NicEeprom, pins),
    STATE_FIELD(STATE_UINT32, NicEeprom, shifted),
    STATE_FIELD(STATE_UINT32, NicEeprom, out),
    STATE_FIELD_MAX(STATE_UINT8, NicEeprom, out_bits, WORD_BITS),
    STATE_END,
};

void nic_eeprom_init(NicEeprom *e, const NicEepromKind *kind, const uint8_t mac[NET_MAC_SIZE])
{
    *e = (NicEeprom){.kind = kind};
    for (unsigned i = 0; i < NET_MAC_SIZE / 2; i++) {
        e->words[i] = (uint16_t)(mac[2 * i] | mac[2 * i + 1] << 8);
    }
    e->words[0x0a] = 0x4040; /* initialization control 1: valid, subsystem ids from here */
    e->words[0x0b] = kind->subsystem_id;
    e->words[0x0c] = kind->subsystem_vendor_id;
    e->words[0x0d] = kind->device_id;
    e->words[0x0e] = 0x8086;
    uint16_t sum = 0;
    for (unsigned i = 0; i < CHECKSUM_WORD; i++) {
        sum = (uint16_t)(sum + e->words[i]);
    }
    e->words[CHECKSUM_WORD] = (uint16_t)(CHECKSUM - sum);
}

uint32_t nic_eeprom_read(const NicEeprom *e, uint32_t eerd)
{
    const NicEepromKind *k = e->kind;
    uint32_t address = (eerd & 0xffff) >> k->eerd_address_shift;
    if ((eerd & k->eerd_start) == 0) {
        return eerd;
    }
    uint32_t word = address < NIC_EEPROM_WORDS ? e->words[address] : 0xffff;
    return (eerd & 0xffff & ~(uint32_t)k->eerd_start) | k->eerd_done | word << 16;
}

static void eeprom_clock_rises(NicEeprom *e, bool data_in)
{
    if (e->out_bits > 0) {
        e->out_bits--;
        e->out &= (2u << e->out_bits) - 1;
        return;
    }
    if (e->shifted == 0 && !data_in) {
        return; /* before the start bit */
    }
    e->shifted = e->shifted << 1 | data_in;
    if (e->shifted >> (MICROWIRE_COMMAND_BITS - 1) == 0) {
        return;
    }
    if (e->shifted >> MICROWIRE_ADDRESS_BITS == MICROWIRE_READ) {
        e->out = e->words[e->shifted & (NIC_EEPROM_WORDS - 1)];
        e->out_bits = WORD_BITS;
    }
    e->shifted = 0;
}

void nic_eeprom_drive(NicEeprom *e, uint32_t eecd)
{
    uint8_t was = e->pins;
    e->pins = eecd & EECD_PINS;
    if (!e->kind->microwire) {
        return;
    }
    if ((eecd & EECD_CS) == 0) {
        e->shifted = e->out = e->out_bits = 0;
    } else if ((eecd & EECD_SK) && !(was & EECD_SK)) {
        eeprom_clock_rises(e, eecd & EECD_DI);
    }
}

uint32_t nic_eeprom_pins(const NicEeprom *e)
{
    bool out = e->out >> e->out_bits & 1;
    return e->pins | (e->pins & EECD_REQUEST ? EECD_GRANT : 0) | (out ? EECD_DO : 0);
}

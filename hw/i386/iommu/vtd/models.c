/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: what real units say of themselves, from boot logs that their owners published. Bits of what
 * this unit does not do are left out; docs/vtd.md lists them. Interrupt remapping and EIM stay as
 * the machine has them.
 */
#include "hw/i386/iommu/vtd/unit.h"

const char *const vtd_models[] = {"default", "client", "server", "spr", "qemu", NULL};

static const PropValue own[] = {{NULL}};

/* Tiger Lake: CAP d2008c40660462, ECAP f050da. Alder Lake the same, with version 5:0. */
static const PropValue client[] = {
    {"version", "0x10"},  {"haw", "39"},           {"aw-bits", "39"},
    {"sagaw", "4"}, /* four levels, though three would do */
    {"domain-bits", "8"}, {"fro", "0x400"},        {"iro", "0x500"},
    {"coherency", "off"}, {"snoop-control", "on"}, {NULL},
};

/* Skylake-SP: CAP 8d2078c106f0466, ECAP f020df. */
static const PropValue server[] = {
    {"version", "0x10"},
    {"haw", "46"},
    {"aw-bits", "48"},
    {"sagaw", "4"},
    {"fault-records", "8"},
    {"fro", "0x100"},
    {"iro", "0x200"},
    {"device-iotlb", "on"},
    {"page-request-drain", "off"},
    {"snoop-control", "on"},
    {"posted-interrupts", "on"},
    {NULL},
};

/* Sapphire Rapids: CAP 19ed008c40780c66, ECAP 3ee9e86f050df. */
static const PropValue spr[] = {
    {"version", "0x60"},
    {"haw", "52"},
    {"aw-bits", "57"},
    {"sagaw", "12"},
    {"mamv", "45"},
    {"fro", "0x400"},
    {"iro", "0x500"},
    {"device-iotlb", "on"},
    {"snoop-control", "on"},
    {"posted-interrupts", "on"},
    {NULL},
};

/* QEMU 7.2's unit, as Debian's kernel shows it: CAP d2008c22260206, ECAP f00f4a without EIM. */
static const PropValue qemu[] = {
    {"version", "0x10"},
    {"haw", "39"},
    {"aw-bits", "39"},
    {"coherency", "off"},
    {"protected-memory", "off"},
    {"zlr", "off"},
    {NULL},
};

const PropValue *const vtd_model_presets[] = {own, client, server, spr, qemu};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who made the host's CPU, and what it lacks. */
#include "tests/unit/cpuhost/cpuhost.h"

#include <cpuid.h>
#include <sys/auxv.h>

typedef struct {
    unsigned eax, ebx, ecx, edx;
} Leaf;

static Leaf leaf_of(unsigned leaf, unsigned subleaf)
{
    Leaf r = {0};

    if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) {
        return (Leaf){0};
    }
    return r;
}

static void host_vendor(char text[13])
{
    Leaf r = leaf_of(0, 0);

    memcpy(text, &r.ebx, 4);
    memcpy(text + 4, &r.edx, 4);
    memcpy(text + 8, &r.ecx, 4);
    text[12] = 0;
}

Maker maker_of_host(void)
{
    char vendor[13];

    host_vendor(vendor);
    return !strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine") ? MAKER_AMD
                                                                              : MAKER_INTEL;
}

const char *maker_vendor(Maker maker)
{
    return maker == MAKER_AMD ? "AuthenticAMD" : "GenuineIntel";
}

char *maker_describe_host(void)
{
    unsigned signature = leaf_of(1, 0).eax, family = signature >> 8 & 15;
    unsigned model = (signature >> 4 & 15) | (signature >> 12 & 0xf0);
    char vendor[13], brand[49] = "";

    host_vendor(vendor);
    for (unsigned i = 0; i < 3; i++) {
        Leaf r = leaf_of(0x80000002u + i, 0);
        memcpy(brand + 16 * i, &r, 16);
    }
    family += family == 15 ? signature >> 20 & 0xff : 0;
    return g_strdup_printf("%s, family %u model %u stepping %u, %s", vendor, family, model,
                           signature & 15, g_strstrip(brand));
}

bool host_has_bit(unsigned leaf, unsigned subleaf, unsigned reg, unsigned bit)
{
    Leaf r = leaf_of(leaf, subleaf);
    const unsigned word[] = {r.eax, r.ebx, r.ecx, r.edx};

    return word[reg] >> bit & 1;
}

bool host_has_newer_vex(void)
{
    /* SHA512, SM3, SM4, CMPCCXADD, AVX-IFMA; AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16,
     * USER_MSR, APX_F: encodings that the decoder does not know. */
    const unsigned eax = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 7 | 1u << 23;
    const unsigned edx = 1u << 4 | 1u << 5 | 1u << 10 | 1u << 15 | 1u << 21;
    Leaf r = leaf_of(7, 1);

    return (r.eax & eax) || (r.edx & edx);
}

bool host_enables_fsgsbase(void)
{
    const unsigned long hwcap2_fsgsbase = 1ul << 1; /* Linux' asm/hwcap2.h */

    return getauxval(AT_HWCAP2) & hwcap2_fsgsbase;
}

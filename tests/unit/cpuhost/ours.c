/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs sequences on a bare vCPU of ours, and says which instructions it has. */
#include "cpuhost.h"

#include "target/i386/cpuid.h"
#include "tests/unit/cpuhost/vcpu.h"

/* Runs of this many instructions until the sequence must have ended. */
#define BUDGET     100000
#define MAX_ROUNDS 100

BareVcpu *our_new(Maker maker)
{
    const char *hot = g_getenv("SWITCHYARD_TEST_HOT");
    BareVcpu *our = vcpu_new_of(maker, hot != NULL, 0);

    if (hot) {
        vcpu_set_hot(our, (unsigned)g_ascii_strtoull(hot, NULL, 10));
    }
    return our;
}

typedef struct {
    uint16_t isa_set;
    int16_t feature; /* -1: always there */
} IsaRow;

static const IsaRow isa_rows[] = {
    {ZYDIS_ISA_SET_I86, -1},
    {ZYDIS_ISA_SET_I186, -1},
    {ZYDIS_ISA_SET_I286REAL, -1},
    {ZYDIS_ISA_SET_I286PROTECTED, -1},
    {ZYDIS_ISA_SET_I386, -1},
    {ZYDIS_ISA_SET_I486, -1},
    {ZYDIS_ISA_SET_I486REAL, -1},
    {ZYDIS_ISA_SET_PENTIUMREAL, -1},
    {ZYDIS_ISA_SET_PPRO, -1},
    {ZYDIS_ISA_SET_LONGMODE, -1},
    {ZYDIS_ISA_SET_FAT_NOP, -1},
    {ZYDIS_ISA_SET_PREFETCH_NOP, -1},
    {ZYDIS_ISA_SET_SSE_PREFETCH, -1},
    {ZYDIS_ISA_SET_PAUSE, -1},
    {ZYDIS_ISA_SET_CMOV, FEAT_CMOV},
    {ZYDIS_ISA_SET_CMPXCHG16B, FEAT_CX16},
    {ZYDIS_ISA_SET_LAHF, FEAT_LAHF_LM},
    {ZYDIS_ISA_SET_POPCNT, FEAT_POPCNT},
    {ZYDIS_ISA_SET_MOVBE, FEAT_MOVBE},
    {ZYDIS_ISA_SET_LZCNT, FEAT_ABM},
    {ZYDIS_ISA_SET_BMI1, FEAT_BMI1},
    {ZYDIS_ISA_SET_BMI2, FEAT_BMI2},
    {ZYDIS_ISA_SET_ADOX_ADCX, FEAT_ADX},
    {ZYDIS_ISA_SET_RDWRFSGS, FEAT_FSGSBASE},
    {ZYDIS_ISA_SET_CLFSH, FEAT_CLFLUSH},
    {ZYDIS_ISA_SET_CLFLUSHOPT, FEAT_CLFLUSHOPT},
    {ZYDIS_ISA_SET_CLWB, FEAT_CLWB},
    {ZYDIS_ISA_SET_MOVDIR, FEAT_MOVDIR64B},
    {ZYDIS_ISA_SET_X87, FEAT_FPU},
    {ZYDIS_ISA_SET_FCMOV, FEAT_CMOV},
    {ZYDIS_ISA_SET_SSE3X87, FEAT_SSE3},
    {ZYDIS_ISA_SET_PENTIUMMMX, FEAT_MMX},
    {ZYDIS_ISA_SET_SSE, FEAT_SSE},
    {ZYDIS_ISA_SET_SSEMXCSR, FEAT_SSE},
    {ZYDIS_ISA_SET_SSE2, FEAT_SSE2},
    {ZYDIS_ISA_SET_SSE2MMX, FEAT_SSE2},
    {ZYDIS_ISA_SET_SSE3, FEAT_SSE3},
    {ZYDIS_ISA_SET_SSSE3, FEAT_SSSE3},
    {ZYDIS_ISA_SET_SSSE3MMX, FEAT_SSSE3},
    {ZYDIS_ISA_SET_SSE4, FEAT_SSE41},
    {ZYDIS_ISA_SET_SSE42, FEAT_SSE42},
    {ZYDIS_ISA_SET_AES, FEAT_AES},
    {ZYDIS_ISA_SET_SHA, FEAT_SHA_NI},
    {ZYDIS_ISA_SET_PCLMULQDQ, FEAT_PCLMULQDQ},
    {ZYDIS_ISA_SET_AVX, FEAT_AVX},
    {ZYDIS_ISA_SET_AVX2, FEAT_AVX2},
    {ZYDIS_ISA_SET_AVX2GATHER, FEAT_AVX2},
    {ZYDIS_ISA_SET_AVXAES, FEAT_AVX},
    {ZYDIS_ISA_SET_FMA, FEAT_FMA},
    {ZYDIS_ISA_SET_F16C, FEAT_F16C},
    {ZYDIS_ISA_SET_VAES, FEAT_VAES},
    {ZYDIS_ISA_SET_VPCLMULQDQ, FEAT_VPCLMULQDQ},
    {ZYDIS_ISA_SET_FXSAVE, FEAT_FXSR},
    {ZYDIS_ISA_SET_FXSAVE64, FEAT_FXSR},
    {ZYDIS_ISA_SET_XSAVE, FEAT_XSAVE},
    {ZYDIS_ISA_SET_XSAVEOPT, FEAT_XSAVEOPT},
    {ZYDIS_ISA_SET_XSAVEC, FEAT_XSAVEC},
};

/* What is computed here and not by the host is there without the host's. */
static bool comparable(const CpuModel *model, int feature)
{
    const CpuFeatureRow *row = &cpu_feature_rows[feature];

    if (feature == FEAT_FSGSBASE && !host_enables_fsgsbase()) {
        return false;
    }
    return cpu_model_has(model, feature) &&
           host_has_bit(row->leaf, row->subleaf, row->reg, row->bit);
}

bool our_has(const ZydisDecodedInstruction *zi, void *opaque)
{
    const CpuModel *model = vcpu_cpu(opaque)->cfg.model;

    for (size_t i = 0; i < G_N_ELEMENTS(isa_rows); i++) {
        if (isa_rows[i].isa_set == zi->meta.isa_set) {
            return isa_rows[i].feature < 0 || comparable(model, isa_rows[i].feature);
        }
    }
    return false;
}

char *our_lacks(BareVcpu *our, unsigned *count)
{
    const CpuModel *model = vcpu_cpu(our)->cfg.model;
    GString *names = g_string_new(NULL);
    bool named[FEAT_COUNT] = {false};

    *count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(isa_rows); i++) {
        int feature = isa_rows[i].feature;
        if (feature >= 0 && !comparable(model, feature) && !named[feature]) {
            ++*count;
            g_string_append_printf(names, " %s", cpu_feature_rows[feature].name);
            named[feature] = true;
        }
    }
    return g_string_free(names, FALSE);
}

void our_run(BareVcpu *our, const Sequence *seq, Outcome *out, uint8_t data[DATA_SIZE])
{
    VcpuMemory memory[VCPU_MEMORY_PARTS];

    vcpu_load(our, seq, true, 0);
    for (unsigned i = 0; i < MAX_ROUNDS; i++) {
        CpuExit why = cpu_run(vcpu_cpu(our), BUDGET);
        if (why == CPU_HALTED || why == CPU_TRIPLE_FAULT) {
            break;
        }
    }
    if (!vcpu_stopped(our, out)) {
        out->vector = -1;
    }
    vcpu_memory(our, memory);
    memcpy(data, memory[VCPU_DATA].bytes, DATA_SIZE);
}

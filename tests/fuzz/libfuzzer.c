/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The targets under clang's libFuzzer. FUZZ_TARGET names the one that is run. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const FuzzTarget *target;
    static void *state;
    static unsigned runs;
    if (!target) {
        const char *name = getenv("FUZZ_TARGET");
        target = name ? fuzz_target_find(name) : NULL;
        if (!target) {
            g_printerr("FUZZ_TARGET is to name a target; generator --list shows all\n");
            exit(2);
        }
    }
    if (runs++ % target->renew == 0) {
        if (state) {
            target->close(state);
        }
        state = target->open(target->data);
    }
    FuzzInput in = {.data = data, .len = len};
    target->run(state, &in);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server's process can reach (fsdev/confine.h): Landlock, where the host has it. */
#include "fsdev/confine.h"

#include <glib.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h of this Debian knows the first version only; the numbers are the kernel's. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, PATH_BENEATH = 1 };

typedef struct {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed)) BeneathRule;

void fsdev_confine(int folder)
{
    /* Rights by version: 13, REFER, TRUNCATE, IOCTL_DEV. The first lets nothing be renamed into
     * another folder. */
    static const unsigned char rights[] = {0, 0, 14, 15, 15, 16};
    long version = syscall(CREATE_RULESET, NULL, 0, 1 /* _VERSION */);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (version < 2) {
        return;
    }
    unsigned count = rights[MIN((size_t)version, G_N_ELEMENTS(rights) - 1)];
    uint64_t all = (UINT64_C(1) << count) - 1;
    int set = (int)syscall(CREATE_RULESET, &all, sizeof(all), 0);
    const BeneathRule rule = {all, folder};
    if (set >= 0 && syscall(ADD_RULE, set, PATH_BENEATH, &rule, 0) == 0) {
        syscall(RESTRICT_SELF, set, 0);
    }
    if (set >= 0) {
        close(set);
    }
}

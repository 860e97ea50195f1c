/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/format.h"

#include "block/block.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/optlist.h"

const char *format_of_head(const uint8_t *head, size_t len)
{
    static const struct {
        size_t at;
        const char *magic, *name;
    } formats[] = {
        {0, "QFI\xfb", "qcow2"},
        {0, "KDMV", "vmdk"},
        {0, "COWD", "vmdk"},
        {0, "# Disk DescriptorFile", "vmdk"},
        {0, "vhdx", "vhdx"},
        {0, "conectix", "vpc"},
        {0, "QED", "qed"}, /* and a byte 0 */
        {64, "\x7f\x10\xda\xbe", "vdi"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        size_t text = strlen(formats[i].magic), bytes = MAX(text, 4);
        if (formats[i].at + bytes <= len &&
            memcmp(head + formats[i].at, formats[i].magic, bytes) == 0) {
            return formats[i].name;
        }
    }
    return NULL;
}

const char *format_probe(const char *file, GError **error)
{
    uint8_t head[FORMAT_HEAD];
    /* A pipe without a writer would hold open() up; on files and disks the flag says nothing. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (got < 0 && why != EISDIR && why != ESPIPE) { /* of those raw_open() has more to say */
        g_set_error(error, OPT_ERROR, 0, "file=%s: could not be %s: %s", file,
                    fd < 0 ? "opened" : "read", g_strerror(why));
        return NULL;
    }
    const char *name = got < 0 ? NULL : format_of_head(head, (size_t)got);
    return name ? name : "raw";
}

bool blk_format_needs_program(const char *file, const char *format)
{
    const char *found = format || !file ? format : format_probe(file, NULL);
    return found && strcmp(found, "raw") != 0;
}

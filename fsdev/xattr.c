/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes (fsdev/server.h): a fid that is one's value. What is written comes in pieces
 * and is set when the fid ends. With FSDEV_MAPPED the attributes that have the mapping are
 * nobody's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fsdev/server.h"

#define MOST_VALUE 65536u /* Linux's own limit */
#define MOST_ATTRS 256u   /* at a time */
#define MAPPED     "user.virtfs."

static bool is_hidden(const P9Server *server, const char *name)
{
    return server->security == FSDEV_MAPPED && g_str_has_prefix(name, MAPPED);
}

/* The names without those of the mapping; the bytes there are then. */
static size_t hide_names(const P9Server *server, char *names, size_t len)
{
    size_t kept = 0;
    for (size_t at = 0, size; at < len; at += size) {
        size = strnlen(names + at, len - at) + 1;
        size = MIN(size, len - at);
        if (!is_hidden(server, names + at)) {
            memmove(names + kept, names + at, size);
            kept += size;
        }
    }
    return kept;
}

/* A value, or all names. */
static int p9_load(const P9Server *server, const P9Fid *fid, const char *name, GByteArray *value)
{
    P9Path path = p9_fid_path(fid);
    g_byte_array_set_size(value, MOST_VALUE + 1);
    ssize_t len = name[0] ? getxattr(path.text, name, value->data, MOST_VALUE)
                          : listxattr(path.text, (char *)value->data, MOST_VALUE);
    if (len < 0) {
        return errno;
    }
    value->data[len] = '\0';
    size_t kept = name[0] ? (size_t)len : hide_names(server, (char *)value->data, (size_t)len);
    g_byte_array_set_size(value, (guint)kept);
    return 0;
}

int p9_xattrwalk(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid, *added;
    char name[P9_NAME];
    int why = p9_fid_find(server, (uint32_t)p9_get(in, 4), &fid);
    uint32_t number = (uint32_t)p9_get(in, 4);
    p9_get_text(in, name, sizeof(name));
    if (why || in->bad || is_hidden(server, name)) {
        return why ? why : in->bad ? EINVAL : ENODATA;
    }
    if (server->attrs >= MOST_ATTRS) {
        return ENFILE;
    }
    g_autoptr(GByteArray) value = g_byte_array_new();
    why = p9_load(server, fid, name, value);
    int path = why ? -1 : fcntl(fid->path, F_DUPFD_CLOEXEC, 0);
    if (path < 0) {
        return why ? why : errno;
    }
    why = p9_fid_add(server, number, fid->uid, path, &added);
    if (why == 0) {
        p9_put(out, value->len, 8);
        added->attr = g_steal_pointer(&value);
        server->attrs++;
    }
    return why;
}

int p9_xattrcreate(P9Server *server, P9In *in, P9Out *out)
{
    P9Fid *fid;
    char name[P9_NAME];
    int why = p9_fid_find(server, (uint32_t)p9_get(in, 4), &fid);
    p9_get_text(in, name, sizeof(name));
    uint64_t size = p9_get(in, 8);
    int flags = (int)p9_get(in, 4) & (XATTR_CREATE | XATTR_REPLACE);
    if (why || in->bad || fid->attr || fid->file >= 0 || name[0] == '\0') {
        return why ? why : EINVAL;
    }
    if (is_hidden(server, name) || size > MOST_VALUE) {
        return size > MOST_VALUE ? ENOSPC : EPERM;
    }
    if (server->attrs >= MOST_ATTRS) {
        return ENFILE;
    }
    server->attrs++;
    fid->attr = g_byte_array_new();
    fid->attr_name = g_strdup(name);
    fid->attr_size = size;
    fid->attr_flags = flags;
    return 0;
}

int p9_xattr_read(const P9Fid *fid, uint64_t offset, uint32_t count, P9Out *out)
{
    uint64_t from = MIN(offset, fid->attr->len), len = MIN(count, fid->attr->len - from);
    p9_put(out, len, 4);
    p9_put_bytes(out, fid->attr->data + from, len);
    return 0;
}

int p9_xattr_write(P9Fid *fid, uint64_t offset, const uint8_t *bytes, uint32_t count)
{
    if (!fid->attr_name || offset != fid->attr->len || count > fid->attr_size - fid->attr->len) {
        return fid->attr_name ? ENOSPC : EBADF;
    }
    g_byte_array_append(fid->attr, bytes, count);
    return 0;
}

/* Of no bytes: it is taken away. */
int p9_xattr_finish(const P9Server *server, const P9Fid *fid)
{
    if (!fid->attr_name || server->readonly) {
        return 0;
    }
    P9Path path = p9_fid_path(fid);
    if (fid->attr->len != fid->attr_size) {
        return EINVAL;
    }
    int set = fid->attr_size == 0 ? removexattr(path.text, fid->attr_name)
                                  : setxattr(path.text, fid->attr_name, fid->attr->data,
                                             fid->attr->len, fid->attr_flags);
    return set == 0 ? 0 : errno;
}

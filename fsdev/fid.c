/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's names for files (fsdev/server.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fsdev/server.h"

P9Path p9_path_of(int fd)
{
    P9Path path;
    snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
    return path;
}

P9Path p9_fid_path(const P9Fid *fid)
{
    return p9_path_of(fid->path);
}

int p9_fid_find(P9Server *server, uint32_t number, P9Fid **fid)
{
    *fid = g_hash_table_lookup(server->fids, GUINT_TO_POINTER(number));
    return *fid ? 0 : EBADF;
}

int p9_fid_add(P9Server *server, uint32_t number, uint32_t uid, int path, P9Fid **fid)
{
    P9Fid *taken;
    bool known = p9_fid_find(server, number, &taken) == 0;
    if (known || g_hash_table_size(server->fids) >= server->most_fids) {
        close(path);
        return known ? EINVAL : ENFILE;
    }
    P9Fid *added = g_new0(P9Fid, 1);
    *added = (P9Fid){.number = number, .uid = uid, .path = path, .file = -1};
    g_hash_table_insert(server->fids, GUINT_TO_POINTER(number), added);
    if (fid) {
        *fid = added;
    }
    return 0;
}

int p9_fid_end(P9Server *server, uint32_t number)
{
    P9Fid *fid;
    int why = p9_fid_find(server, number, &fid);
    if (why == 0) {
        why = p9_xattr_finish(server, fid);
        server->attrs -= fid->attr != NULL;
        g_hash_table_remove(server->fids, GUINT_TO_POINTER(number));
    }
    return why;
}

void p9_fid_move(P9Fid *fid, int path)
{
    close(fid->path);
    fid->path = path;
}

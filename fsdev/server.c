/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session of 9P2000.L (fsdev/server.h): one table says which message is whose. */
#include "fsdev/server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define VERSION_L      "9P2000.L"
#define NO_FID         0xffffffffu
#define NO_UID         0xffffffffu
#define MOST_FIDS      65536u
#define FDS_A_FID      2u /* its path, and opened */
#define FDS_OF_OURS    16u
#define SMALLEST_MSIZE 4096u

enum { R_LERROR = 7, T_VERSION = 100 };

static void p9_fid_free(gpointer opaque)
{
    P9Fid *fid = opaque;
    close(fid->path);
    if (fid->folder) {
        closedir(fid->folder); /* and its descriptor */
    } else if (fid->file >= 0) {
        close(fid->file);
    }
    if (fid->attr) {
        g_byte_array_unref(fid->attr);
    }
    g_free(fid->attr_name);
    g_free(fid);
}

/* As many as there can be descriptors for. */
static unsigned p9_room_for_fids(void)
{
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = MIN(limit.rlim_max, MOST_FIDS * FDS_A_FID + FDS_OF_OURS);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > FDS_OF_OURS + FDS_A_FID
               ? (unsigned)((limit.rlim_cur - FDS_OF_OURS) / FDS_A_FID)
               : 1;
}

P9Server *p9_server_new(int root, const FsdevOptions *options)
{
    P9Server *server = g_new0(P9Server, 1);
    server->security = options->security;
    server->readonly = options->readonly;
    server->file_mode = options->file_mode;
    server->folder_mode = options->folder_mode;
    server->root = root;
    server->msize = SMALLEST_MSIZE;
    server->most_fids = p9_room_for_fids();
    server->fids = g_hash_table_new_full(NULL, NULL, NULL, p9_fid_free);
    if (fstat(root, &server->root_stat) != 0) {
        server->most_fids = 0; /* nobody gets in */
    }
    return server;
}

void p9_server_free(P9Server *server)
{
    g_hash_table_unref(server->fids);
    close(server->root);
    g_free(server);
}

/* Begins anew. */
static int p9_version(P9Server *server, P9In *in, P9Out *out)
{
    char version[P9_NAME];
    uint32_t msize = (uint32_t)p9_get(in, 4);
    p9_get_text(in, version, sizeof(version));
    if (in->bad || msize < SMALLEST_MSIZE) {
        return EINVAL;
    }
    g_hash_table_remove_all(server->fids);
    server->attrs = 0;
    server->msize = MIN(msize, FSDEV_MESSAGE_MOST);
    p9_put(out, server->msize, 4);
    p9_put_text(out, strcmp(version, VERSION_L) == 0 ? VERSION_L : "unknown");
    return 0;
}

static int p9_attach(P9Server *server, P9In *in, P9Out *out)
{
    char uname[P9_NAME], aname[P9_TARGET];
    uint32_t number = (uint32_t)p9_get(in, 4), auth = (uint32_t)p9_get(in, 4);
    p9_get_text(in, uname, sizeof(uname));
    p9_get_text(in, aname, sizeof(aname));
    uint32_t uid = (uint32_t)p9_get(in, 4);
    if (in->bad || auth != NO_FID) {
        return EINVAL;
    }
    int path = openat(server->root, ".", O_PATH | O_CLOEXEC);
    uid = uid == NO_UID ? geteuid() : uid; /* nobody's: as the server's own */
    int why = path < 0 ? errno : p9_fid_add(server, number, uid, path, NULL);
    if (why == 0) {
        P9Qid qid = p9_qid_of(&server->root_stat);
        p9_put_qid(out, &qid);
    }
    return why;
}

static int p9_auth(P9Server *server, P9In *in, P9Out *out)
{
    return EOPNOTSUPP; /* nobody needs to say who they are */
}

/* There is one request at a time: the one to be forgotten was answered. */
static int p9_flush(P9Server *server, P9In *in, P9Out *out)
{
    p9_get(in, 2);
    return in->bad ? EINVAL : 0;
}

static int p9_clunk(P9Server *server, P9In *in, P9Out *out)
{
    uint32_t number = (uint32_t)p9_get(in, 4);
    return in->bad ? EINVAL : p9_fid_end(server, number);
}

/* A file may have several names, or none: Linux says which by unlinkat, and asks so first. The fid
 * ends nevertheless. */
static int p9_remove(P9Server *server, P9In *in, P9Out *out)
{
    int why = p9_clunk(server, in, out);
    return why ? why : EOPNOTSUPP;
}

static const struct {
    uint8_t type;
    bool changes; /* not on a share that is read only */
    int (*answer)(P9Server *server, P9In *in, P9Out *out);
} messages[] = {
    {8, false, p9_statfs},     {12, false, p9_lopen},          {14, true, p9_lcreate},
    {16, true, p9_symlink},    {18, true, p9_mknod},           {20, true, p9_rename},
    {22, false, p9_readlink},  {24, false, p9_getattr},        {26, true, p9_setattr},
    {30, false, p9_xattrwalk}, {32, true, p9_xattrcreate},     {40, false, p9_readdir},
    {50, false, p9_fsync},     {52, false, p9_lock},           {54, false, p9_getlock},
    {70, true, p9_link},       {72, true, p9_mkdir},           {74, true, p9_renameat},
    {76, true, p9_unlinkat},   {T_VERSION, false, p9_version}, {102, false, p9_auth},
    {104, false, p9_attach},   {108, false, p9_flush},         {110, false, p9_walk},
    {116, false, p9_read},     {118, true, p9_write},          {120, false, p9_clunk},
    {122, true, p9_remove},
};

static int p9_do(P9Server *server, uint8_t type, P9In *in, P9Out *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        if (messages[i].type == type) {
            return messages[i].changes && server->readonly ? EROFS
                                                           : messages[i].answer(server, in, out);
        }
    }
    return EOPNOTSUPP;
}

size_t p9_server_answer(P9Server *server, const uint8_t *message, size_t len, uint8_t *answer,
                        size_t most)
{
    P9In in = {message, len, false};
    uint32_t size = (uint32_t)p9_get(&in, 4);
    uint8_t type = (uint8_t)p9_get(&in, 1);
    uint16_t tag = (uint16_t)p9_get(&in, 2);
    size_t room = type == T_VERSION ? most : MIN(most, server->msize);
    P9Out out = {answer, P9_HEAD, MAX(room, P9_HEAD + 4)};
    int why = in.bad || size != len ? EINVAL : p9_do(server, type, &in, &out);
    if (why == 0 && (in.bad || out.full)) {
        why = in.bad ? EINVAL : EMSGSIZE;
    }
    if (why != 0) {
        type = R_LERROR - 1;
        out.len = P9_HEAD;
        out.full = false;
        p9_put(&out, (uint32_t)why, 4);
    }
    p9_set(&out, 0, out.len, 4);
    p9_set(&out, 4, type + 1u, 1);
    p9_set(&out, 5, tag, 2);
    return out.len;
}

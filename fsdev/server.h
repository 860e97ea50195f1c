/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server of one share (9P2000.L). A fid is a name that the guest gave to a file: here a
 * descriptor of it (O_PATH), so that what is renamed meanwhile stays the same, and nothing is ever
 * looked up by more than one name at a time: no link leads out. Private to fsdev/, and to tests.
 */
#ifndef FSDEV_SERVER_H
#define FSDEV_SERVER_H

#include <dirent.h>
#include <glib.h>

#include "fsdev/fsdev.h"
#include "fsdev/wire.h"

typedef struct {
    uint32_t number;
    uint32_t uid;     /* whose files it makes */
    int path;         /* O_PATH */
    int file;         /* opened; -1: it is not */
    DIR *folder;      /* opened; NULL: it is not */
    GByteArray *attr; /* an attribute's value, to be read or written; NULL: it is a file */
    char *attr_name;  /* written to when the fid ends; NULL: it is read */
    uint64_t attr_size;
    int attr_flags;
} P9Fid;

typedef struct {
    FsdevSecurity security;
    bool readonly;
    mode_t file_mode, folder_mode;
    int root, fds; /* the folder; /proc/self/fd */
    struct stat root_stat;
    uint32_t msize;
    GHashTable *fids; /* of P9Fid by number */
    unsigned most_fids;
    unsigned attrs; /* fids that are attributes, of which there are few */
} P9Server;

/* `root` is a descriptor of the folder; it is the server's from here on. */
P9Server *p9_server_new(int root, const FsdevOptions *options);
void p9_server_free(P9Server *server);
/* Answers a message; the answer's length, which is at least P9_HEAD and at most `most`. A message
 * that is none is answered with an error, as all that fails is. */
size_t p9_server_answer(P9Server *server, const uint8_t *message, size_t len, uint8_t *answer,
                        size_t most);

/* --- fid.c: all of these give 0 or an errno --- */

/* *fid is not the server's business after the next call that makes or ends one. */
int p9_fid_find(P9Server *server, uint32_t number, P9Fid **fid);
/* Takes `path` over, also where it fails: the number is taken, or there are too many. */
int p9_fid_add(P9Server *server, uint32_t number, uint32_t uid, int path, P9Fid **fid);
int p9_fid_end(P9Server *server, uint32_t number);
/* The same fid is another file now. */
void p9_fid_move(P9Fid *fid, int path);
/* The name by which the file itself is reached, without a link being followed. */
typedef struct {
    char text[40];
} P9Path;
P9Path p9_fid_path(const P9Fid *fid);
P9Path p9_path_of(int fd);

/* --- attr.c: owner, mode and kind as the guest sees them --- */

int p9_stat(const P9Server *server, int fd, struct stat *st);
/* What a new file at `fd` (O_PATH) is to be. `mode` has the kind (S_IFMT), too. */
int p9_become(const P9Server *server, int fd, mode_t mode, uint32_t uid, uint32_t gid, dev_t rdev);
int p9_getattr(P9Server *server, P9In *in, P9Out *out);
int p9_setattr(P9Server *server, P9In *in, P9Out *out);

/* --- tree.c: names --- */

/* 0, or what is wrong with a new name. */
int p9_check_name(const char *name);
/* O_PATH of a new file in a folder. */
int p9_open_path(int folder, const char *name, int *fd);
int p9_walk(P9Server *server, P9In *in, P9Out *out);
int p9_mkdir(P9Server *server, P9In *in, P9Out *out);
int p9_symlink(P9Server *server, P9In *in, P9Out *out);
int p9_mknod(P9Server *server, P9In *in, P9Out *out);
int p9_link(P9Server *server, P9In *in, P9Out *out);
int p9_rename(P9Server *server, P9In *in, P9Out *out);
int p9_renameat(P9Server *server, P9In *in, P9Out *out);
int p9_unlinkat(P9Server *server, P9In *in, P9Out *out);
int p9_readlink(P9Server *server, P9In *in, P9Out *out);

/* --- file.c: contents --- */

int p9_lopen(P9Server *server, P9In *in, P9Out *out);
int p9_lcreate(P9Server *server, P9In *in, P9Out *out);
int p9_read(P9Server *server, P9In *in, P9Out *out);
int p9_write(P9Server *server, P9In *in, P9Out *out);
int p9_readdir(P9Server *server, P9In *in, P9Out *out);
int p9_fsync(P9Server *server, P9In *in, P9Out *out);
int p9_statfs(P9Server *server, P9In *in, P9Out *out);
int p9_lock(P9Server *server, P9In *in, P9Out *out);
int p9_getlock(P9Server *server, P9In *in, P9Out *out);

/* --- xattr.c: extended attributes --- */

int p9_xattrwalk(P9Server *server, P9In *in, P9Out *out);
int p9_xattrcreate(P9Server *server, P9In *in, P9Out *out);
/* Of a fid that is an attribute. */
int p9_xattr_read(const P9Fid *fid, uint64_t offset, uint32_t count, P9Out *out);
int p9_xattr_write(P9Fid *fid, uint64_t offset, const uint8_t *bytes, uint32_t count);
/* The fid ends: what was written is set. */
int p9_xattr_finish(const P9Server *server, const P9Fid *fid);

#endif

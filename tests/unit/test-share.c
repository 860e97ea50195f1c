/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shared folder's server (fsdev/server.h) without a guest: what Linux's client asks for under
 * each security model; ways out of the folder; and messages that are none. --seed repeats the last.
 */
#include "fsdev/server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MOST     8192u
#define NO_FID   0xffffffffu
#define ROOT     1u
#define HOSTILE  60000
#define AT_ERROR 7u
#define ERROR    7

enum {
    T_STATFS = 8,
    T_LOPEN = 12,
    T_LCREATE = 14,
    T_SYMLINK = 16,
    T_MKNOD = 18,
    T_READLINK = 22,
    T_GETATTR = 24,
    T_SETATTR = 26,
    T_XATTRWALK = 30,
    T_XATTRCREATE = 32,
    T_READDIR = 40,
    T_LINK = 70,
    T_MKDIR = 72,
    T_RENAMEAT = 74,
    T_UNLINKAT = 76,
    T_VERSION = 100,
    T_ATTACH = 104,
    T_WALK = 110,
    T_READ = 116,
    T_WRITE = 118,
    T_CLUNK = 120
};

typedef struct {
    P9Server *server;
    char *folder, *outside; /* one in the other's parent */
    uint8_t answer[MOST];
    size_t len;
} Share;

static char *path_in(const Share *s, const char *name)
{
    return g_build_filename(s->folder, name, NULL);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* `shape`: a letter for each argument: 1, 2, 4, 8 bytes (uint64_t), s a text. 0 or an errno. */
static int ask(Share *s, uint8_t type, const char *shape, ...)
{
    uint8_t message[MOST];
    P9Out out = {message, P9_HEAD, MOST, false};
    va_list args;
    va_start(args, shape);
    for (const char *c = shape; *c; c++) {
        if (*c == 's') {
            p9_put_text(&out, va_arg(args, const char *));
        } else {
            p9_put(&out, va_arg(args, uint64_t), (unsigned)(*c - '0'));
        }
    }
    va_end(args);
    p9_set(&out, 0, out.len, 4);
    p9_set(&out, 4, type, 1);
    p9_set(&out, 5, 77, 2);
    s->len = p9_server_answer(s->server, message, out.len, s->answer, MOST);
    P9In in = {s->answer, s->len, false};
    g_assert_cmpuint(p9_get(&in, 4), ==, s->len);
    uint64_t told = p9_get(&in, 1);
    g_assert_cmpuint(p9_get(&in, 2), ==, 77);
    if (told == ERROR) {
        return (int)p9_get(&in, 4);
    }
    g_assert_cmpuint(told, ==, type + 1u);
    return 0;
}

/* Of the last answer, behind its head. */
static uint64_t told(const Share *s, size_t at, unsigned size)
{
    P9In in = {s->answer + P9_HEAD + at, s->len - P9_HEAD - at, false};
    uint64_t value = p9_get(&in, size);
    g_assert_false(in.bad);
    return value;
}

#define U(value_) ((uint64_t)(value_))

static void begin(Share *s)
{
    g_assert_cmpint(ask(s, T_VERSION, "4s", U(MOST), "9P2000.L"), ==, 0);
    g_assert_cmpint(ask(s, T_ATTACH, "44ss4", U(ROOT), U(NO_FID), "", "", U(geteuid())), ==, 0);
}

static void share_open(Share *s, FsdevSecurity security, bool readonly)
{
    g_autofree char *parent = g_dir_make_tmp("share-XXXXXX", NULL);
    s->folder = g_build_filename(parent, "in", NULL);
    s->outside = g_build_filename(parent, "out", NULL);
    g_assert_cmpint(g_mkdir(s->folder, 0755), ==, 0);
    g_assert_cmpint(g_mkdir(s->outside, 0755), ==, 0);
    write_file(s->outside, "secret", "secret");
    write_file(s->folder, "file", "contents");
    const FsdevOptions options = {
        .security = security, .readonly = readonly, .file_mode = 0600, .folder_mode = 0700};
    s->server = p9_server_new(open(s->folder, O_PATH | O_DIRECTORY), &options);
    begin(s);
}

static void share_close(Share *s)
{
    g_autofree char *parent = g_path_get_dirname(s->folder);
    const char *line[] = {"rm", "-rf", parent, NULL};
    p9_server_free(s->server);
    g_assert_true(g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
    g_free(s->folder);
    g_free(s->outside);
}

/* A fid of a file in the root. */
static int walk(Share *s, unsigned number, const char *name)
{
    int why = ask(s, T_WALK, "442s", U(ROOT), U(number), U(1), name);
    return why == 0 && told(s, 0, 2) != 1 ? ENOENT : why;
}

static bool extended_attributes(const Share *s)
{
    return setxattr(s->folder, "user.test", "x", 1, 0) == 0;
}

/* What a new file is to the guest, and to the host. */
static mode_t mode_of(Share *s, unsigned number)
{
    g_assert_cmpint(ask(s, T_GETATTR, "48", U(number), U(0x7ff)), ==, 0);
    return (mode_t)told(s, 8 + P9_QID_SIZE, 4);
}

static mode_t mode_on_host(const Share *s, const char *name)
{
    struct stat st;
    g_autofree char *path = path_in(s, name);
    g_assert_cmpint(lstat(path, &st), ==, 0);
    return st.st_mode;
}

static void test_files(void)
{
    Share s;
    share_open(&s, FSDEV_NONE, false);
    g_assert_cmpint(walk(&s, 2, "file"), ==, 0);
    g_assert_cmpint(ask(&s, T_READ, "484", U(2), U(0), U(100)), ==, EBADF); /* not opened */
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDWR)), ==, 0);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDWR)), ==, EINVAL);
    g_assert_cmpint(ask(&s, T_READ, "484", U(2), U(3), U(100)), ==, 0);
    g_assert_cmpuint(told(&s, 0, 4), ==, 5);
    g_assert_cmpmem(s.answer + P9_HEAD + 4, 5, "tents", 5);
    g_assert_cmpint(ask(&s, T_READ, "484", U(2), U(0), U(0xffffffff)), ==, 0); /* what fits */
    g_assert_cmpint(ask(&s, T_WRITE, "4841", U(2), U(8), U(1), U('!')), ==, 0);
    g_assert_cmpint(ask(&s, T_WRITE, "4841", U(2), U(8), U(2), U('!')), ==, EINVAL); /* cut off */
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(2)), ==, 0);
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(2)), ==, EBADF);
    g_autofree char *path = path_in(&s, "file");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "contents!");
    g_assert_cmpint(ask(&s, T_STATFS, "4", U(ROOT)), ==, 0);
    g_assert_cmphex(told(&s, 0, 4), ==, 0x01021997);
    share_close(&s);
}

/* What a guest makes, under each model: owner, mode and kind come back as they were set. */
static void test_made(gconstpointer model)
{
    Share s;
    share_open(&s, (FsdevSecurity)GPOINTER_TO_INT(model), false);
    bool mapped = s.server->security == FSDEV_MAPPED;
    if (mapped && !extended_attributes(&s)) {
        g_test_skip("the folder for temporary files has no extended attributes");
        share_close(&s);
        return;
    }
    uint64_t gid = getegid();
    g_assert_cmpint(ask(&s, T_MKDIR, "4s44", U(ROOT), "folder", U(0751), gid), ==, 0);
    g_assert_cmpint(walk(&s, 2, "folder"), ==, 0);
    g_assert_cmphex(mode_of(&s, 2), ==, S_IFDIR | 0751);
    g_assert_cmphex(mode_on_host(&s, "folder"), ==, S_IFDIR | (mapped ? 0700 : 0751));
    g_assert_cmpint(ask(&s, T_LCREATE, "4s444", U(2), "new", U(O_WRONLY), U(04640), gid), ==, 0);
    g_assert_cmphex(mode_of(&s, 2), ==, S_IFREG | 04640); /* it is the file's now */
    g_assert_cmpint(ask(&s, T_WRITE, "4841", U(2), U(0), U(1), U('x')), ==, 0);
    g_assert_cmpint(ask(&s, T_SYMLINK, "4ss4", U(ROOT), "link", "../out/secret", gid), ==, 0);
    g_assert_cmpint(walk(&s, 3, "link"), ==, 0);
    g_assert_true(S_ISLNK(mode_of(&s, 3)));
    g_assert_true(mapped ? S_ISREG(mode_on_host(&s, "link")) : S_ISLNK(mode_on_host(&s, "link")));
    g_assert_cmpint(ask(&s, T_READLINK, "4", U(3)), ==, 0);
    g_assert_cmpmem(s.answer + P9_HEAD + 2, told(&s, 0, 2), "../out/secret", 13);
    g_assert_cmpint(ask(&s, T_MKNOD, "4s4444", U(ROOT), "fifo", U(S_IFIFO | 0600), U(0), U(0), gid),
                    ==, 0);
    g_assert_cmpint(walk(&s, 4, "fifo"), ==, 0);
    g_assert_true(S_ISFIFO(mode_of(&s, 4)));
    g_assert_cmpint(ask(&s, T_SETATTR,
                        "444448"
                        "8888",
                        U(2), U(1 | 8), U(0600), U(0), U(0), U(0), U(0), U(0), U(0), U(0)),
                    ==, 0);
    g_assert_cmphex(mode_of(&s, 2), ==, S_IFREG | 0600);
    g_autofree char *path = path_in(&s, "folder/new");
    struct stat st;
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 0);
    share_close(&s);
}

/* A name is one name. */
static void test_names(void)
{
    static const char *const none[] = {"", "a/b", "/", "../out/secret"};
    Share s;
    share_open(&s, FSDEV_NONE, false);
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_assert_cmpint(walk(&s, 9, none[i]), ==, ENOENT);
        g_assert_cmpint(ask(&s, T_MKDIR, "4s44", U(ROOT), none[i], U(0700), U(0)), ==, ENOENT);
        g_assert_cmpint(ask(&s, T_UNLINKAT, "4s4", U(ROOT), none[i], U(0)), ==, ENOENT);
        g_assert_cmpint(ask(&s, T_RENAMEAT, "4s4s", U(ROOT), "file", U(ROOT), none[i]), ==, ENOENT);
        g_assert_cmpint(ask(&s, T_RENAMEAT, "4s4s", U(ROOT), none[i], U(ROOT), "x"), ==, ENOENT);
        g_assert_cmpint(ask(&s, T_LINK, "44s", U(ROOT), U(ROOT), none[i]), ==, ENOENT);
    }
    g_assert_cmpint(ask(&s, T_RENAMEAT, "4s4s", U(ROOT), "file", U(ROOT), ".."), ==, EEXIST);
    g_assert_cmpint(ask(&s, T_RENAMEAT, "4s4s", U(ROOT), "file", U(ROOT), "other"), ==, 0);
    g_assert_cmpint(walk(&s, 9, "file"), ==, ENOENT);
    g_assert_cmpint(walk(&s, 9, "other"), ==, 0);
    g_assert_cmpint(ask(&s, T_LINK, "44s", U(ROOT), U(9), "again"), ==, 0);
    g_assert_cmpint(ask(&s, T_UNLINKAT, "4s4", U(ROOT), "other", U(0)), ==, 0);
    g_assert_cmphex(mode_of(&s, 9), !=, 0); /* it has the other name still */
    share_close(&s);
}

/* Above the share is the share; a link is a link; a folder that was moved out shows nobody the way.
 */
static void test_ways_out(void)
{
    Share s;
    share_open(&s, FSDEV_NONE, false);
    g_assert_cmpint(ask(&s, T_WALK, "442sss", U(ROOT), U(2), U(3), "..", "..", "file"), ==, 0);
    g_assert_cmpuint(told(&s, 0, 2), ==, 3);
    g_autofree char *link = path_in(&s, "link"), *inner = path_in(&s, "inner");
    g_autofree char *moved = g_build_filename(s.outside, "moved", NULL);
    g_assert_cmpint(symlink(s.outside, link), ==, 0);
    g_assert_cmpint(ask(&s, T_WALK, "442ss", U(ROOT), U(3), U(2), "link", "secret"), ==, 0);
    g_assert_cmpuint(told(&s, 0, 2), ==, 1); /* the link, which is no folder */
    g_assert_cmpint(walk(&s, 3, "link"), ==, 0);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(3), U(O_RDONLY)), ==, EACCES);
    g_assert_cmpint(
        ask(&s, T_LCREATE, "4s444", U(ROOT), "link", U(O_WRONLY | O_TRUNC), U(0600), U(0)), ==,
        EEXIST);
    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    g_assert_cmpint(walk(&s, 4, "inner"), ==, 0);
    g_assert_cmpint(rename(inner, moved), ==, 0);
    g_assert_cmpint(ask(&s, T_WALK, "442ss", U(4), U(5), U(2), "..", "secret"), ==, EACCES);
    share_close(&s);
}

static void test_readonly(void)
{
    Share s;
    share_open(&s, FSDEV_NONE, true);
    g_assert_cmpint(walk(&s, 2, "file"), ==, 0);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDWR)), ==, EROFS);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDONLY | O_TRUNC)), ==, EROFS);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDONLY)), ==, 0);
    g_assert_cmpint(ask(&s, T_UNLINKAT, "4s4", U(ROOT), "file", U(0)), ==, EROFS);
    g_assert_cmpint(ask(&s, T_SETATTR,
                        "444448"
                        "8888",
                        U(2), U(1), U(0), U(0), U(0), U(0), U(0), U(0), U(0), U(0)),
                    ==, EROFS);
    share_close(&s);
}

/* All names once, in pieces; and an offset that no entry has. */
static void test_folders(void)
{
    enum { FILES = 200, PIECE = 300 };
    Share s;
    share_open(&s, FSDEV_NONE, false);
    for (int i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);
        write_file(s.folder, name, "");
    }
    g_assert_cmpint(ask(&s, T_WALK, "442", U(ROOT), U(2), U(0)), ==, 0);
    g_assert_cmpint(ask(&s, T_LOPEN, "44", U(2), U(O_RDONLY)), ==, 0);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    uint64_t offset = 0, count;
    do {
        g_assert_cmpint(ask(&s, T_READDIR, "484", U(2), offset, U(PIECE)), ==, 0);
        count = told(&s, 0, 4);
        g_assert_cmpuint(count, <=, PIECE);
        for (uint64_t at = 0; at < count;) {
            P9In in = {s.answer + P9_HEAD + 4 + at, count - at, false};
            char name[P9_NAME];
            p9_get_bytes(&in, P9_QID_SIZE);
            offset = p9_get(&in, 8);
            p9_get(&in, 1);
            p9_get_text(&in, name, sizeof(name));
            g_assert_false(in.bad);
            g_assert_true(g_hash_table_add(seen, g_strdup(name)));
            at = count - in.left;
        }
    } while (count > 0);
    g_assert_cmpuint(g_hash_table_size(seen), ==, FILES + 3); /* file, . and .. */
    ask(&s, T_READDIR, "484", U(2), U(0x123456789abcdef), U(PIECE));
    share_close(&s);
}

static void test_attributes(void)
{
    Share s;
    share_open(&s, FSDEV_MAPPED, false);
    if (!extended_attributes(&s)) {
        g_test_skip("the folder for temporary files has no extended attributes");
        share_close(&s);
        return;
    }
    g_assert_cmpint(walk(&s, 2, "file"), ==, 0);
    g_assert_cmpint(walk(&s, 3, "file"), ==, 0);
    g_assert_cmpint(ask(&s, T_XATTRCREATE, "4s84", U(3), "user.virtfs.uid", U(4), U(0)), ==, EPERM);
    g_assert_cmpint(ask(&s, T_XATTRCREATE, "4s84", U(3), "user.mine", U(2), U(0)), ==, 0);
    g_assert_cmpint(ask(&s, T_WRITE, "4842", U(3), U(0), U(2), U('x' | 'y' << 8)), ==, 0);
    g_assert_cmpint(ask(&s, T_WRITE, "4841", U(3), U(2), U(1), U('z')), ==, ENOSPC);
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(3)), ==, 0);
    g_assert_cmpint(ask(&s, T_SETATTR,
                        "444448"
                        "8888",
                        U(2), U(2), U(0), U(1234), U(0), U(0), U(0), U(0), U(0), U(0)),
                    ==, 0);
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(2), U(4), "user.virtfs.uid"), ==, ENODATA);
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(2), U(4), "user.mine"), ==, 0);
    g_assert_cmpuint(told(&s, 0, 8), ==, 2);
    g_assert_cmpint(ask(&s, T_READ, "484", U(4), U(1), U(100)), ==, 0);
    g_assert_cmpuint(told(&s, 0, 4), ==, 1);
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(2), U(5), ""), ==,
                    0); /* all names but the mapping's */
    g_assert_cmpint(ask(&s, T_READ, "484", U(5), U(0), U(100)), ==, 0);
    g_assert_cmpmem(s.answer + P9_HEAD + 4, told(&s, 0, 4), "user.mine", 10);
    share_close(&s);
}

/* Each may keep 64 KiB of ours: there are 256 at a time. */
static void test_many_attributes(void)
{
    enum { MOST_ATTRS = 256 };
    Share s;
    share_open(&s, FSDEV_NONE, false);
    for (unsigned i = 0; i < MOST_ATTRS; i++) {
        g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(ROOT), U(10 + i), ""), ==, 0);
    }
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(ROOT), U(9), ""), ==, ENFILE);
    g_assert_cmpint(walk(&s, 9, "file"), ==, 0);
    g_assert_cmpint(ask(&s, T_XATTRCREATE, "4s84", U(9), "user.a", U(1), U(0)), ==, ENFILE);
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(10)), ==, 0);
    g_assert_cmpint(ask(&s, T_XATTRCREATE, "4s84", U(9), "user.a", U(65537), U(0)), ==, ENOSPC);
    g_assert_cmpint(ask(&s, T_XATTRCREATE, "4s84", U(9), "user.a", U(65536), U(0)), ==, 0);
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(ROOT), U(10), ""), ==, ENFILE);
    begin(&s);
    g_assert_cmpint(ask(&s, T_XATTRWALK, "44s", U(ROOT), U(10), ""), ==, 0);
    share_close(&s);
}

/* Fids end; there are only so many. */
static void test_fids(void)
{
    Share s;
    share_open(&s, FSDEV_NONE, false);
    s.server->most_fids = 20;
    unsigned number = 2;
    while (walk(&s, number, "file") == 0) {
        number++;
    }
    g_assert_cmpuint(number, ==, 21); /* with the root's */
    g_assert_cmpint(walk(&s, number, "file"), ==, ENFILE);
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(2)), ==, 0);
    g_assert_cmpint(walk(&s, 3, "file"), ==, EINVAL); /* taken */
    g_assert_cmpint(walk(&s, 2, "file"), ==, 0);
    begin(&s); /* anew: none is left */
    g_assert_cmpint(ask(&s, T_CLUNK, "4", U(2)), ==, EBADF);
    g_assert_cmpint(ask(&s, T_VERSION, "4s", U(100), "9P2000.L"), ==, EINVAL);
    g_assert_cmpint(ask(&s, T_VERSION, "4s", U(MOST), "9P2000"), ==, 0);
    g_assert_cmpmem(s.answer + P9_HEAD + 6, 7, "unknown", 7);
    share_close(&s);
}

/* Bytes that look like messages, and messages that were cut, or changed: answers, all of them. */
static void test_hostile(void)
{
    static const uint8_t types[] = {8,   12,  14,  16,  18,  20,  22,  24,  26, 30,
                                    32,  40,  50,  52,  54,  70,  72,  74,  76, 99,
                                    100, 102, 104, 108, 110, 116, 118, 120, 122};
    static const char *const names[] = {"file", "a", "b", "..", ".", "", "a/b"};
    Share s;
    share_open(&s, FSDEV_NONE, false);
    s.server->most_fids = 50;
    for (int i = 0; i < HOSTILE; i++) {
        uint8_t message[300];
        size_t len = (size_t)g_test_rand_int_range(P9_HEAD, 100);
        P9Out out = {message, P9_HEAD, len, false};
        while (!out.full) {
            if (g_test_rand_bit()) {
                p9_put_text(&out, names[g_test_rand_int_range(0, G_N_ELEMENTS(names))]);
            } else {
                p9_put(&out, (uint64_t)g_test_rand_int_range(0, 6), g_test_rand_bit() ? 4 : 8);
            }
        }
        memset(message + out.len, 0, len - out.len);
        size_t said = g_test_rand_int_range(0, 20) ? len : (size_t)g_test_rand_int();
        p9_set(&out, 0, said, 4);
        p9_set(&out, 4, types[g_test_rand_int_range(0, G_N_ELEMENTS(types))], 1);
        s.len = p9_server_answer(s.server, message, len, s.answer, MOST);
        g_assert_cmpuint(s.len, >=, P9_HEAD);
        g_assert_cmpuint(s.len, <=, MOST);
        if (i % 500 == 0) {
            begin(&s);
        }
    }
    g_autofree char *secret = g_build_filename(s.outside, "secret", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(secret, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "secret");
    share_close(&s);
}

/* By its process: an answer, and none any more when it is gone. */
static void test_process(void)
{
    static uint8_t answer[FSDEV_MESSAGE_MOST];
    static const uint8_t version[] = {21, 0, 0,   0,   T_VERSION, 1,   0,   0,   0x20, 0,  0,
                                      8,  0, '9', 'P', '2',       '0', '0', '0', '.',  'L'};
    const FsdevOptions options = {.id = (char *)"s", .path = (char *)g_get_tmp_dir()};
    const FsdevOptions nowhere = {.id = (char *)"s", .path = (char *)"/nowhere"};
    GError *error = NULL;
    Fsdev *fsdev = fsdev_new(&options, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(fsdev_ask(fsdev, version, sizeof(version), answer), ==, sizeof(version));
    g_assert_false(fsdev_in_use(fsdev));
    static const uint8_t attach[] = {23,  0,   0,   0, T_ATTACH, 1, 0, 5, 0, 0, 0, 255,
                                     255, 255, 255, 0, 0,        0, 0, 0, 0, 0, 0};
    g_assert_cmpuint(fsdev_ask(fsdev, attach, sizeof(attach), answer), ==, P9_HEAD + P9_QID_SIZE);
    g_assert_true(fsdev_in_use(fsdev));
    static const uint8_t clunk[] = {11, 0, 0, 0, T_CLUNK, 1, 0, 5, 0, 0, 0};
    g_assert_cmpuint(fsdev_ask(fsdev, clunk, sizeof(clunk), answer), ==, P9_HEAD);
    g_assert_false(fsdev_in_use(fsdev));
    g_assert_true(fsdev_claim(fsdev, "a"));
    g_assert_false(fsdev_claim(fsdev, "b"));
    g_assert_cmpstr(fsdev_owner(fsdev), ==, "a");
    static const uint8_t none[] = {3, 0, 0, 0, T_CLUNK, 1, 0}; /* the server's end */
    g_assert_cmpuint(fsdev_ask(fsdev, none, sizeof(none), answer), ==, 0);
    g_assert_cmpuint(fsdev_ask(fsdev, clunk, sizeof(clunk), answer), ==, 0);
    fsdev_free(fsdev);
    g_assert_null(fsdev_new(&nowhere, NULL, &error));
    g_assert_nonnull(strstr(error->message, "/nowhere: No such file"));
    g_clear_error(&error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    umask(0);
    g_test_add_func("/share/files", test_files);
    g_test_add_data_func("/share/made/none", GINT_TO_POINTER(FSDEV_NONE), test_made);
    g_test_add_data_func("/share/made/passthrough", GINT_TO_POINTER(FSDEV_PASSTHROUGH), test_made);
    g_test_add_data_func("/share/made/mapped", GINT_TO_POINTER(FSDEV_MAPPED), test_made);
    g_test_add_func("/share/names", test_names);
    g_test_add_func("/share/ways-out", test_ways_out);
    g_test_add_func("/share/readonly", test_readonly);
    g_test_add_func("/share/folders", test_folders);
    g_test_add_func("/share/attributes", test_attributes);
    g_test_add_func("/share/many-attributes", test_many_attributes);
    g_test_add_func("/share/fids", test_fids);
    g_test_add_func("/share/hostile", test_hostile);
    g_test_add_func("/share/process", test_process);
    return g_test_run();
}

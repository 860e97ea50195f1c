/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting the sandbox up (system/sandbox.h). */
#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/optlist.h"
#include "base/report.h"
#include "system/broker.h"
#include "system/process.h"

#define HELPER_NAME "qemu-files" /* in lists of processes */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif

/* Why there can be no sandbox, or NULL. */
static const char *not_here(const SandboxNeeds *needs)
{
#if defined(SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return "a build with sanitizers looks at its own process";
#elif defined(SWITCHYARD_COVERAGE)
    return "a build that measures coverage writes files at its end";
#elif !defined(__x86_64__)
    return "it knows the system calls of x86-64 only";
#else
    return needs->spawns   ? "guestfwd= runs programs"
           : needs->images ? "images that are not raw are read by qemu-nbd"
                           : NULL;
#endif
}

bool sandbox_is_possible(const SandboxOptions *options)
{
    const SandboxNeeds none = {0};
    return !options->off && !not_here(&none);
}

/* What QEMU's sub-options would allow, this program never does: they change nothing. */
static bool parse_allowances(OptList *opts, GError **error)
{
    static const char *const keys[] = {"obsolete", "elevateprivileges", "spawn", "resourcecontrol"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *text = optlist_get(opts, keys[i]);
        bool children = text && i == 1 && strcmp(text, "children") == 0;
        if (text && !children && strcmp(text, "allow") != 0 && strcmp(text, "deny") != 0) {
            g_set_error(error, OPT_ERROR, 0, "%s=%s: is neither 'allow' nor 'deny'", keys[i], text);
            return false;
        }
    }
    return true;
}

bool sandbox_parse(SandboxOptions *options, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "enable");
    bool enable = true;
    if (!optlist_bool(opts, "enable", &enable, error) || !parse_allowances(opts, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    options->off = !enable;
    options->asked = enable;
    return true;
}

/* In the new process. It keeps nobody's pipes and terminal open, and Ctrl-C is not for it. */
static void run_helper(Broker *broker, pid_t parent)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGPIPE};
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    prctl(PR_SET_NAME, HELPER_NAME);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(broker->socket, 0) != 0 || close_range(1, ~0u, 0) != 0) {
        _exit(1);
    }
    broker->socket = 0;
    sandbox_forbid_programs();
    broker_run(broker);
}

static int start_helper(const SandboxNeeds *needs, char **argv)
{
    int ends[2];
    Broker broker = {
        .client = getpid(), .named = !needs->clients, .user_net = needs->user_net, .argv = argv};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        broker.socket = ends[1];
        run_helper(&broker, broker.client);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    return ends[0];
}

int sandbox_prepare(const SandboxOptions *options, const SandboxNeeds *needs, char **argv,
                    GError **error)
{
    const char *why = not_here(needs);
    if (options->off) {
        return -1;
    }
    int helper = why ? -1 : start_helper(needs, argv);
    if (helper < 0 && !why) {
        g_set_error(error, OPT_ERROR, 0,
                    "-sandbox on: its helper cannot be started: %s; -sandbox off is without",
                    g_strerror(errno));
    } else if (helper < 0 && options->asked && (needs->spawns || needs->images)) {
        g_set_error(error, OPT_ERROR, 0, "-sandbox on: %s; use -sandbox off", why);
    }
    return helper;
}

/* The helper is to find what we would: the same root, the same user. */
static bool drop_helper(const SandboxOptions *options, int helper, GError **error)
{
    const char *user = options->user ? options->user : "";
    const char *root = options->chroot ? options->chroot : "";
    g_autofree char *both = g_strdup_printf("%s%c%s", user, '\1', root);
    size_t len = strlen(both) + 1;
    BrokerRequest request = {.nr = BROKER_DROP};
    BrokerReply reply;
    int fd;
    both[strlen(user)] = '\0';
    if (broker_send(helper, &request, sizeof(request), both, len, -1) &&
        broker_receive(helper, &reply, sizeof(reply), NULL, 0, &fd) >= 0 && reply.result == 0) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0,
                "the sandbox's helper cannot become what -runas and -chroot "
                "say");
    return false;
}

static bool drop_privileges(const SandboxOptions *options, int helper, GError **error)
{
    if (!options->user && !options->chroot) {
        return true;
    }
    return (helper < 0 || drop_helper(options, helper, error)) &&
           process_drop(options->user, options->chroot, error);
}

bool sandbox_enter(const SandboxOptions *options, const SandboxNeeds *needs, int helper,
                   GError **error)
{
    const struct rlimit none = {0, 0};
    if (!drop_privileges(options, helper, error)) {
        return false;
    }
    if (helper < 0) {
        if ((needs->spawns && !options->off) || options->asked) {
            g_printerr(PROGRAM ": warning: there is no sandbox: %s\n", not_here(needs));
        }
        return true;
    }
    setrlimit(RLIMIT_NPROC, &none);
    setrlimit(RLIMIT_CORE, &none); /* all of a guest's memory would be in one */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        g_set_error(error, OPT_ERROR, 0, "-sandbox: no_new_privs: %s", g_strerror(errno));
        return false;
    }
    sandbox_lock_paths();
    if (!sandbox_trap_calls(helper, error) || !sandbox_load_filter(needs, helper, error)) {
        g_prefix_error(error, "-sandbox on: ");
        return false;
    }
    return true;
}

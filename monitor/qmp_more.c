/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP commands that people know as pages of HMP's `info` (QEMU's x-query-...: answers are text for
 * people), and others whose answers are the machine's own: memory, jobs, files handed over.
 */
#include <string.h>
#include <unistd.h>

#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

/* QMP's name is the page's: "x-query-numa" is "info numa". Machine state needs no chosen CPU. */
static JsonNode *info_page(Machine *machine, const char *page)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char *words[] = {(char *)page, NULL};
    JsonObject *o = json_object_new();
    hmp_dispatch(hmp_info_pages, machine, 0, words, text);
    json_object_set_string_member(o, "human-readable-text", text->str);
    return qmp_object_node(o);
}

#define TEXT_PAGE(name_, page_)                                                                    \
    static JsonNode *text_##name_(Machine *machine, JsonObject *args, GError **error)              \
    {                                                                                              \
        return info_page(machine, page_);                                                          \
    }
TEXT_PAGE(interrupts, "pic")
TEXT_PAGE(irq, "irq")
TEXT_PAGE(jit, "jit")
TEXT_PAGE(numa, "numa")
TEXT_PAGE(ramblock, "memdev")
TEXT_PAGE(roms, "roms")
TEXT_PAGE(usb, "usb")

static JsonNode *query_memdev(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *region = machine->ram->pdata[i];
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "id", region->name);
        json_object_set_int_member(o, "size", (gint64)region->size);
        json_object_set_boolean_member(o, "merge", TRUE);
        json_object_set_boolean_member(o, "dump", TRUE);
        json_object_set_boolean_member(o, "prealloc", FALSE);
        json_object_set_boolean_member(o, "share", FALSE);
        json_object_set_array_member(o, "host-nodes", json_array_new());
        json_object_set_string_member(o, "policy", "default");
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

/* Migration has no parameters that could be set: what it goes by. */
static JsonNode *query_parameters(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_int_member(o, "max-bandwidth", 0);
    json_object_set_int_member(o, "downtime-limit", 0);
    return qmp_object_node(o);
}

static JsonNode *query_dump(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "status", "none"); /* a dump is whole when its command ends */
    json_object_set_int_member(o, "completed", 0);
    json_object_set_int_member(o, "total", 0);
    return qmp_object_node(o);
}

static JsonNode *query_dump_capability(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    JsonArray *formats = json_array_new();
    json_array_add_string_element(formats, "elf");
    json_object_set_array_member(o, "formats", formats);
    return qmp_object_node(o);
}

static JsonObject *describe_set(const GArray *files, unsigned set)
{
    JsonObject *o = json_object_new();
    JsonArray *fds = json_array_new();
    for (guint i = 0; i < files->len; i++) {
        const FdsetFile *file = &g_array_index(files, FdsetFile, i);
        if (file->set == set) {
            JsonObject *one = json_object_new();
            json_object_set_int_member(one, "fd", file->fd);
            if (file->opaque) {
                json_object_set_string_member(one, "opaque", file->opaque);
            }
            json_array_add_object_element(fds, one);
        }
    }
    json_object_set_int_member(o, "fdset-id", set);
    json_object_set_array_member(o, "fds", fds);
    return o;
}

/* Each set once, where its first file is. */
static JsonNode *query_fdsets(Machine *machine, JsonObject *args, GError **error)
{
    const GArray *files = machine->opts.fdsets;
    JsonArray *list = json_array_new();
    for (guint i = 0; files && i < files->len; i++) {
        unsigned set = g_array_index(files, FdsetFile, i).set;
        guint first = 0;
        while (g_array_index(files, FdsetFile, first).set != set) {
            first++;
        }
        if (first == i) {
            json_array_add_object_element(list, describe_set(files, set));
        }
    }
    return qmp_array_node(list);
}

/* What an image has opened by it stays open. */
static JsonNode *remove_fd(Machine *machine, JsonObject *args, GError **error)
{
    GArray *files = machine->opts.fdsets;
    gint64 set = json_object_get_int_member(args, "fdset-id");
    gint64 fd = json_object_get_int_member_with_default(args, "fd", -1);
    bool found = false;
    for (guint i = files ? files->len : 0; i-- > 0;) {
        const FdsetFile *file = &g_array_index(files, FdsetFile, i);
        if (file->set == set && (fd == -1 || file->fd == fd)) {
            close(file->fd);
            g_array_remove_index(files, i);
            found = true;
        }
    }
    if (!found) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "File descriptor named 'fdset-id:%" G_GINT64_FORMAT "' not found", set);
        return NULL;
    }
    return qmp_empty();
}

/* Sockets of QMP hand no files over here. */
static JsonNode *no_file_came(Machine *machine, JsonObject *args, GError **error)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                "No file descriptor supplied via SCM_RIGHTS; -add-fd takes some");
    return NULL;
}

static JsonNode *no_named_file(Machine *machine, JsonObject *args, GError **error)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "File descriptor named '%s' not found",
                json_object_get_string_member(args, "fdname"));
    return NULL;
}

static JsonNode *no_block_job(Machine *machine, JsonObject *args, GError **error)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "No active block job on device '%s'",
                json_object_get_string_member(args, "device"));
    return NULL;
}

static JsonNode *no_dirty_limit(Machine *machine, JsonObject *args, GError **error)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "dirty page rate limit is not enabled");
    return NULL;
}

/* Nobody can start either of these here. */
static JsonNode *query_dirty_rate(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "status", "unstarted");
    json_object_set_int_member(o, "start-time", 0);
    json_object_set_int_member(o, "calc-time", 0);
    json_object_set_string_member(o, "calc-time-unit", "second");
    json_object_set_int_member(o, "sample-pages", 0);
    json_object_set_string_member(o, "mode", "page-sampling");
    return qmp_object_node(o);
}

static JsonNode *query_colo(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "mode", "none");
    json_object_set_string_member(o, "last-mode", "none");
    json_object_set_string_member(o, "reason", "none");
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_more[] = {
    {"add-fd", "?fdset-id:i ?opaque:s", no_file_came, .effect = COMMAND_KEEPS},
    {"block-job-cancel", "device:s ?force:b", no_block_job, .effect = COMMAND_KEEPS},
    {"block-job-complete", "device:s", no_block_job, .effect = COMMAND_KEEPS},
    {"block-job-pause", "device:s", no_block_job, .effect = COMMAND_KEEPS},
    {"block-job-resume", "device:s", no_block_job, .effect = COMMAND_KEEPS},
    {"block-job-set-speed", "device:s speed:i", no_block_job, .effect = COMMAND_KEEPS},
    {"closefd", "fdname:s", no_named_file, .effect = COMMAND_KEEPS},
    {"getfd", "fdname:s", no_file_came, .effect = COMMAND_KEEPS},
    {"query-colo-status", NULL, query_colo, .effect = COMMAND_KEEPS},
    {"query-dirty-rate", "?calc-time-unit:s", query_dirty_rate, .effect = COMMAND_KEEPS},
    {"query-dump", NULL, query_dump, .effect = COMMAND_KEEPS},
    {"query-dump-guest-memory-capability", NULL, query_dump_capability, .effect = COMMAND_KEEPS},
    {"query-fdsets", NULL, query_fdsets, .effect = COMMAND_KEEPS},
    {"query-memdev", NULL, query_memdev, .effect = COMMAND_KEEPS},
    {"query-migrate-parameters", NULL, query_parameters, .effect = COMMAND_KEEPS},
    {"query-vcpu-dirty-limit", NULL, no_dirty_limit, .effect = COMMAND_KEEPS},
    {"remove-fd", "fdset-id:i ?fd:i", remove_fd, .effect = COMMAND_KEEPS},
    {"x-query-interrupt-controllers", NULL, text_interrupts, .effect = COMMAND_KEEPS},
    {"x-query-irq", NULL, text_irq, .effect = COMMAND_KEEPS},
    {"x-query-jit", NULL, text_jit, .effect = COMMAND_KEEPS},
    {"x-query-numa", NULL, text_numa, .effect = COMMAND_KEEPS},
    {"x-query-ramblock", NULL, text_ramblock, .effect = COMMAND_KEEPS},
    {"x-query-roms", NULL, text_roms, .effect = COMMAND_KEEPS},
    {"x-query-usb", NULL, text_usb, .effect = COMMAND_KEEPS},
    {NULL},
};

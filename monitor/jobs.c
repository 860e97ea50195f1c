/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP's jobs: `snapshot-save`, `snapshot-load`, `snapshot-delete`, and what is asked about them. A
 * snapshot is one file of -snapshots, whichever drives are named. Left out: other jobs, and taking
 * one back.
 */
#include "base/jobs.h"

#include <string.h>

#include "machine/snapshot.h"
#include "monitor/commands.h"

typedef bool (*SnapshotVerb)(Machine *machine, const char *tag, GError **error);

/* What a job does once its client has been answered. */
typedef struct {
    Machine *machine;
    SnapshotVerb verb;
    char *id, *tag, *vmstate;
    char **devices;
} SnapshotTask;

static void task_free(gpointer opaque)
{
    SnapshotTask *task = opaque;
    g_free(task->id);
    g_free(task->tag);
    g_free(task->vmstate);
    g_strfreev(task->devices);
    g_free(task);
}

static bool nodes_are_there(const SnapshotTask *task, GError **error)
{
    const Backends *backends = task->machine->platform.backends;
    for (char **device = task->devices; *device; device++) {
        if (!backends_drive(backends, *device)) {
            g_set_error(error, OPT_ERROR, 0, "No block device node '%s'", *device);
            return false;
        }
    }
    if (task->vmstate && task->devices[0] && !backends_drive(backends, task->vmstate)) {
        g_set_error(error, OPT_ERROR, 0, "vmstate block device '%s' does not exist", task->vmstate);
        return false;
    }
    return true;
}

static gboolean do_task(gpointer opaque)
{
    SnapshotTask *task = opaque;
    RunState *rs = task->machine->runstate;
    Job *job = job_find(rs, task->id);
    g_autoptr(GError) why = NULL;
    job->work = 0;
    if (nodes_are_there(task, &why)) {
        task->verb(task->machine, task->tag, &why);
    }
    job_end(rs, job, why);
    return G_SOURCE_REMOVE;
}

/* Under the same name QEMU overwrites by HMP only. */
static bool save_anew(Machine *machine, const char *tag, GError **error)
{
    if (snapshot_exists(machine, tag)) {
        g_set_error(error, OPT_ERROR, 0, "Snapshot '%s' already exists in one or more devices",
                    tag);
        return false;
    }
    return snapshot_save(machine, tag, error);
}

/* One that is not there is as good as deleted. */
static bool delete_if_there(Machine *machine, const char *tag, GError **error)
{
    return !snapshot_exists(machine, tag) || snapshot_delete(machine, tag, error);
}

static char **names_of(JsonArray *list, GError **error)
{
    guint count = json_array_get_length(list);
    g_auto(GStrv) names = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                        "Invalid parameter type for 'devices[%u]', expected: string", i);
            return NULL;
        }
        names[i] = json_node_dup_string(node);
    }
    return g_steal_pointer(&names);
}

static JsonNode *start_task(Machine *machine, JsonObject *args, const char *type, SnapshotVerb verb,
                            GError **error)
{
    GError *inner = NULL;
    const char *id = json_object_get_string_member(args, "job-id");
    char **devices = names_of(json_object_get_array_member(args, "devices"), error);
    if (!devices) {
        return NULL;
    }
    Job *job = job_start(machine->runstate, id, type, &inner);
    if (!job) {
        g_strfreev(devices);
        return qmp_fail(inner, error);
    }
    SnapshotTask *task = g_new0(SnapshotTask, 1);
    *task = (SnapshotTask){
        .machine = machine,
        .verb = verb,
        .id = g_strdup(id),
        .tag = g_strdup(json_object_get_string_member(args, "tag")),
        .vmstate = g_strdup(json_object_get_string_member_with_default(args, "vmstate", NULL)),
        .devices = devices,
    };
    job->work = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, do_task, task, task_free);
    return qmp_empty();
}

static JsonNode *run_snapshot_save(Machine *machine, JsonObject *args, GError **error)
{
    return start_task(machine, args, "snapshot-save", save_anew, error);
}

static JsonNode *run_snapshot_load(Machine *machine, JsonObject *args, GError **error)
{
    return start_task(machine, args, "snapshot-load", snapshot_load, error);
}

static JsonNode *run_snapshot_delete(Machine *machine, JsonObject *args, GError **error)
{
    return start_task(machine, args, "snapshot-delete", delete_if_there, error);
}

static JsonNode *query_jobs(Machine *machine, JsonObject *args, GError **error)
{
    const GPtrArray *jobs = runstate_jobs(machine->runstate);
    JsonArray *list = json_array_new();
    for (guint i = 0; i < jobs->len; i++) {
        const Job *job = jobs->pdata[i];
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "id", job->id);
        json_object_set_string_member(o, "type", job->type);
        json_object_set_string_member(o, "status", job_status_name(job->status));
        json_object_set_int_member(o, "current-progress", job->status == JOB_CONCLUDED);
        json_object_set_int_member(o, "total-progress", 1);
        if (job->error) {
            json_object_set_string_member(o, "error", job->error);
        }
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static JsonNode *run_job_dismiss(Machine *machine, JsonObject *args, GError **error)
{
    const char *id = json_object_get_string_member(args, "id");
    Job *job = job_find(machine->runstate, id);
    if (!job) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Job not found");
        return NULL;
    }
    if (job->status != JOB_CONCLUDED) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Job '%s' in state '%s' cannot accept command verb 'dismiss'", id,
                    job_status_name(job->status));
        return NULL;
    }
    job_dismiss(machine->runstate, job);
    return qmp_empty();
}

const QmpCommand qmp_commands_jobs[] = {
    {"snapshot-save", "job-id:s tag:s vmstate:s devices:a", run_snapshot_save,
     .effect = COMMAND_KEEPS},
    {"snapshot-load", "job-id:s tag:s vmstate:s devices:a", run_snapshot_load,
     .effect = COMMAND_REPLACES},
    {"snapshot-delete", "job-id:s tag:s devices:a", run_snapshot_delete, .effect = COMMAND_KEEPS},
    {"query-jobs", NULL, query_jobs, .effect = COMMAND_KEEPS},
    {"job-dismiss", "id:s", run_job_dismiss, .effect = COMMAND_KEEPS},
    {NULL},
};

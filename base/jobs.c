/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: their list, and who is told (include/base/jobs.h). */
#include "base/jobs.h"

#include <string.h>

#include "base/optlist.h"

const char *job_status_name(JobStatus status)
{
    static const char *const names[] = {
        [JOB_CREATED] = "created", [JOB_RUNNING] = "running",   [JOB_WAITING] = "waiting",
        [JOB_PENDING] = "pending", [JOB_ABORTING] = "aborting", [JOB_CONCLUDED] = "concluded",
        [JOB_NULL] = "null",
    };
    return names[status];
}

/* A letter, then letters, digits, '-', '.' and '_': so it stands in JSON as it is. */
static bool id_is_well_formed(const char *id)
{
    if (!g_ascii_isalpha(id[0])) {
        return false;
    }
    for (const char *c = id; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("-._", *c)) {
            return false;
        }
    }
    return true;
}

static void job_becomes(RunState *rs, Job *job, JobStatus status)
{
    g_autofree char *data =
        g_strdup_printf("{\"status\": \"%s\", \"id\": \"%s\"}", job_status_name(status), job->id);
    job->status = status;
    runstate_tell(rs, "JOB_STATUS_CHANGE", data);
}

Job *job_find(RunState *rs, const char *id)
{
    GPtrArray *jobs = runstate_jobs(rs);
    for (guint i = 0; i < jobs->len; i++) {
        if (strcmp(((Job *)jobs->pdata[i])->id, id) == 0) {
            return jobs->pdata[i];
        }
    }
    return NULL;
}

Job *job_start(RunState *rs, const char *id, const char *type, GError **error)
{
    if (!id_is_well_formed(id)) {
        g_set_error(error, OPT_ERROR, 0, "Invalid job ID '%s'", id);
        return NULL;
    }
    if (job_find(rs, id)) {
        g_set_error(error, OPT_ERROR, 0, "Job ID '%s' already in use", id);
        return NULL;
    }
    Job *job = g_new0(Job, 1);
    job->id = g_strdup(id);
    job->type = type;
    g_ptr_array_add(runstate_jobs(rs), job);
    job_becomes(rs, job, JOB_CREATED);
    job_becomes(rs, job, JOB_RUNNING);
    return job;
}

void job_end(RunState *rs, Job *job, const GError *error)
{
    if (error) {
        job->error = g_strdup(error->message);
        job_becomes(rs, job, JOB_ABORTING);
    } else {
        job_becomes(rs, job, JOB_WAITING);
        job_becomes(rs, job, JOB_PENDING);
    }
    job_becomes(rs, job, JOB_CONCLUDED);
}

void job_dismiss(RunState *rs, Job *job)
{
    job_becomes(rs, job, JOB_NULL);
    g_ptr_array_remove(runstate_jobs(rs), job);
}

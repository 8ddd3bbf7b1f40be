/* Who asked, and who listens, is told how it ended: as it did, and once. */
#include "sim/promises.h"

/* The job has its result before the deployment is closed, and the stage in staging the colour of
 * production. */
static void check_job(const struct known *known)
{
    enum job_result result = jobs_result(known->job);
    enum job_result wanted = known->state == STATE_SUCCEEDED ? JOB_SUCCEEDED : JOB_FAILED;

    if (result == wanted || result == JOB_OVER || (result == JOB_WAITS && known->left_undone))
        return;
    broken("a job has its result once", "%s is %s, and %s %s", known->id,
           deployment_state_name(known->state), known->job,
           result == JOB_WAITS ? "still waits" : "was told something else");
}

void promises_told_closed(const struct known *known)
{
    if (known->job[0])
        check_job(known);
    else if (known->release && !known->retried && configuration_has_job(known->release->deployment))
        broken("a job has its result once", "the job of %s is forgotten", known->id);
}

static void check_announced(void *context, const struct known *known)
{
    (void)context;
    if (known->has_bus && !known->left_undone && !map_get(&sim->world->announced, known->id))
        broken("announcement", "nobody was told how %s ended", known->id);
}

void promises_told_at_end(void)
{
    known_each(check_announced, NULL);
}

/* The staging account: pipelines that let out models, and an event for each. */
#include "base/text.h"
#include "base/time.h"
#include "sim/disk.h"
#include "sim/known.h"
#include "sim/world.h"
#include "unit/deploy/archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE_BYTES INT64_C(5100000000)

static uint64_t draw(uint64_t below)
{
    return chance_below(&sim->chance, STREAM_STAGING, below);
}

/* The number is in the id, also in that of an event which was sent anew with another. */
const struct release *staging_find(const char *event_id)
{
    const struct release *release;
    unsigned number;

    static const char *const starts[] = {"event-", "remark-", "found:execution-",
                                         "found:" PACKAGE_ARN};
    const char *digits = NULL;

    for (size_t i = 0; i < array_length(starts) && !digits; i++)
        if (text_starts_with(event_id, starts[i]))
            digits = event_id + strlen(starts[i]);
    if (!digits)
        return NULL;
    number = (unsigned)strtoul(digits, NULL, 10);
    list_each(release, &sim->world->releases, link)
    {
        if (release->number == number)
            return release;
    }
    return NULL;
}

static char *event_of(const struct release *release, const char *id, const char *account,
                      const char *state, const char *artifact)
{
    char time[TIME_TEXT_SIZE];

    return text_printf(
        "{\"version\":\"0\",\"id\":\"%s\",\"source\":\"aws.codepipeline\","
        "\"detail-type\":\"CodePipeline Action Execution State Change\",\"account\":\"%s\","
        "\"time\":\"%s\",\"region\":\"us-east-1\",\"detail\":{\"pipeline\":\"pipeline-%u\","
        "\"execution-id\":\"execution-%u\",\"stage\":\"Build\",\"action\":\"Build\","
        "\"action-execution-id\":\"action-%u\",\"state\":\"%s\",\"output-artifacts\":[%s]}}",
        id, account, time_format(release->event_ms, time), release->deployment, release->number,
        release->number, state, artifact);
}

/* As the guide's function passes a job on, without its keys. */
static char *job_event_of(const struct release *release, const char *id, const char *state,
                          const char *artifact)
{
    char time[TIME_TEXT_SIZE];

    return text_printf(
        "{\"version\":\"0\",\"id\":\"%s\",\"source\":\"staging.function\","
        "\"detail-type\":\"Model let out\",\"account\":\"" STAGING_ACCOUNT "\",\"time\":\"%s\","
        "\"region\":\"us-east-1\",\"detail\":{\"pipeline\":\"pipeline-%u\",\"state\":\"%s\","
        "\"CodePipeline.job\":{\"id\":\"job-%u\",\"data\":{\"inputArtifacts\":[%s]}}}}",
        id, time_format(release->event_ms, time), release->deployment, state, release->number,
        artifact);
}

static const struct config_deployment *deployment_of(const struct release *release)
{
    return &sim->config->deployments[release->deployment];
}

/* What a project's build puts out: the template, and what it is filled with. */
static char *put_project(struct release *release)
{
    char *key = text_printf("projects/%u.zip", release->number);

    release->content = stacks_new_content(chance_strikes(&sim->chance, FAULT_BAD_MODEL));
    if (draw(5) == 0)
        release->content = stacks_old_content(release->content);
    cleanup(free_pointer)
    char *parameters =
        text_printf("{\"Parameters\":{\"Content\":\"%" PRIu64 "\"}}", release->content);
    const struct archive_entry entries[] = {
        {.name = "template-export.yml",
         .data = "Parameters: {Content: {Type: String}}\n"
                 "Resources: {Endpoint: {Type: \"AWS::SageMaker::Endpoint\"}}\n"},
        {.name = "prod-config-export.json", .data = parameters},
    };
    struct buffer zip = archive_of(entries, array_length(entries));

    objects_put(STAGING_BUCKET, key, zip.data, (int64_t)zip.length, false);
    buffer_free(&zip);
    return key;
}

/* The model of an earlier release of the same pipeline, which may be let out again. */
static const struct release *earlier(const struct release *release)
{
    const struct release *other;
    const struct release *found = NULL;

    list_each(other, &sim->world->releases, link)
    {
        if (other != release && other->deployment == release->deployment && other->model_key &&
            draw(2) == 0)
            found = other;
    }
    return found;
}

struct overwriting {
    char *key;
    bool bad;
};

static void overwrite(void *context)
{
    struct overwriting *overwriting = context;

    objects_put(STAGING_BUCKET, overwriting->key, NULL, 1000, overwriting->bad);
    story("staging: %s is overwritten", overwriting->key);
    free(overwriting->key);
    free(overwriting);
}

static void put_model(struct release *release)
{
    const struct release *again = draw(5) == 0 ? earlier(release) : NULL;

    if (again) {
        release->model_key = text_copy(again->model_key);
        release->version = text_copy(again->version);
        release->content = again->content;
        return;
    }
    bool shared = deployment_of(release)->artifact.form == ARTIFACT_MANIFEST && draw(3) == 0;

    release->model_key =
        shared ? text_printf("models/%u/model.tar.gz", release->deployment)
               : text_printf("models/%u/%u/model.tar.gz", release->deployment, release->number);
    if (chance_strikes(&sim->chance, FAULT_ABSENT_MODEL))
        return;
    bool bad = chance_strikes(&sim->chance, FAULT_BAD_MODEL);
    int64_t size = chance_strikes(&sim->chance, FAULT_LARGE_MODEL) ? LARGE_BYTES
                                                                   : (int64_t)(1 + draw(30000000));
    const struct version *version =
        objects_put(STAGING_BUCKET, release->model_key, NULL, size, bad);

    release->content = version->content;
    if (deployment_of(release)->artifact.form == ARTIFACT_MANIFEST && (shared || draw(2) == 0))
        release->version = text_copy(version->id);
    if (!chance_strikes(&sim->chance, FAULT_OVERWRITTEN))
        return;
    struct overwriting *overwriting = memory_allocate(sizeof(*overwriting));

    *overwriting = (struct overwriting){text_copy(release->model_key), bad};
    sim_later((int64_t)draw(30 * US_PER_S), overwrite, overwriting);
}

/* The artifact that the event names: the model itself, or a manifest that leads to it. */
static char *put_artifact(struct release *release)
{
    put_model(release);
    if (deployment_of(release)->artifact.form == ARTIFACT_MODEL)
        return text_copy(release->model_key);
    char *key = text_printf("artifacts/%u.json", release->number);
    cleanup(free_pointer)
    char *version =
        release->version ? text_printf(",\"model_version\":\"%s\"", release->version) : NULL;
    cleanup(free_pointer)
    char *body = text_printf("{\"model_data\":\"s3://" STAGING_BUCKET "/%s\"%s}",
                             release->model_key, version ? version : "");

    objects_put(STAGING_BUCKET, key, body, (int64_t)strlen(body), false);
    return key;
}

static void make_poison(struct release *release)
{
    release->poison = true;
    switch (draw(4)) {
    case 0:
        release->body = text_printf("{\"id\":\"%s\"", release->event_id);
        break;
    case 1:
        release->body = event_of(release, release->event_id, "999999999999", "SUCCEEDED", "");
        break;
    case 2: /* without its artifact */
        release->body =
            configuration_kind(release->deployment) == KIND_PACKAGE
                ? packages_event(release, release->event_id)
            : configuration_has_job(release->deployment)
                ? job_event_of(release, release->event_id, "SUCCEEDED", "")
                : event_of(release, release->event_id, STAGING_ACCOUNT, "SUCCEEDED", "");
        break;
    default:
        release->body = text_printf("[\"%s\"]", release->event_id);
        break;
    }
}

static char *body_of(const struct release *release, const char *id)
{
    const char *state = release->ignored ? "FAILED" : "SUCCEEDED";

    bool has_job = configuration_has_job(release->deployment);

    if (release->package)
        return packages_event(release, id);
    cleanup(free_pointer)
    char *artifact = has_job
                         ? text_printf("{\"name\":\"BuildArtifact\",\"location\":{\"type\":\"S3\","
                                       "\"s3Location\":{\"bucketName\":\"" STAGING_BUCKET
                                       "\",\"objectKey\":\"%s\"}}}",
                                       release->artifact_key)
                         : text_printf("{\"name\":\"BuildArtifact\",\"s3location\":{\"bucket\":"
                                       "\"" STAGING_BUCKET "\",\"key\":\"%s\"}}",
                                       release->artifact_key);

    return has_job ? job_event_of(release, id, state, artifact)
                   : event_of(release, id, STAGING_ACCOUNT, state, artifact);
}

static void make_event(struct release *release)
{
    if (configuration_kind(release->deployment) == KIND_PACKAGE)
        packages_begin(release);
    else if (configuration_kind(release->deployment) == KIND_STACK)
        release->artifact_key = put_project(release);
    else
        release->artifact_key = put_artifact(release);
    release->body = body_of(release, release->event_id);
    if (!configuration_has_job(release->deployment))
        return;
    char job[32];

    snprintf(job, sizeof(job), "job-%u", release->number);
    if (!release->ignored)
        jobs_begin(job);
}

bool staging_is_looked_for(int64_t when_ms)
{
    const struct disk_row *since = disk_find(sim->disk, "sweep", "staging");

    return since && since->row.order_ms <= when_ms;
}

static void send(struct release *release)
{
    int64_t delay_us = (int64_t)draw(3 * US_PER_S);

    if (chance_strikes(&sim->chance, FAULT_EVENT_DELAYED))
        delay_us = (int64_t)draw(1200 * US_PER_S);
    /* Of a job, only its event tells; what is malformed is no execution. */
    if (!release->poison && !release->ignored && !configuration_has_job(release->deployment) &&
        staging_is_looked_for(release->event_ms) &&
        chance_strikes(&sim->chance, FAULT_EVENT_LOST)) {
        release->lost = true;
        return;
    }
    queue_put(release->body, release, delay_us);
    if (release->poison || release->ignored || !chance_strikes(&sim->chance, FAULT_EVENT_RENAMED))
        return;
    cleanup(free_pointer)
    char *id = text_printf("%s-again", release->event_id);
    cleanup(free_pointer)
    char *again = body_of(release, id);

    queue_put(again, release, (int64_t)draw(300 * US_PER_S));
}

static void let_out(void *context)
{
    struct release *release = memory_allocate(sizeof(*release));

    (void)context;
    release->number = ++sim->world->published;
    release->deployment = (unsigned)draw(configuration_endpoints());
    release->event_ms = sim_true_ms() / 1000 * 1000;
    snprintf(release->event_id, sizeof(release->event_id), "event-%u", release->number);
    list_append(&sim->world->releases, &release->link);
    if (chance_strikes(&sim->chance, FAULT_TAG_MOVED))
        sim->world->image++;
    if (chance_strikes(&sim->chance, FAULT_POISON)) {
        make_poison(release);
    } else {
        release->ignored = configuration_kind(release->deployment) != KIND_PACKAGE && draw(20) == 0;
        make_event(release);
    }
    send(release);
    story("staging: event %s for endpoint-%u%s", release->event_id, release->deployment,
          release->poison    ? ", malformed"
          : release->ignored ? ", which nobody wants"
          : release->lost    ? ", which is not delivered"
                             : "");
}

bool staging_all_found(void)
{
    const struct release *release;

    list_each(release, &sim->world->releases, link)
    {
        if (release->lost && !known_of_release(release) &&
            !(release->package && packages_is_rejected(release->package)))
            return false;
    }
    return true;
}

int64_t staging_begin(unsigned count)
{
    int64_t when_us = 0;
    int64_t pace_us = (int64_t)(20 + draw(80)) * US_PER_S;

    for (unsigned i = 0; i < count; i++) {
        /* Often several close together, then a pause. */
        if (draw(3) > 0)
            when_us += (int64_t)draw((uint64_t)pace_us * 3);
        else
            when_us += (int64_t)draw(2 * US_PER_S);
        sim_later(when_us, let_out, NULL);
    }
    return when_us;
}

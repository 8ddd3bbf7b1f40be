/* Staging's model registry: approved packages, of which some are edited, or rejected, later. */
#include "base/text.h"
#include "base/time.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct package {
    const char *arn;
    unsigned number;
    struct version content;
    char *image;
    char digest[80];
    bool rejected;
    bool untold; /* of the rejection: no event comes */
    bool found;  /* nevertheless: a daemon that lives has asked */
    int64_t rejected_us;
    int64_t made_ms;
    int64_t modified_ms;
};

static struct package *find(const char *arn)
{
    return map_get(&sim->world->packages, arn);
}

const struct version *packages_content(const char *arn)
{
    const struct package *package = find(arn);

    return package ? &package->content : NULL;
}

const char *packages_image(const char *arn)
{
    const struct package *package = find(arn);

    return package ? package->image : NULL;
}

bool packages_is_rejected(const char *arn)
{
    const struct package *package = find(arn);

    return package && package->rejected;
}

bool packages_was_rejected_by(const char *arn, int64_t when_us)
{
    const struct package *package = find(arn);

    return package && package->rejected && package->rejected_us <= when_us;
}

bool packages_was_rejected_before(const char *arn, int64_t event_ms)
{
    const struct package *package = find(arn);

    return package && package->rejected && package->modified_ms / 1000 < event_ms / 1000;
}

/* ---- events ------------------------------------------------------------------------------------
 */

/* edited is what was updated of it, as the event tells it; NULL where it is new. */
static char *event_of(const struct package *package, const char *id, const char *edited)
{
    char time[TIME_TEXT_SIZE];
    cleanup(free_pointer)
    char *fields = edited ? text_printf(",\"UpdatedModelPackageFields\":[\"%s\"]", edited) : NULL;

    time_format(package->modified_ms, time);
    return text_printf(
        "{\"version\":\"0\",\"id\":\"%s\",\"source\":\"aws.sagemaker\","
        "\"detail-type\":\"SageMaker Model Package State Change\",\"account\":\"" STAGING_ACCOUNT
        "\",\"time\":\"%s\",\"region\":\"us-east-1\",\"detail\":{\"ModelPackageGroupName\":"
        "\"" PACKAGE_GROUP "\",\"ModelPackageVersion\":%u,\"ModelPackageArn\":\"%s\","
        "\"ModelPackageStatus\":\"Completed\",\"ModelApprovalStatus\":\"%s\","
        "\"LastModifiedTime\":\"%s\"%s}}",
        id, time, package->number, package->arn, package->rejected ? "Rejected" : "Approved", time,
        fields ? fields : "");
}

/* What is malformed names no package. */
char *packages_event(const struct release *release, const char *id)
{
    const struct package *package = release->package ? find(release->package) : NULL;
    const struct package nameless = {.arn = "", .modified_ms = release->event_ms};

    return event_of(package ? package : &nameless, id, NULL);
}

static void tell_of(const struct package *package, const char *what, const char *edited)
{
    char id[40];

    snprintf(id, sizeof(id), "%s-%u", what, package->number);
    cleanup(free_pointer)
    char *body = event_of(package, id, edited);

    story("registry: %s: %s", package->arn, what);
    queue_put(body, NULL, chance_between(&sim->chance, STREAM_STAGING, 0, 60) * US_PER_S);
}

static void modify(struct package *package)
{
    int64_t now_ms = sim_true_ms() / 1000 * 1000;

    package->modified_ms = now_ms > package->modified_ms ? now_ms : package->modified_ms + 1000;
}

static void remark(void *context)
{
    struct package *package = context;

    if (package->rejected || sim->chance.faults_are_over)
        return;
    modify(package);
    tell_of(package, "remark", "CustomerMetadataProperties");
}

static void reject(void *context)
{
    struct package *package = context;

    if (sim->chance.faults_are_over)
        return; /* the run may end before it has had its due */
    modify(package);
    package->rejected = true;
    package->rejected_us = sim->now_us;
    package->untold = staging_is_looked_for(package->modified_ms) &&
                      chance_strikes(&sim->chance, FAULT_REJECTION_LOST);
    if (package->untold)
        story("registry: %s: rejection, and nobody is told", package->arn);
    else
        tell_of(package, "rejection", "ModelApprovalStatus");
}

void packages_begin(struct release *release)
{
    struct package *package = memory_allocate(sizeof(*package));

    package->arn = text_printf(PACKAGE_ARN "%u", release->number);
    package->number = release->number;
    package->content.content = ++sim->world->last_content;
    package->content.bad = chance_strikes(&sim->chance, FAULT_BAD_MODEL);
    image_digest(sim->world->image, package->digest);
    package->image = text_printf(REPOSITORY "@%s", package->digest);
    package->made_ms = package->modified_ms = release->event_ms;
    release->package = text_copy(package->arn);
    release->content = package->content.content;
    map_put(&sim->world->packages, package->arn, package);
    /* Later than its approval's event can be. */
    if (chance_strikes(&sim->chance, FAULT_PACKAGE_REMARKED))
        sim_later(chance_between(&sim->chance, STREAM_STAGING, 1800, 7200) * US_PER_S, remark,
                  package);
    /* Half of them before the approval's event has come. */
    if (chance_strikes(&sim->chance, FAULT_PACKAGE_REJECTED))
        sim_later(chance_between(&sim->chance, STREAM_STAGING, 0,
                                 chance_below(&sim->chance, STREAM_STAGING, 2) ? 3600 : 5) *
                      US_PER_S,
                  reject, package);
}

bool packages_all_found(void)
{
    size_t position = 0;
    void *value;

    while (map_each(&sim->world->packages, &position, NULL, &value)) {
        const struct package *package = value;

        if (package->untold && !package->found)
            return false;
    }
    return true;
}

void packages_forget_found(void)
{
    size_t position = 0;
    void *value;

    while (map_each(&sim->world->packages, &position, NULL, &value))
        ((struct package *)value)->found = false;
}

/* ---- calls -------------------------------------------------------------------------------------
 */

static void free_document(void *document)
{
    cJSON_Delete(document);
}

static void add_common(cJSON *entry, const struct package *package)
{
    json_add_text(entry, "ModelPackageArn", package->arn);
    json_add_text(entry, "ModelPackageGroupName", PACKAGE_GROUP);
    json_add_integer(entry, "ModelPackageVersion", package->number);
    json_add_text(entry, "ModelPackageStatus", "Completed");
    json_add_text(entry, "ModelApprovalStatus", package->rejected ? "Rejected" : "Approved");
    json_put(entry, "CreationTime", cJSON_CreateNumber((double)package->made_ms / 1000));
}

/* The newest first. */
void packages_list(struct aws_call *call)
{
    const char *status = json_get_text(call->input, "ModelApprovalStatus");
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = json_add_array(answer, "ModelPackageSummaryList");
    const struct release *release;

    arena_adopt(&call->arena, answer, free_document);
    if (!text_equal(call->account, "staging") ||
        !text_equal(json_get_text(call->input, "ModelPackageGroupName"), PACKAGE_GROUP))
        broken("who is asked", "packages of %s are asked of account %s",
               json_get_text(call->input, "ModelPackageGroupName"), call->account);
    list_each(release, &sim->world->releases, link)
    {
        const struct package *package = release->package ? find(release->package) : NULL;

        if (!package || package->rejected != text_equal(status, "Rejected"))
            continue;
        cJSON *entry = cJSON_CreateObject();

        add_common(entry, package);
        cJSON_InsertItemInArray(list, 0, entry);
    }
    call_answer(call, answer);
}

void packages_describe(struct aws_call *call)
{
    const char *arn = json_get_text(call->input, "ModelPackageName");
    struct package *package = find(arn);

    if (!package) {
        call_refuse(call, ERROR_NOT_FOUND, "ValidationException", "ModelPackage %s does not exist",
                    arn);
        return;
    }
    package->found = package->rejected;
    cJSON *answer = cJSON_CreateObject();
    cJSON *container = cJSON_CreateObject();

    arena_adopt(&call->arena, answer, free_document);
    add_common(answer, package);
    json_put(answer, "LastModifiedTime", cJSON_CreateNumber((double)package->modified_ms / 1000));
    json_add_text(container, "Image", package->image);
    json_add_text(container, "ImageDigest", package->digest);
    cJSON_AddItemToArray(
        json_add_array(json_add_object(answer, "InferenceSpecification"), "Containers"), container);
    call_answer(call, answer);
}

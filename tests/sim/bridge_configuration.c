/* The file: the short form, and single resources that come and go. */
#include "base/buffer.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEY_ARN "arn:aws:kms:us-east-1:" STAGING_ACCOUNT ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
#define FILE_BYTES ((size_t)65536)

static const char beginning[] =
    "version: 1\n"
    "home: prod\n"
    "accounts:\n"
    "  prod: { id: \"" HOME_ACCOUNT "\", region: us-east-1 }\n"
    "  staging: { id: \"" STAGING_ACCOUNT "\", region: us-east-1,\n"
    "    assume_role: \"arn:aws:iam::" STAGING_ACCOUNT ":role/" STAGING_ROLE "\",\n"
    "    external_id: causeway }\n"
    "queue: { name: causeway-events }\n";

/* Single resources, each of which the file may have or not. A %s is drawn of two words. */
static const char *const pieces[] = {
    /* what others wait for: a role, one that trusts it, and a bucket that lets it in */
    "- { kind: iam_role, account: prod, name: reader, tags: { team: scores, %s: yes },\n"
    "    description: \"%s\", trust: { statements: [{ Effect: Allow,\n"
    "      Principal: { Service: ec2.amazonaws.com }, Action: sts:AssumeRole }] },\n"
    "    managed: [\"arn:aws:iam::" HOME_ACCOUNT ":policy/reading\"] }\n"
    "- { kind: iam_policy, account: prod, name: reading, policy: { statements: [\n"
    "    { Effect: Allow, Action: \"s3:Get%s\", Resource: \"arn:aws:s3:::lent/*\" }] } }\n"
    "- { kind: iam_role, account: staging, name: lender, trust: { statements: [{ Effect: Allow,\n"
    "      Principal: { AWS: \"arn:aws:iam::" HOME_ACCOUNT ":role/reader\" },\n"
    "      Action: sts:AssumeRole }] }, inline: { reading: { statements: [{ Effect: Allow,\n"
    "      Action: s3:ListBucket, Resource: \"arn:aws:s3:::lent\" }] } } }\n"
    "- { kind: s3_bucket_policy, account: staging, name: lent, policy: { statements: [\n"
    "    { Sid: OursLent, Effect: Allow,\n"
    "      Principal: { AWS: \"arn:aws:iam::" HOME_ACCOUNT ":role/reader\" },\n"
    "      Action: \"s3:Get%s\", Resource: \"arn:aws:s3:::lent/*\" }] } }\n",
    /* a bus of results with a rule on it */
    "- { kind: event_bus, account: prod, name: results, description: \"%s\" }\n"
    "- { kind: event_rule, account: prod, name: all, bus: results,\n"
    "    pattern: { source: [\"causeway.%s\"] },\n"
    "    targets: [{ id: audit, arn: \"arn:aws:sqs:us-east-1:" HOME_ACCOUNT ":audit\" }] }\n"
    "- { kind: sqs_queue, account: prod, name: audit, retention: 4d, tags: { team: audit, %s: yes "
    "},\n"
    "    policy: { statements: [{ Sid: OursAudit, Effect: Allow,\n"
    "      Principal: { Service: events.amazonaws.com }, Action: sqs:SendMessage,\n"
    "      Resource: \"arn:aws:sqs:us-east-1:" HOME_ACCOUNT ":audit\" }] } }\n",
    /* a second repository */
    "- { kind: ecr_repository, account: staging, name: tools, create: true,\n"
    "    policy: { statements: [{ Sid: OursPull, Effect: Allow,\n"
    "      Principal: { AWS: \"arn:aws:iam::" HOME_ACCOUNT ":root\" },\n"
    "      Action: \"ecr:BatchGet%s\" }] } }\n",
    /* who may see a group's model packages */
    "- { kind: model_package_group_policy, account: staging, name: scores,\n"
    "    policy: { statements: [{ Sid: OursPackages, Effect: Allow,\n"
    "      Principal: { AWS: \"arn:aws:iam::" HOME_ACCOUNT ":root\" },\n"
    "      Action: \"sagemaker:Describe%s\",\n"
    "      Resource: \"arn:aws:sagemaker:us-east-1:" STAGING_ACCOUNT
    ":model-package/scores/*\" }] } }\n",
    /* another statement in what we have already */
    "- { kind: s3_bucket_policy, account: staging, name: shared, policy: { statements: [\n"
    "    { Sid: \"Ours%s\", Effect: Allow,\n"
    "      Principal: { AWS: \"arn:aws:iam::" HOME_ACCOUNT ":root\" },\n"
    "      Action: s3:GetObject, Resource: \"arn:aws:s3:::shared/*\" }] } }\n",
};

static const char watched[] =
    "- { kind: iam_role, account: prod, name: " WATCHED_ROLE ", mode: observe,\n"
    "    trust: { statements: [{ Effect: Allow, Principal: { Service: ec2.amazonaws.com },\n"
    "      Action: sts:AssumeRole }] } }\n";

/* Denies everybody, and so the daemon, its own queue. */
static const char locking[] =
    "- { kind: sqs_queue, account: prod, name: causeway-events, policy: { statements: [\n"
    "    { Sid: " LOCKING_SID ", Effect: Deny, Principal: \"*\", Action: \"sqs:*\",\n"
    "      Resource: \"arn:aws:sqs:us-east-1:" HOME_ACCOUNT ":causeway-events\" }] } }\n";

bool sid_is_ours(const char *sid)
{
    return sid && (text_starts_with(sid, "Causeway") || text_starts_with(sid, "Ours"));
}

static uint64_t draw(uint64_t below)
{
    return chance_below(&sim->chance, STREAM_CONFIG, below);
}

static void write_piece(struct buffer *buffer, const char *piece)
{
    for (const char *hole; (hole = strstr(piece, "%s")); piece = hole + 2) {
        buffer_append(buffer, piece, (size_t)(hole - piece));
        buffer_append_text(buffer, draw(3) == 0 ? "Other" : "Object");
    }
    buffer_append_text(buffer, piece);
}

static void write_bridge(struct buffer *buffer)
{
    buffer_printf(buffer,
                  "bridge: { from: staging, to: prod, bus: cross-account-bus,\n"
                  "  pipelines: [deploy%s], artifact_buckets: [artifacts%s],\n"
                  "  model_bucket: prod-models, repositories: [inference],\n"
                  "  kms_keys: [\"" KEY_ARN "\"] }\n",
                  draw(4) == 0 ? ", deploy-more" : "", draw(4) == 0 ? ", more-artifacts" : "");
}

static char *make_text(bool clean)
{
    struct buffer buffer = BUFFER(FILE_BYTES);
    const bool locks = !clean && chance_strikes(&sim->chance, FAULT_LOCKING_OUT);

    buffer_append_text(&buffer, beginning);
    buffer_printf(&buffer, "reconcile: { every: %um, prune: %s, max_deletes: %u }\n",
                  (unsigned)(2 + draw(9)), draw(2) ? "true" : "false", (unsigned)(1 + draw(3)));
    write_bridge(&buffer);
    buffer_append_text(&buffer, "resources:\n");
    for (size_t i = 0; i < array_length(pieces); i++)
        if (draw(4) > 0)
            write_piece(&buffer, pieces[i]);
    buffer_append_text(&buffer, watched);
    if (locks)
        buffer_append_text(&buffer, locking);
    return buffer_take(&buffer);
}

/* Read as the daemon reads its file. */
struct config *bridge_configuration_make(bool clean)
{
    cleanup(free_pointer)
    char *text = make_text(clean);
    struct config_errors errors = {0};
    int descriptor = memfd_create("causeway.yaml", 0);
    char path[64];

    if (descriptor < 0 || write(descriptor, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    struct config *config = config_load(path, &errors);

    close(descriptor);
    for (size_t i = 0; !config && i < errors.count; i++)
        fprintf(stderr, "causeway-sim: %u:%u: %s\n", errors.errors[i].place.line,
                errors.errors[i].place.column, errors.errors[i].message);
    config_errors_free(&errors);
    if (!config)
        abort();
    bridge_promises_configured(config);
    return config;
}

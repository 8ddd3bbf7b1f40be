/* The configuration: one YAML file (or a main file that includes others) as an immutable, typed
 * value. causeway.yaml is described key by key in schema.def, from which the parser, the JSON
 * Schema in conf/ and the documentation are made.
 *
 * Loading reports every error at once as FILE:LINE:COLUMN: message. A configuration that loads is
 * whole: files are joined, references resolved, defaults filled in, patterns compiled, names and
 * policies such as AWS accepts, and each account that something is to be made in has a way in. */
#ifndef CAUSEWAY_CONFIG_CONFIG_H
#define CAUSEWAY_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_shared.h"
#include "policy/event_pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_place {
    const char *file;
    unsigned line;   /* from 1 */
    unsigned column; /* from 1 */
};

struct config_account {
    struct config_place place;
    const char *name; /* "staging" */
    const char *id;   /* 12 digits */
    const char *region;
    const char *assume_role; /* ARN, or NULL for the daemon's own credentials */
    const char *external_id; /* or NULL */
};

struct config_queue {
    const char *name;
    const char *url;   /* or NULL: asked of SQS by the name */
    int64_t receivers; /* 1 to 16 */
    int64_t visibility_ms;
    int64_t wait_ms; /* of a long poll, to 20 s */
};

/* Text that stands in the file, or is taken from the event by JSON Pointer. */
struct config_source {
    const char *text;    /* or NULL */
    const char *pointer; /* RFC 6901, or NULL */
};

struct config_store_dynamodb {
    struct config_place place;
    const char *table;
    const char *account; /* or NULL: home */
};

enum artifact_form {
    ARTIFACT_MANIFEST,          /* a JSON document, or a zip that holds it */
    ARTIFACT_MODEL,             /* a model.tar.gz; all else is in the configuration */
    ARTIFACT_SAGEMAKER_PROJECT, /* a zip of template and parameters */
    ARTIFACT_MODEL_PACKAGE,     /* no object: the registry's package that the event names */
};

struct config_artifact {
    const char *pipeline; /* the name of an output artifact of the execution, or NULL */
    struct config_source bucket;
    struct config_source key;
    struct config_source version; /* S3 version id; optional */
    struct config_source uri;     /* s3://BUCKET/KEY, instead of the two */
    enum artifact_form form;
    const char *manifest; /* the manifest's name inside a zip; default "manifest.json" */
    const char *template; /* these two: inside a sagemaker-project's */
    const char *parameters_file;
};

enum deployment_driver { DRIVER_SAGEMAKER, DRIVER_CLOUDFORMATION };

struct config_pair {
    const char *key;
    const char *value;
};

struct config_container {
    const char *image; /* or NULL: the artifact says */
    struct config_pair *environment;
    size_t environment_count;
    bool multi_model;    /* it serves many models: each deployment brings one */
    int64_t keep_models; /* of those; 0 for all */
};

struct config_serverless {
    int64_t memory; /* MB */
    int64_t concurrency;
};

struct config_variant {
    const char *name;
    const char *instance_type;
    int64_t count;
    struct config_serverless *serverless; /* or NULL */
    int64_t weight;                       /* of several */
    const char *model;                    /* an existing one; NULL for what is deployed */
};

struct config_asynchronous {
    const char *output;   /* s3://BUCKET/PREFIX */
    const char *failures; /* or NULL */
    int64_t concurrency;  /* of one instance; 0 for SageMaker's choice */
};

enum rollout_type { ROLLOUT_ALL_AT_ONCE, ROLLOUT_CANARY, ROLLOUT_LINEAR, ROLLOUT_ROLLING };

enum watch_statistic {
    STATISTIC_SUM,
    STATISTIC_AVERAGE,
    STATISTIC_MAXIMUM,
    STATISTIC_MINIMUM,
    STATISTIC_SAMPLE_COUNT,
};

/* An alarm that is made for one rollout. */
struct config_watch {
    const char *metric;
    const char *above; /* a number */
    enum watch_statistic statistic;
    int64_t period_ms;
    int64_t periods;
};

struct config_rollout {
    enum rollout_type type;
    int64_t step; /* a percentage, or instances */
    bool step_is_percent;
    int64_t bake_ms;    /* wait between steps */
    int64_t timeout_ms; /* of the whole execution; 0 for SageMaker's default */
    const char **alarms;
    size_t alarm_count;
    struct config_watch *watch;
    size_t watch_count;
};

struct config_verification {
    const char *body;
    const char *content_type;
    const char *accept;         /* or NULL */
    const char *target_model;   /* or NULL */
    const char *target_variant; /* or NULL */
    int64_t expect_status;
    const char *pointer; /* RFC 6901, into the answer: what matches is held against; or NULL */
    const char *matches; /* POSIX extended regular expression, or NULL */
    int64_t latency_ms;  /* upper bound, 0 for none */
};

enum approval { APPROVAL_NONE, APPROVAL_MANUAL };

enum scaling { SCALING_KEEP, SCALING_IGNORE };

/* From each moment that cron would run it, for as long. */
struct config_freeze {
    const char *at; /* five fields */
    int64_t for_ms;
    const char *zone;
    const char *why; /* or NULL */
};

struct config_deployment {
    struct config_place place;
    const char *name;
    const cJSON *on; /* the pattern as JSON, for `event route` and for people */
    const struct event_pattern *pattern;
    struct json_shared *settings; /* of its records, made when the first one wants them */
    struct config_artifact artifact;
    bool mirror; /* images of other accounts are copied into the home account's repositories */
    enum deployment_driver driver;
    const char *endpoint;
    const char *execution_role; /* ARN in the home account */
    const char *model_bucket;   /* in the home account: its own, else the bridge's */
    const char *model_prefix;   /* of copied objects; default "causeway/" */
    struct config_container container;
    struct config_variant variant;
    struct config_variant *variants; /* in its place, where there are some */
    size_t variant_count;
    struct config_variant *shadow;            /* or NULL */
    struct config_asynchronous *asynchronous; /* or NULL */
    struct config_rollout rollout;
    struct config_verification *verify;
    size_t verify_count;
    enum approval approval;
    int64_t retry_within_ms;  /* how long transient trouble is borne before the deployment fails */
    int64_t keep;             /* successful predecessors whose model and config are kept */
    bool delete_failed_first; /* a first deployment that fails: delete the endpoint */
    const cJSON *overlay_model;           /* AWS's own fields for CreateModel, or NULL */
    const cJSON *overlay_endpoint_config; /* for CreateEndpointConfig */
    const cJSON *overlay_endpoint;        /* for CreateEndpoint and UpdateEndpoint */
    struct config_pair *tags;
    size_t tag_count;
    struct config_freeze *freeze;
    size_t freeze_count;
    struct config_pair *parameters; /* of the artifact's template */
    size_t parameter_count;
    const char *stack;             /* NULL: named as the endpoint */
    const char **artifact_buckets; /* where artifacts and models may be; none: the bridge's */
    size_t artifact_bucket_count;
    const char **repositories; /* where images may be; none: the bridge's */
    size_t repository_count;
    const char **capabilities;
    size_t capability_count;
    const char *stack_role; /* ARN, or NULL */
    enum scaling scaling;
};

enum reconcile_mode { RECONCILE_ENFORCE, RECONCILE_OBSERVE };

struct config_reconcile {
    enum reconcile_mode mode;
    int64_t every_ms;
    bool prune;
    int64_t max_deletes;
};

enum privileges { PRIVILEGES_LEAST, PRIVILEGES_GUIDE };

/* The short form. */
struct config_bridge {
    struct config_place place;
    const char *from; /* accounts by name */
    const char *to;
    const char *bus;
    const char **pipelines;
    size_t pipeline_count;
    const char **artifact_buckets;
    size_t artifact_bucket_count;
    const char *model_bucket;
    const char **repositories;
    size_t repository_count;
    const char **kms_keys;
    size_t kms_key_count;
    enum privileges privileges;
    int64_t heartbeat_ms; /* how often every hop is tried; 0 for never */
};

/* Of a policy that others may write into too: our statements by their Sid, or all of it. */
enum policy_ownership { OWNS_STATEMENTS, OWNS_DOCUMENT };

/* One entry of resources:, references resolved. */
struct config_resource {
    struct config_place place;
    const char *kind;
    const char *account;
    const char *name;
    const char *key;            /* what references call it; its name where the file gives none */
    enum reconcile_mode mode;   /* its own, else the whole's */
    bool own_mode;              /* which of the two */
    enum policy_ownership owns; /* OWNS_STATEMENTS for kinds whose policy nobody shares too */
    /* The kind's keys by their names in schema.def, typed, defaults filled in: texts, booleans,
     * whole numbers; durations in seconds. A policy is an object in AWS's own names with a list
     * Statement whose elements stand as they do in the file, all scalars texts. What the file does
     * not say, and has no default, is absent. */
    const cJSON *fields;
};

/* The role for models that the short form makes in the home account; the second one with the
 * guide's privileges. */
#define CONFIG_EXECUTION_ROLE "causeway-execution"
#define CONFIG_GUIDE_EXECUTION_ROLE "AmazonSageMakerServiceCatalogProductsUseRoleMultiModelTB"

struct config {
    unsigned references; /* config_ref() and config_unref() only */
    struct arena arena;
    const char *file;
    const char *home;
    struct config_account *accounts;
    size_t account_count;
    struct config_queue queue;
    const char *store_path;                       /* of the SQLite file, where there is no table */
    struct config_store_dynamodb *store_dynamodb; /* or NULL */
    int64_t store_lease_ms;
    const char *control_socket;
    const char *http_listen; /* "127.0.0.1:9464", or NULL */
    const char *result_bus;  /* bus in the home account that results are announced on, or NULL */
    int64_t sweep_ms;        /* how often staging is asked what it has done */
    struct config_reconcile reconcile;
    struct config_bridge *bridge; /* or NULL */
    struct config_resource *resources;
    size_t resource_count;
    struct config_deployment *deployments;
    size_t deployment_count;
};

/* What is wrong with a file, in the order of the places. */
struct config_errors {
    struct arena arena;
    struct config_error {
        struct config_place place;
        const char *message;
    } * errors;
    size_t count;
    size_t dropped; /* beyond LIMIT_CONFIG_ERRORS */
};

/* Loads path and what it includes. NULL, and at least one error, where anything is wrong. errors is
 * zeroed by the caller and freed by config_errors_free(), whatever came of it. */
struct config *config_load(const char *path, struct config_errors *errors);
void config_errors_free(struct config_errors *errors);

/* "FILE:LINE:COLUMN: message" for one error. The caller frees it. */
char *config_error_format(const struct config_error *error);

/* One more, or one less, holder; the last one frees it. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* By name; NULL where there is none. */
const struct config_account *config_find_account(const struct config *config, const char *name);
const struct config_account *config_find_account_by_id(const struct config *config, const char *id);
const struct config_deployment *config_find_deployment(const struct config *config,
                                                       const char *name);
const struct config_account *config_home(const struct config *config);

/* What of a changed configuration cannot be applied while the daemon runs: the home account, the
 * queue, the store, the sockets. NULL where everything can be; otherwise a sentence for people,
 * which the caller frees. */
char *config_reload_refusal(const struct config *running, const struct config *wanted);

#endif

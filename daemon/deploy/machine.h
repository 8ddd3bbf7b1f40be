/* The machine: what next for this deployment. Pure; no clock, no chance, no I/O.
 *
 * machine_step() takes a record and one input and changes the record. No input is given while an
 * effect is under way, but its result. The effect to run is then a function of the record alone
 * (machine_effect()), which is why a restart needs nothing but the record: the effects of every
 * open one are asked for again, and each is idempotent.
 *
 * What ends badly after `releasing` is rolled back; before it, it has touched nothing that serves.
 */
#ifndef CAUSEWAY_DEPLOY_MACHINE_H
#define CAUSEWAY_DEPLOY_MACHINE_H

#include "base/error.h"
#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum effect {
    EFFECT_NONE,
#define EFFECT(enumerator, operation, ask, take) enumerator,
#include "deploy/effects.def"
#undef EFFECT
    EFFECTS,
};

/* Failures that a step's taker wants to see for itself. */
enum { ACCEPT_ABSENT = 1, ACCEPT_CONFLICT = 2, ACCEPT_DENIED = 4, ACCEPT_INVALID = 8 };

/* An endpoint as DescribeEndpoint showed it. */
struct endpoint_variant {
    const char *name;
    int64_t current_count;
    int64_t desired_count;
    const char *const *resolved_images; /* by their digests, one a container */
    size_t image_count;
};

struct endpoint_view {
    const char *status; /* "InService" */
    const char *config;
    const char *pending_config;              /* of the deployment under way, or NULL */
    const char *failure_reason;              /* or NULL */
    const struct endpoint_variant *variants; /* production ones, then shadow ones */
    size_t variant_count;
};

/* What came of an effect. Only the members that the effect is about are set. */
struct effect_result {
    bool ok;
    struct error error; /* where not ok */
    const char *bytes;  /* the artifact; a model's answer */
    size_t length;
    const char *version; /* of an S3 object; NULL in a bucket without versions */
    const char *etag;    /* of an object or a part, without quotes */
    int64_t size;
    bool has_key;       /* an object that is encrypted with a KMS key */
    const char *digest; /* of an image */
    const char *upload_id;
    const struct endpoint_view *endpoint;
    const char *operation; /* the call that it was, and AWS's id of it; or NULL */
    const char *request_id;
    const cJSON *document; /* DescribeModel, DescribeEndpointConfig */
    int status;            /* of an invocation */
    int64_t elapsed_ms;
};

enum machine_input_kind {
    INPUT_START,      /* accepted, or taken up again after a restart */
    INPUT_RESULT,     /* of the effect that the record asked for */
    INPUT_WAKE,       /* its wake_ms has come */
    INPUT_NEWS,       /* its endpoint may have changed */
    INPUT_TURN,       /* its endpoint is its own now */
    INPUT_SUPERSEDED, /* by */
    INPUT_CANCEL,     /* by */
    INPUT_APPROVE,    /* by */
    INPUT_REJECT,     /* by */
};

struct machine_input {
    enum machine_input_kind kind;
    const struct effect_result *result; /* INPUT_RESULT */
    const char *by;                     /* operator, or id of the newer deployment */
    bool now;                           /* INPUT_APPROVE: passes a freeze, too */
    const cJSON *lineage;               /* of the endpoint, see lineage.h; NULL for none */
    double draw;                        /* uniform in [0, 1), for the back-off */
};

struct machine_output {
    bool refused;   /* the record is unchanged; error says why (operators' inputs) */
    cJSON *lineage; /* the endpoint's new lineage, to be committed with the record; NULL where it is
                       unchanged. The caller frees it. */
};

/* Changes the record by one input. The result's taker may do several silent steps. */
struct machine_output machine_step(struct record *record, const struct machine_input *input,
                                   int64_t now_ms, struct error *error);

/* What the record asks for now; EFFECT_NONE while it waits, and until wake_ms. */
enum effect machine_effect(const struct record *record, int64_t now_ms);

/* Whether wake_ms has come; also where it is too far ahead to be meant, after the clock was set
 * back. */
bool machine_is_due(const struct record *record, int64_t now_ms);

/* The step's effect, whether it is time for it or not. */
enum effect machine_step_effect(const struct record *record);

/* Waits for SageMaker to finish with its endpoint: what the sweep and the events are for. */
bool machine_waits_for_endpoint(const struct record *record);

/* Waits for CloudFormation: for its events, and looks by itself now and then. */
bool machine_waits_for_stack(const struct record *record);

/* Waits to be let at its endpoint, or may be passed by while it waits for approval. */
bool machine_waits_for_turn(const struct record *record);

/* Nothing is left to do. */
bool machine_is_closed(const struct record *record);

#endif

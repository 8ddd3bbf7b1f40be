/* The insides of observing: a queue of reads, each of which knows what it is about. */
#ifndef CAUSEWAY_BRIDGE_OBSERVE_INTERNAL_H
#define CAUSEWAY_BRIDGE_OBSERVE_INTERNAL_H

#include "aws/service_iam.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/map.h"
#include "bridge/observe.h"
#include "net/timer.h"

/* Different operations that reads use. */
enum { OBSERVE_OPERATIONS = 32 };

struct read;

/* One kind of read: what it asks, and what it makes of the answer. */
struct read_kind {
    const struct aws_operation *operation;
    /* Fills the input, which lives in the arena. */
    const void *(*ask)(struct read *read);
    /* Takes what came; may add reads. */
    void (*take)(struct read *read, const void *output);
    /* Where it failed: NULL marks the resource as unreadable, or absent where it was not found. */
    void (*fail)(struct read *read, const struct error *error);
    /* Takes what is known out of an answer before it is decoded; NULL where nothing can be. */
    bool (*sift)(struct read *read, const char *body, size_t length, struct buffer *rest);
};

struct read {
    struct observation *observation;
    const struct read_kind *kind;
    struct list link;
    struct aws_call *call;
    size_t resource;     /* index, for reads about one */
    const char *account; /* by name */
    const char *bus;     /* of lists of rules */
    const char *thing;   /* what else it is about: survey.c */
    const char *marker;  /* of the next page, or NULL */
    size_t page;         /* how many came before it */
    void *gathered;      /* by the reads before it: observe_iam_alone.c */
    int64_t first_ms;    /* when it was first told to slow down; 0 */
};

struct observation {
    struct loop *loop;
    struct aws *aws;
    struct observe_memory *memory;
    const struct desired *desired; /* whose list the resources are; NULL where they are none's */
    const struct resource_list *resources;
    const bool *wanted;
    struct observed *observed;
    observe_done *done;
    void *context;
    struct arena arena;
    struct map iam;      /* places of roles and policies by observe_iam.c's keys, and one added */
    struct list waiting; /* reads */
    struct list under_way;
    struct list slowed; /* those that AWS told to slow down: they wait for the pause */
    struct timer pause;
    unsigned in_flight;
    unsigned calls;
    struct {
        const struct aws_operation *operation;
        unsigned calls;
    } operations[OBSERVE_OPERATIONS];
    size_t operation_count;
    struct poke poke;
};

/* As observe_start(), without the first reads: the caller queues some. */
struct observation *observe_open(struct loop *loop, struct aws *aws, struct observe_memory *memory,
                                 const struct resource_list *resources, const bool *wanted,
                                 observe_done *done, void *context);

/* Queues a read about one resource, or about a whole account. */
struct read *observe_resource(struct observation *observation, const struct read_kind *kind,
                              size_t resource);
struct read *observe_account(struct observation *observation, const struct read_kind *kind,
                             const char *account);

/* The question for a page of an account's roles and policies, as large as IAM gives. */
const void *observe_ask_account_details(struct read *read);
/* GetRole's and GetPolicy's, of the read's resource. */
const void *observe_ask_role(struct read *read);
const void *observe_ask_policy(struct read *read);

const struct resource *read_resource(const struct read *read);
/* The fields of the read's resource, which is there from now on. */
cJSON *read_fields(struct read *read);
void read_set_absent(struct read *read);
/* Marks one resource as unreadable. */
void observe_unreadable(struct observation *observation, size_t resource,
                        const struct error *error);
bool observe_wants(const struct observation *observation, size_t resource);
/* Whether the resource's tags are to be read: the file gives some, or gave some, or they decide
 * whether we may delete it. */
bool observe_wants_tags(const struct resource *resource);
bool observe_wants_field(const struct resource *resource, const char *field);

/* An input that is JSON, in the observation's arena. */
cJSON *observe_input(struct observation *observation);
/* A list of {key, value} objects as a map of texts. */
cJSON *observe_tags(const cJSON *list, const char *key, const char *value);

/* Roles and policies: what the account's pages say of one, and what they leave out. */
cJSON *observe_fields_of_role(const struct iam_role_detail *role);
cJSON *observe_fields_of_policy(const struct iam_managed_policy_detail *policy);
bool observe_needs_iam_details(const struct resource *resource);
void observe_add_role_details(cJSON *fields, const struct iam_role *role);
void observe_add_policy_details(cJSON *fields, const struct iam_policy *policy);
/* Queues the first of the reads about one by itself. */
void observe_iam_alone(struct observation *observation, size_t resource);

/* Queue the first reads for the resources that are wanted. */
void observe_iam(struct observation *observation);
void observe_routes(struct observation *observation);
void observe_policies(struct observation *observation);
void observe_tables(struct observation *observation);

#endif

/* Templates that are too large to be sent along: they lie in the model bucket while CloudFormation
 * reads them (CloudFormation User Guide, "Understand CloudFormation quotas": 51,200 bytes in a
 * request, 1 MB in a bucket). Pure.
 *
 * A template, new or of before, is {body, parameters} or {key, sha256, parameters}. */
#ifndef CAUSEWAY_DEPLOY_STACK_TEMPLATE_H
#define CAUSEWAY_DEPLOY_STACK_TEMPLATE_H

#include "base/arena.h"
#include "base/error.h"
#include "deploy/record.h"

#include <stddef.h>

/* Says where the text is: its body itself, or the key that it is to be put under. -1 and
 * ERROR_LIMIT where it is too large and there is no model bucket. */
int stack_template_place(const struct record *record, cJSON *template, const char *body,
                         size_t length, struct error *error);

/* Where CloudFormation reads it, in the arena; NULL where it is sent along. */
const char *stack_template_url(struct arena *arena, const struct record *record,
                               const cJSON *template);

/* Adds what lies in the bucket, of both templates, to the garbage. */
void stack_template_collect(const struct record *record, cJSON *garbage);

#endif

/* Fields in one form, whoever wrote them: the file, a template, or AWS. Pure.
 *
 * A policy is a whole document with Version and a list of statements; numbers are numbers; what is
 * said by silence (an empty description, no path) is said by silence. */
#ifndef CAUSEWAY_BRIDGE_NORMAL_H
#define CAUSEWAY_BRIDGE_NORMAL_H

#include "bridge/resource.h"

/* Brings the fields of a resource into that form, in place. */
void normal_fields(enum resource_kind kind, cJSON *fields);

/* A document as text (percent-encoded as IAM answers, or as it is) into its form; NULL where it is
 * none. The caller frees it. */
cJSON *normal_document(const char *text);
cJSON *normal_encoded_document(const char *text);

/* EventBridge's target as the configuration writes it, and back. The caller frees both. */
cJSON *normal_target(const cJSON *target);
cJSON *normal_aws_target(const cJSON *target);

/* A CodePipeline stage's actions as the configuration writes them, and back. The caller frees both.
 */
cJSON *normal_stage_actions(const cJSON *actions);
cJSON *normal_aws_stage_actions(const cJSON *actions);

/* SQS's attributes as fields, and fields as SQS's attributes (texts). Those that the fields do not
 * have are left out. */
void normal_queue_fields(const cJSON *attributes, cJSON *fields);
cJSON *normal_queue_attributes(const cJSON *fields);
/* SQS's name of the attribute, or NULL where the field is none. */
const char *normal_queue_attribute(const char *field);

#endif

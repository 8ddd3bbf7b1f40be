/* What a stack's template names, held against where things may come from (sources.h). Pure.
 *
 * CloudFormation makes the model with the daemon's permissions, or those of stack_role: a template
 * could otherwise have them serve any image, package or model data that they, and not its author,
 * can reach. So could what is not seen before it is made: stacks in the stack, modules, and what
 * macros make of the template. They are refused, unless the deployment's `capabilities` have
 * CAPABILITY_AUTO_EXPAND: whoever writes that trusts what comes of it. */
#ifndef CAUSEWAY_DEPLOY_STACK_SOURCES_H
#define CAUSEWAY_DEPLOY_STACK_SOURCES_H

#include "base/error.h"
#include "deploy/record.h"
#include "deploy/template.h"

/* -1 and ERROR_INVALID where the template expands into what is not seen, or a SageMaker model in it
 * names what may not be used, or what cannot be known before the stack is made. What the stack
 * makes itself may be used. */
int stack_sources_check(const struct record *record, const cJSON *template, const cJSON *parameters,
                        const struct template_place *place, struct error *error);

#endif

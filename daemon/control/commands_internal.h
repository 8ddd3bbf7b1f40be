/* What the files of the commands share:
 *   commands.c  which request goes where
 *   ask.c       questions: nothing changes
 *   act.c       an operator's wishes about deployments
 *   operate.c   an operator's wishes about the daemon: drain, log level
 *   letters.c   dead letters
 *   metrics.c   what Prometheus asks for
 *   events.c    the stream of what happens
 *   page.c      the page */
#ifndef CAUSEWAY_CONTROL_COMMANDS_INTERNAL_H
#define CAUSEWAY_CONTROL_COMMANDS_INTERNAL_H

#include "control/commands.h"

typedef void command_function(const struct control_parts *parts, struct exchange *exchange,
                              const char *id);

#define ROUTE(enumerator, method, path, reach, function) command_function function;
#include "control/api.def"
#undef ROUTE

/* Each gives the exchange its answer. */
void answer_json(struct exchange *exchange, int status, const cJSON *document);
void answer_error(struct exchange *exchange, const struct error *error);

#endif

/* Running a program and reading what it prints, for credential_process. */
#ifndef CAUSEWAY_NET_PROCESS_H
#define CAUSEWAY_NET_PROCESS_H

#include "base/error.h"
#include "net/loop.h"

#include <stddef.h>
#include <stdint.h>

struct process;

/* output is what the program printed, NUL-terminated, valid during the callback; with an error it
 * is NULL: ERROR_INVALID where it could not be started, ERROR_UNKNOWN where it ended with an exit
 * status other than 0 or by a signal, ERROR_TRANSIENT where it took too long or the machine lacks
 * means, ERROR_LIMIT where it printed too much. */
typedef void process_done(void *context, const char *output, size_t length,
                          const struct error *error);

/* arguments end with NULL; the first is looked for in PATH; no shell. Standard input is empty,
 * standard error is ours. The program leads a session of its own, and is killed with all it started
 * when it takes longer than timeout_ms (0 for no limit). It is over when it has ended and its
 * standard output is closed. Never calls back before it returns; the process is gone when done
 * returns. */
struct process *process_start(struct loop *loop, const char *const *arguments,
                              size_t output_maximum, int64_t timeout_ms, process_done *done,
                              void *context);

/* Kills the program; done is not called any more. */
void process_cancel(struct process *process);

#endif

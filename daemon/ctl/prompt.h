/* Asking the person at the terminal: questions go to standard error, answers come from standard
 * input. */
#ifndef CAUSEWAY_CTL_PROMPT_H
#define CAUSEWAY_CTL_PROMPT_H

#include "ctl/command.h"

#include <stdbool.h>

/* Whether there is somebody to ask. */
bool prompt_is_possible(void);

/* Asks whether to do it, unless --yes was given. -1 and an error where the answer is no
 * (ERROR_CANCELLED), or nobody can be asked (ERROR_INVALID). The format makes the question, without
 * its mark. */
int prompt_confirm(const struct invocation *invocation, struct error *error, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* Ends the command after that: with the answer no, or the command line being wrong. */
enum api_exit prompt_refused(const struct invocation *invocation, const struct error *error);

/* Asks for a line of text; what was proposed where the answer is empty. The caller frees it. NULL
 * where standard input has ended. */
char *prompt_line(const char *question, const char *proposed);

#endif

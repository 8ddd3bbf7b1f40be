/* --help, made of commands.def. */
#ifndef CAUSEWAY_CTL_HELP_H
#define CAUSEWAY_CTL_HELP_H

#include "ctl/command.h"

/* All about the command, or the list of all where it is COMMAND_ANY; a document with --json. */
enum api_exit help_show(const struct invocation *invocation, enum command_id command);

#endif

/* What the control API's requests do: each asks one part of the daemon, and answers. */
#ifndef CAUSEWAY_CONTROL_COMMANDS_H
#define CAUSEWAY_CONTROL_COMMANDS_H

#include "control/control.h"
#include "control/server.h"

/* Finds the route and answers the exchange, now or later. parts must live as long as the server. */
void commands_handle(const struct control_parts *parts, struct exchange *exchange);

#endif

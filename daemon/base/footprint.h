/* How much memory the process is seen to have. */
#ifndef CAUSEWAY_BASE_FOOTPRINT_H
#define CAUSEWAY_BASE_FOOTPRINT_H

/* To be called first thing. */
void footprint_prepare(void);

/* To be called when the start is over: hands back what only the start had use for. */
void footprint_settle(void);

#endif

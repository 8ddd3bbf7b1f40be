/* Regular expressions that come from a configuration: POSIX extended ones, as regcomp() reads them,
 * but for those that cost out of all proportion. regcomp() copies what is repeated, so that
 * "(((a{200}){200}){200})" would take gigabytes; a back-reference can take for ever to match. */
#ifndef CAUSEWAY_CONFIG_EXPRESSION_H
#define CAUSEWAY_CONFIG_EXPRESSION_H

/* Why the expression cannot be used, for people; the caller frees it. NULL where it can be. */
char *expression_refusal(const char *expression);

#endif

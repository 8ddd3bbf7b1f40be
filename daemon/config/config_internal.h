/* One loading, as the files of config/ hand it on: include.c makes a tree of the files, schema.c
 * reads the tree by the table (interpolate.c resolves its references), check.c holds the parts
 * against each other. */
#ifndef CAUSEWAY_CONFIG_CONFIG_INTERNAL_H
#define CAUSEWAY_CONFIG_CONFIG_INTERNAL_H

#include "base/arena.h"
#include "base/map.h"
#include "config/config.h"
#include "config/schema_internal.h"
#include "config/yaml.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct loading {
    struct config *config;
    struct config_errors *errors;
    struct arena scratch; /* of the tree; gone when the configuration is there */
    struct node *tree;
    const char *files[LIMIT_CONFIG_FILES]; /* in the order read, in the config's arena */
    size_t file_count;
    struct map resources; /* "KIND.KEY" -> its node, for references; references.c's */
    size_t expansion;     /* bytes that references may still add */
    struct format_regex {
        regex_t regex;
        bool compiled;
    } patterns[FORMAT_IDS], unlikes[FORMAT_IDS]; /* of the formats met so far */
};

/* ---- errors.c --------------------------------------------------------------------------- */

/* Notes an error. Beyond some hundreds they are only counted. */
void say(struct loading *loading, const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How many errors there were so far. */
size_t errors_said(const struct loading *loading);

/* Whether further errors are only counted: then there is no use in looking for a nearest word. */
bool errors_are_full(const struct loading *loading);

/* In the order of the places, and no more than LIMIT_CONFIG_ERRORS. */
void errors_sort(struct loading *loading);

/* The text as a message may carry it: in quotes, cut, without control characters. In the scratch.
 */
const char *quoted(struct loading *loading, const char *text);

/* "; did you mean "x"?", or "". In the scratch. */
const char *suggestion(struct loading *loading, const char *word, const char *const *candidates);

/* ---- include.c -------------------------------------------------------------------------- */

/* Reads the main file and what it includes into loading->tree, which stays NULL where there is
 * nothing to go on with. */
void include_read(struct loading *loading, const char *path);

/* ---- references.c ----------------------------------------------------------------------- */

/* Makes the tree's resources findable by their keys, and says which keys stand for two. */
void references_prepare(struct loading *loading);

/* aws, aws-cn or aws-us-gov. */
const char *partition_of(const char *region);

/* ---- interpolate.c ---------------------------------------------------------------------- */

/* A text with its references replaced by their values; NULL where that failed, which has been said.
 * In the scratch. */
const char *interpolate(struct loading *loading, struct node *text);

/* ---- schema.c --------------------------------------------------------------------------- */

/* Fills loading->config from the tree, with defaults, and says whatever the table forbids. */
void schema_read(struct loading *loading);

/* ---- check.c ---------------------------------------------------------------------------- */

/* What a row of the table cannot say: names of accounts that exist, steps that suit their rollout,
 * what one part needs of another. Parts that schema_read() found faults in are left out, since what
 * would be said of them might come of those. */
void check_whole(struct loading *loading);

#endif

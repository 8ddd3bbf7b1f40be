/* EventBridge event patterns, evaluated as EventBridge evaluates them (EventBridge User Guide,
 * "Creating Amazon EventBridge event patterns" and "Comparison operators").
 *
 * What the guide leaves open is settled by AWS's recorded answers and by event-ruler, the library
 * that EventBridge runs; tests/vectors holds both against this. The less obvious of it:
 *
 * - Names are joined by dots, in the pattern and in the event: {"a.b": ..} and {"a": {"b": ..}} are
 *   the same field, and where a pattern says one field twice, the later one counts.
 * - Only leaves are fields. An empty object or array has none, so {"exists": false} matches it.
 * - All fields of a pattern must be found in the same element of an array of objects. The fields
 * are taken in the order of their names; {"exists": false} asks of the elements chosen by then.
 * - Numbers compare as numbers where a double holds them exactly, by their spelling elsewhere. A
 *   number never equals a text.
 * - A text that is an IP address equals every other spelling of that address.
 * - "$or" is the operator only where it holds an array of two or more objects, none of which uses
 * the name of an operator as a field's; elsewhere it is a field's name like any other.
 *
 * Pure; a compiled pattern is immutable and may be matched any number of times. */
#ifndef CAUSEWAY_POLICY_EVENT_PATTERN_H
#define CAUSEWAY_POLICY_EVENT_PATTERN_H

#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

struct event_pattern;

/* Compiles a pattern. NULL and ERROR_INVALID with the path of the place ("detail.state[1]") where
 * EventBridge would refuse it (InvalidEventPatternException). The document may be freed after. */
struct event_pattern *event_pattern_compile(const cJSON *document, struct error *error);

/* The same from text, in which a field may stand twice as EventBridge allows. */
struct event_pattern *event_pattern_read(const char *text, size_t length, struct error *error);

void event_pattern_free(struct event_pattern *pattern);

/* Whether the event, an object read by json_parse() or json_parse_with_twins(), matches. */
bool event_pattern_match(const struct event_pattern *pattern, const cJSON *event);

/* For people: the path of the first field that does not match, or NULL where it matches. The caller
 * frees it. */
char *event_pattern_explain(const struct event_pattern *pattern, const cJSON *event);

/* What TestEventPattern demands of an event before it matches it: an object with id, account,
 * source, time, region and detail-type. -1 and ERROR_INVALID naming what is missing. */
int event_pattern_check_event(const cJSON *event, struct error *error);

#endif

/* Every limit on what comes from outside, in one place, each with its reason. */
#ifndef CAUSEWAY_BASE_LIMITS_H
#define CAUSEWAY_BASE_LIMITS_H

#include <stddef.h>

/* JSON and XML nest no deeper. EventBridge allows 1,000 levels in an event, AWS's own events stay
 * below 20; cJSON recurses about 100 bytes of stack a level. */
#define LIMIT_JSON_DEPTH ((size_t)128)
#define LIMIT_XML_DEPTH ((size_t)64)

/* An SQS message's body: 1 MiB since 2025 (SQS quotas page). */
#define LIMIT_EVENT_BYTES ((size_t)1048576)

/* Ten such messages, escaped as JSON strings, in one ReceiveMessage answer. SQS bounds a batch to
 * 1 MiB in sum, and escaping at most doubles JSON text. */
#define LIMIT_RECEIVE_BYTES ((size_t)4 * 1048576)

/* Any other answer of AWS that is read whole. A page of GetAccountAuthorizationDetails is the
 * largest by far. */
#define LIMIT_RESPONSE_BYTES ((size_t)16 * 1048576)

/* Any request body that is made here (a payload that is passed through is the caller's). The
 * largest by far is the list of 10,000 parts, some 200 bytes each, that completes a multipart
 * upload. */
#define LIMIT_REQUEST_BYTES ((size_t)4 * 1048576)

/* A request's path, and its query. The longest key of S3, 1,024 bytes, encodes to 3,072; an
 * upload's id has a few hundred. */
#define LIMIT_URL_BYTES ((size_t)8192)

/* An error's body; AWS's are below 4 KiB, a proxy's HTML page may be larger and is cut. */
#define LIMIT_ERROR_BODY_BYTES ((size_t)65536)

/* Header lines of one answer, in sum. */
#define LIMIT_HEADER_BYTES ((size_t)65536)

/* A manifest document, alone or inside a zip. */
#define LIMIT_MANIFEST_BYTES ((size_t)262144)

/* A zip that holds a manifest or a template. CodePipeline allows 256 MB for a CloudFormation
 * action's artifact; templates and their parameters stay far below this. */
#define LIMIT_ARTIFACT_BYTES ((size_t)8 * 1048576)
#define LIMIT_ARTIFACT_ENTRIES ((size_t)256)
#define LIMIT_ARTIFACT_ENTRY_BYTES ((size_t)1048576)
/* Deflate reaches at most 1032:1; honest text stays below 50:1. */
#define LIMIT_ARTIFACT_RATIO ((size_t)200)

/* A part of an object that is carried through the daemon, since no principal may read and write
 * both sides: bounds memory for each copy. 10,000 such parts are 160 GB. */
#define LIMIT_CARRY_BYTES ((size_t)16 * 1048576)

/* A part of an image's layer that is carried into another repository. ECR asks for 10 MiB and takes
 * 5 to 20 (ECR API Reference, UploadLayerPart); it travels as base64 in JSON. */
#define LIMIT_LAYER_PART_BYTES ((size_t)10 * 1048576)
#define LIMIT_LAYER_REQUEST_BYTES ((size_t)14 * 1048576)

/* An image's manifest, or list of manifests (ECR's quota, "Image manifest size"), what it may name,
 * and how far lists may hold lists. */
#define LIMIT_IMAGE_MANIFEST_BYTES ((size_t)4 * 1048576)
#define LIMIT_IMAGE_LAYERS ((size_t)1000)
#define LIMIT_IMAGE_MANIFESTS ((size_t)64)
#define LIMIT_IMAGE_DEPTH 4

/* A configuration file, all files of one configuration, and the tree made of them. */
#define LIMIT_CONFIG_BYTES ((size_t)1048576)
#define LIMIT_CONFIG_FILES ((size_t)64)
#define LIMIT_CONFIG_DEPTH ((size_t)32)
#define LIMIT_CONFIG_NODES ((size_t)100000)
/* What ${...} adds to a configuration in all, and how long a chain of references may be. References
 * that name references could otherwise double their text at each step. */
#define LIMIT_CONFIG_EXPANDED_BYTES ((size_t)4 * 1048576)
#define LIMIT_CONFIG_REFERENCE_CHAIN 16u
/* Letters and classes of a regular expression, each repetition written out: glibc takes
 * up to 10 MB for one at this limit, and gigabytes for "(((a{200}){200}){200})". */
#define LIMIT_EXPRESSION_ATOMS ((size_t)5000)
/* Errors listed before "and more". */
#define LIMIT_CONFIG_ERRORS ((size_t)50)

/* One stored record. A deployment's is about 4 KiB. */
#define LIMIT_RECORD_BYTES ((size_t)1048576)

/* A request on the control socket: an event at the most, wrapped in JSON. */
#define LIMIT_CONTROL_REQUEST_BYTES ((size_t)2 * 1048576)
#define LIMIT_CONTROL_CLIENTS 64u
/* Requests a second on one listening socket, and how many may come at once before that counts: the
 * page and programs ask a few a second. One that asks without end costs no more than this. */
#define LIMIT_CONTROL_RATE 200
#define LIMIT_CONTROL_BURST 1000

/* What a credential_process may print. */
#define LIMIT_PROCESS_OUTPUT_BYTES ((size_t)65536)

/* The answer of a model to a verification request, of which the pattern is looked for in all. */
#define LIMIT_INVOKE_BYTES ((size_t)1048576)

/* Messages received and not yet committed, over all receivers, those that polls under way may bring
 * among them: a record of a kilobyte or two each, while the store stalls. So many fill two commits.
 */
#define LIMIT_MESSAGES_IN_HAND ((size_t)400)
/* Bodies of refused messages that are held until the dead-letter queue has them, with all that
 * polls under way may bring: sixteen receivers have room for an answer each, twice. */
#define LIMIT_BODIES_IN_HAND_BYTES ((size_t)134217728)

/* Effects under way at a time, over all deployments: each holds a connection. The others wait for
 * their turn in the order they came. */
#define LIMIT_EFFECTS ((size_t)64)

/* Of those, such that carry a part of an object or of an image through the daemon, each of which
 * holds some 50 MB while it does. */
#define LIMIT_CARRIES ((size_t)4)

/* While so many deployments are open or fewer, those that wait are kept in memory, a few KB each,
 * and need not be read again. */
#define LIMIT_RECORDS_AT_HAND ((size_t)100)

/* Records of waiting deployments that are read from the store at a time: after a start with
 * thousands of them, what else the loop has to do comes in between. */
#define LIMIT_READINGS ((size_t)8)

/* Connections kept open, in use or not. Twice the effects, so that when all are under way polls and
 * deletes still find theirs open. */
#define LIMIT_CONNECTIONS 128L

/* A policy document: the IAM API's own bound on the texts that it takes (policyDocumentType), above
 * every quota that it then applies. */
#define LIMIT_POLICY_BYTES ((size_t)131072)

/* Rules that the $or lists of one event pattern multiply to: EventBridge refuses more than 1,000
 * (User Guide, "Comparison operators", $or). */
#define LIMIT_PATTERN_RULES ((size_t)1000)
/* How many places of its wildcards one value may be at, at once. EventBridge does not say its
 * number: it refuses 11 and 12 (the User Guide's own example, and four of "*:stack/NAME/" followed
 * by a star), and takes 9. */
#define LIMIT_PATTERN_COMPLEXITY ((size_t)10)

/* Journal entries of one kind in a window, below debug. A hundred deployments that end at once are
 * told one by one; what comes by the thousand is counted. */
#define LIMIT_LOG_ENTRIES 100u
#define LIMIT_LOG_WINDOW_MS 10000

/* Pages and programs that watch /v1/events at a time: a part of the control clients, so that
 * operators always find a place. */
#define LIMIT_CONTROL_WATCHERS 16u
/* What may wait to be sent to a watcher that reads slowly; beyond it, it is let go and may come
 * back. An event is a few KiB. */
#define LIMIT_WATCHER_BYTES ((size_t)1048576)

/* Dead letters that one look at their queue holds on to: 100 x 1 MiB at the worst. */
#define LIMIT_DEAD_LETTERS ((size_t)100)

/* Different label values of one metric. AWS operations times outcomes stay below a hundred. */
#define LIMIT_METRIC_SERIES ((size_t)500)
/* What /metrics answers: all series of all metrics, 13 lines of a histogram each, stay below. */
#define LIMIT_METRICS_BYTES ((size_t)4 * 1048576)

#endif

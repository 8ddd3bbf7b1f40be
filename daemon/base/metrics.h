/* Metrics: counters, gauges and histograms, printed as Prometheus reads them (OpenMetrics 1.0).
 *
 * What is counted is listed in metrics.def. Parts keep counts of their own, which are set here when
 * somebody asks; only what a count cannot say (how long things took) is observed as it happens. */
#ifndef CAUSEWAY_BASE_METRICS_H
#define CAUSEWAY_BASE_METRICS_H

#include <stddef.h>

enum metric {
#define METRIC(enumerator, name, kind, labels, help, remedy) enumerator,
#include "base/metrics.def"
#undef METRIC
    METRICS,
};

enum { METRIC_LABELS_MAX = 3 };

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* One value for each of the metric's labels, in the table's order; NULL for a metric without any.
 * They are copied. Label values beyond LIMIT_METRIC_SERIES a metric share a series whose labels say
 * "other", so that nobody can fill the memory with names. */
typedef const char *const metric_labels[METRIC_LABELS_MAX];

void metrics_set(struct metrics *metrics, enum metric metric, const char *const *labels,
                 double value);
void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels,
                 double value);
void metrics_observe(struct metrics *metrics, enum metric metric, const char *const *labels,
                     double seconds);

/* Forgets the metric's series: before gauges are set anew of which some may be gone. */
void metrics_forget(struct metrics *metrics, enum metric metric);

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* All of them as text; the caller frees it. */
char *metrics_print(const struct metrics *metrics);

/* The same in the form that came before, for who does not ask for OpenMetrics (prometheus.io, "Text
 * format"): a counter's family has its whole name, and there is no end mark. */
#define METRICS_PLAIN_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
char *metrics_print_plain(const struct metrics *metrics);

#endif

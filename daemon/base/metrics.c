#include "base/metrics.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Upper bounds in seconds: from a commit to a deployment of hours. */
static const double bounds[] = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800, 7200};

static const struct {
    const char *name;
    enum metric_kind kind;
    const char *labels;
    const char *help;
} table[] = {
#define METRIC(enumerator, name_, kind_, labels_, help_, remedy_) \
    [enumerator] = {.name = (name_), .kind = (kind_), .labels = (labels_), .help = (help_)},
#include "base/metrics.def"
#undef METRIC
};

struct series {
    char *labels; /* as they are printed between the braces */
    double value; /* of a counter or gauge; the sum of a histogram */
    uint64_t count;
    uint64_t buckets[array_length(bounds)]; /* not cumulative */
};

struct metrics {
    struct map series[METRICS]; /* by their labels */
};

struct metrics *metrics_new(void)
{
    return memory_allocate(sizeof(struct metrics));
}

void metrics_forget(struct metrics *metrics, enum metric metric)
{
    size_t position = 0;
    void *value;

    while (map_each(&metrics->series[metric], &position, NULL, &value)) {
        struct series *series = value;

        free(series->labels);
        free(series);
    }
    map_free(&metrics->series[metric]);
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (int i = 0; i < METRICS; i++)
        metrics_forget(metrics, (enum metric)i);
    free(metrics);
}

/* OpenMetrics 1.0, "ABNF": backslash, double quote and line feed are escaped. */
static void append_escaped(struct buffer *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            buffer_append_text(text, "\\n");
        else if (*value == '\\' || *value == '"')
            buffer_printf(text, "\\%c", *value);
        else
            buffer_append_byte(text, *value);
    }
}

static const char *spell_labels(struct buffer *text, enum metric metric, const char *const *labels)
{
    const char *name = table[metric].labels;

    for (size_t i = 0; *name && i < METRIC_LABELS_MAX; i++) {
        size_t length = strcspn(name, " ");

        if (i)
            buffer_append_byte(text, ',');
        buffer_append(text, name, length);
        buffer_append_literal(text, "=\"");
        append_escaped(text, labels && labels[i] ? labels[i] : "");
        buffer_append_byte(text, '"');
        name += length + (name[length] == ' ');
    }
    return buffer_text(text);
}

static struct series *find_series(struct metrics *metrics, enum metric metric,
                                  const char *const *labels)
{
    struct map *map = &metrics->series[metric];
    cleanup(buffer_free)
    struct buffer text = BUFFER(4096);
    const char *spelled = spell_labels(&text, metric, labels);
    struct series *series = map_get(map, spelled);

    if (series)
        return series;
    if (map->count >= LIMIT_METRIC_SERIES) {
        static metric_labels others = {"other", "other", "other"};

        buffer_clear(&text);
        spelled = spell_labels(&text, metric, others);
        series = map_get(map, spelled);
        if (series)
            return series;
    }
    series = memory_allocate(sizeof(*series));
    series->labels = text_copy(spelled);
    map_put(map, spelled, series);
    return series;
}

void metrics_set(struct metrics *metrics, enum metric metric, const char *const *labels,
                 double value)
{
    assert(table[metric].kind != METRIC_HISTOGRAM);
    find_series(metrics, metric, labels)->value = value;
}

void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels,
                 double value)
{
    assert(table[metric].kind != METRIC_HISTOGRAM);
    find_series(metrics, metric, labels)->value += value;
}

void metrics_observe(struct metrics *metrics, enum metric metric, const char *const *labels,
                     double seconds)
{
    assert(table[metric].kind == METRIC_HISTOGRAM);
    struct series *series = find_series(metrics, metric, labels);

    if (seconds < 0) /* the wall clock was set back meanwhile */
        seconds = 0;
    series->value += seconds;
    series->count++;
    for (size_t i = 0; i < array_length(bounds); i++) {
        if (seconds <= bounds[i]) {
            series->buckets[i]++;
            return;
        }
    }
}

static void print_number(struct buffer *text, double value)
{
    buffer_printf(text, "%.15g", value);
}

static void print_sample(struct buffer *text, const char *name, size_t name_length,
                         const char *suffix, const char *labels, const char *more, double value)
{
    buffer_printf(text, "%.*s%s", (int)name_length, name, suffix);
    if (*labels || *more)
        buffer_printf(text, "{%s%s%s}", labels, *labels && *more ? "," : "", more);
    buffer_append_byte(text, ' ');
    print_number(text, value);
    buffer_append_byte(text, '\n');
}

static void print_histogram(struct buffer *text, const char *name, const struct series *series)
{
    size_t length = strlen(name);
    uint64_t below = 0;

    for (size_t i = 0; i < array_length(bounds); i++) {
        char bound[32];

        below += series->buckets[i];
        snprintf(bound, sizeof(bound), "le=\"%g\"", bounds[i]);
        print_sample(text, name, length, "_bucket", series->labels, bound, (double)below);
    }
    print_sample(text, name, length, "_bucket", series->labels, "le=\"+Inf\"",
                 (double)series->count);
    print_sample(text, name, length, "_sum", series->labels, "", series->value);
    print_sample(text, name, length, "_count", series->labels, "", (double)series->count);
}

static void print_metric(struct buffer *text, const struct metrics *metrics, enum metric metric,
                         bool plain)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter",
        [METRIC_GAUGE] = "gauge",
        [METRIC_HISTOGRAM] = "histogram",
    };
    const char *name = table[metric].name;
    bool counter = table[metric].kind == METRIC_COUNTER;
    /* The family of a counter is called without "_total" (OpenMetrics 1.0, "Counter"). */
    size_t family = counter && !plain ? strlen(name) - strlen("_total") : strlen(name);
    size_t position = 0;
    void *value;

    buffer_printf(text, "# TYPE %.*s %s\n", (int)family, name, kinds[table[metric].kind]);
    buffer_printf(text, "# HELP %.*s %s\n", (int)family, name, table[metric].help);
    while (map_each(&metrics->series[metric], &position, NULL, &value)) {
        const struct series *series = value;

        if (table[metric].kind == METRIC_HISTOGRAM)
            print_histogram(text, name, series);
        else
            print_sample(text, name, strlen(name), "", series->labels, "", series->value);
    }
}

static char *print(const struct metrics *metrics, bool plain)
{
    struct buffer text = BUFFER(LIMIT_METRICS_BYTES);

    for (int i = 0; i < METRICS; i++)
        if (metrics->series[i].count)
            print_metric(&text, metrics, (enum metric)i, plain);
    if (!plain)
        buffer_append_text(&text, "# EOF\n");
    return buffer_take(&text);
}

char *metrics_print(const struct metrics *metrics)
{
    return print(metrics, false);
}

char *metrics_print_plain(const struct metrics *metrics)
{
    return print(metrics, true);
}

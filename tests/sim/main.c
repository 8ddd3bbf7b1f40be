/* causeway-sim: runs seeds, in a process each, and makes small what fails. */
#include "base/text.h"
#include "sim/sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 100, JOBS_MAX = 64, MINIMISING_RUNS = 400 };

static const char usage[] =
    "usage: causeway-sim --seed N [--events N] [--without FAULT,...] [--only FAULT:NUMBER,...] "
    "[--bridge | --fleet]\n"
    "       causeway-sim --seeds A..B [--jobs N] [--events N] [--first] [--quiet] "
    "[--bridge | --fleet]\n"
    "       causeway-sim --faults\n"
    "  --bridge   keeps two accounts as the configuration says, instead of deploying models\n"
    "  --fleet    three daemons over one store, in place of one over its own\n"
    "  --seed     replays one run and tells its story; minimises nothing\n"
    "  --seeds    runs many; the first failing seed is minimised, and its story told\n"
    "  --first    ends at the first failing seed, without minimising\n"
    "  --without  leaves faults out\n"
    "  --only     lets only these faults strike, each by its name and number\n"
    "  --faults   lists the faults\n";

struct totals {
    uint64_t seeds;
    uint64_t failed;
    struct outcome sum;
};

/* ---- one run in a process of its own -----------------------------------------------------------
 */

static struct outcome *share_outcome(void)
{
    void *memory = mmap(NULL, sizeof(struct outcome), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("causeway-sim: mmap");
        exit(3);
    }
    return memory;
}

static pid_t begin_run(const struct run_options *options, struct outcome *result)
{
    memset(result, 0, sizeof(*result));
    fflush(stdout);
    pid_t child = fork();

    if (child < 0) {
        perror("causeway-sim: fork");
        exit(3);
    }
    if (child == 0) {
        sim_outcome = result;
        sim_run(options);
        fflush(stdout);
        _exit(0);
    }
    return child;
}

/* An assertion of the daemon's that fails is a broken promise too. */
static void end_run(struct outcome *result, int status)
{
    if (result->finished || result->failed)
        return;
    result->failed = true;
    text_fill(result->promise, sizeof(result->promise), "it does not crash by itself");
    snprintf(result->sentence, sizeof(result->sentence), "the run ended by signal %d, status %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : 0,
             WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void run_one(const struct run_options *options, struct outcome *result)
{
    pid_t child = begin_run(options, result);
    int status = 0;

    waitpid(child, &status, 0);
    end_run(result, status);
}

/* ---- making it small ---------------------------------------------------------------------------
 */

struct minimiser {
    struct run_options options; /* the smallest that fails so far */
    struct outcome *trial;
    struct outcome *best;
    char promise[64];
    unsigned runs;
};

static bool still_fails(struct minimiser *minimiser, const struct run_options *options)
{
    if (minimiser->runs >= MINIMISING_RUNS)
        return false;
    minimiser->runs++;
    run_one(options, minimiser->trial);
    if (!minimiser->trial->failed || !text_equal(minimiser->trial->promise, minimiser->promise))
        return false;
    minimiser->options = *options;
    *minimiser->best = *minimiser->trial;
    return true;
}

static void take_events_away(struct minimiser *minimiser)
{
    unsigned low = 1;

    while (!minimiser->options.is_bridge && low < minimiser->options.events) {
        struct run_options options = minimiser->options;

        options.events = (low + options.events) / 2;
        if (!still_fails(minimiser, &options))
            low = options.events + 1;
    }
}

static void take_kinds_away(struct minimiser *minimiser)
{
    for (unsigned i = 0; i < FAULTS; i++) {
        struct run_options options = minimiser->options;

        if (options.without[i])
            continue;
        options.without[i] = true;
        still_fails(minimiser, &options);
    }
}

/* Leaves out runs of single strikes, long ones first. */
static void take_strikes_away(struct minimiser *minimiser)
{
    struct strike *kept = memory_allocate_array(STRIKES_MAX, sizeof(*kept));
    struct strike *fewer = memory_allocate_array(STRIKES_MAX, sizeof(*fewer));
    size_t count = minimiser->best->strike_count;

    if (count == 0 || count == STRIKES_MAX)
        return;
    memcpy(kept, minimiser->best->strikes, count * sizeof(*kept));
    for (size_t length = (count + 1) / 2; length > 0; length = length > 1 ? (length + 1) / 2 : 0) {
        for (size_t start = 0; start < count;) {
            struct run_options options = minimiser->options;
            size_t end = start + length < count ? start + length : count;

            memcpy(fewer, kept, start * sizeof(*fewer));
            memcpy(fewer + start, kept + end, (count - end) * sizeof(*fewer));
            options.only = fewer;
            options.only_count = count - (end - start);
            if (still_fails(minimiser, &options)) {
                count = options.only_count;
                memcpy(kept, fewer, count * sizeof(*kept));
                minimiser->options.only = kept;
            } else {
                start = end;
            }
        }
    }
    if (minimiser->options.only)
        minimiser->options.only = kept;
    free(fewer);
}

static void print_command(const struct run_options *options)
{
    bool any = false;

    printf("causeway-sim --seed %" PRIu64, options->seed);
    if (options->is_fleet)
        printf(" --fleet");
    if (options->is_bridge)
        printf(" --bridge");
    else
        printf(" --events %u", options->events);
    if (options->only) {
        for (size_t i = 0; i < options->only_count; i++)
            printf("%s%s:%u", i ? "," : " --only ", fault_name((enum fault)options->only[i].fault),
                   options->only[i].number);
        if (options->only_count == 0)
            printf(" --only none");
    } else {
        for (unsigned i = 0; i < FAULTS; i++) {
            if (options->without[i])
                printf("%s%s", any ? "," : " --without ", fault_name((enum fault)i));
            any = any || options->without[i];
        }
    }
    putchar('\n');
}

static void minimise(const struct run_options *options, const struct outcome *failure)
{
    struct minimiser minimiser = {
        .options = *options, .trial = share_outcome(), .best = share_outcome()};

    *minimiser.best = *failure;
    text_fill(minimiser.promise, sizeof(minimiser.promise), failure->promise);
    take_events_away(&minimiser);
    take_kinds_away(&minimiser);
    take_strikes_away(&minimiser);
    printf("\nafter %u runs, the smallest that fails in the same way:\n  ", minimiser.runs);
    print_command(&minimiser.options);
    putchar('\n');
    minimiser.options.tells = true;
    run_one(&minimiser.options, minimiser.trial);
}

/* ---- many --------------------------------------------------------------------------------------
 */

static void add(struct totals *totals, uint64_t seed, const struct outcome *result)
{
    struct outcome *sum = &totals->sum;

    totals->seeds++;
    sum->steps += result->steps;
    sum->deployments += result->deployments;
    sum->succeeded += result->succeeded;
    sum->crashes += result->crashes;
    sum->commits += result->commits;
    sum->calls += result->calls;
    sum->faults += result->faults;
    for (unsigned i = 0; i < FAULTS; i++)
        sum->struck[i] += result->struck[i];
    if (!result->failed)
        return;
    totals->failed++;
    printf("seed %" PRIu64 ", step %" PRIu64 ": %s: %s\n", seed, result->step, result->promise,
           result->sentence);
}

/* In the bridge's runs, what is counted are the changes that it makes. */
static void print_totals(const struct totals *totals, bool is_bridge)
{
    const struct outcome *sum = &totals->sum;

    printf("%" PRIu64 " seeds, %" PRIu64, totals->seeds, sum->deployments);
    if (is_bridge)
        printf(" changes");
    else
        printf(" deployments (%" PRIu64 " succeeded)", sum->succeeded);
    printf(", %" PRIu64 " steps, %" PRIu64 " commits, %" PRIu64 " calls, %" PRIu64
           " crashes, %" PRIu64 " faults: %" PRIu64 " failed\n",
           sum->steps, sum->commits, sum->calls, sum->crashes, sum->faults, totals->failed);
}

static void print_struck(const struct outcome *sum)
{
    for (unsigned i = 0; i < FAULTS; i++)
        printf("  %-16s %9" PRIu64 "  %s\n", fault_name((enum fault)i), sum->struck[i],
               fault_text((enum fault)i));
}

struct many {
    uint64_t first;
    uint64_t last;
    unsigned jobs;
    bool until_failure;
    bool quiet;
};

static int run_many(const struct many *many, const struct run_options *options)
{
    struct {
        pid_t child;
        uint64_t seed;
        struct outcome *result;
    } slots[JOBS_MAX] = {0};
    struct totals totals = {0};
    struct run_options failing = *options;
    struct outcome *failure = share_outcome();
    uint64_t next = many->first;
    unsigned running = 0;

    for (unsigned i = 0; i < many->jobs; i++)
        slots[i].result = share_outcome();
    while (running > 0 || next <= many->last) {
        for (unsigned i = 0; i < many->jobs && next <= many->last; i++) {
            if (slots[i].child)
                continue;
            struct run_options one = *options;

            one.seed = slots[i].seed = next++;
            slots[i].child = begin_run(&one, slots[i].result);
            running++;
        }
        int status;
        pid_t ended = wait(&status);

        for (unsigned i = 0; i < many->jobs; i++) {
            if (slots[i].child != ended)
                continue;
            slots[i].child = 0;
            running--;
            end_run(slots[i].result, status);
            add(&totals, slots[i].seed, slots[i].result);
            if (slots[i].result->failed && (totals.failed == 1 || slots[i].seed < failing.seed)) {
                failing.seed = slots[i].seed;
                *failure = *slots[i].result;
            }
        }
        if (totals.failed && many->until_failure)
            next = many->last + 1;
        if (totals.failed >= 20)
            next = many->last + 1;
    }
    print_totals(&totals, options->is_bridge);
    if (!many->quiet)
        print_struck(&totals.sum);
    if (totals.failed && !many->until_failure)
        minimise(&failing, failure);
    return totals.failed ? 1 : 0;
}

/* ---- the command line --------------------------------------------------------------------------
 */

static int refuse(const char *what)
{
    fprintf(stderr, "causeway-sim: %s\n%s", what, usage);
    return 2;
}

/* "NAME,NAME" */
static bool read_without(char *text, struct run_options *options)
{
    char *rest;

    for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        enum fault fault = fault_from_name(name, strlen(name));

        if (fault == FAULTS)
            return false;
        options->without[fault] = true;
    }
    return true;
}

/* "NAME:NUMBER,NAME:NUMBER", or "none" */
static bool read_only(char *text, struct run_options *options)
{
    struct strike *only = memory_allocate_array(strlen(text) + 1, sizeof(*only));
    char *rest;

    options->only = only;
    for (char *name = strtok_r(text, ",", &rest); name && !text_equal(text, "none");
         name = strtok_r(NULL, ",", &rest)) {
        char *colon = strchr(name, ':');
        uint64_t number;
        enum fault fault = colon ? fault_from_name(name, (size_t)(colon - name)) : FAULTS;

        if (fault == FAULTS || !text_to_u64(colon + 1, &number))
            return false;
        only[options->only_count++] = (struct strike){fault, (uint32_t)number};
    }
    return true;
}

static bool read_range(const char *text, struct many *many)
{
    char first[32];
    const char *dots = strstr(text, "..");

    if (!dots || (size_t)(dots - text) >= sizeof(first))
        return false;
    memcpy(first, text, (size_t)(dots - text));
    first[dots - text] = '\0';
    return text_to_u64(first, &many->first) && text_to_u64(dots + 2, &many->last) &&
           many->first <= many->last;
}

static int run_told(struct run_options *options)
{
    struct outcome *result = share_outcome();
    struct totals totals = {0};

    options->tells = true;
    run_one(options, result);
    putchar('\n');
    add(&totals, options->seed, result);
    print_totals(&totals, options->is_bridge);
    return result->failed ? 1 : 0;
}

int main(int argument_count, char **arguments)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},    {"seeds", required_argument, NULL, 'm'},
        {"jobs", required_argument, NULL, 'j'},    {"events", required_argument, NULL, 'e'},
        {"without", required_argument, NULL, 'w'}, {"only", required_argument, NULL, 'o'},
        {"first", no_argument, NULL, 'f'},         {"quiet", no_argument, NULL, 'q'},
        {"faults", no_argument, NULL, 'l'},        {"bridge", no_argument, NULL, 'b'},
        {"fleet", no_argument, NULL, 't'},         {0},
    };
    struct run_options options = {.events = EVENTS};
    struct many many = {.first = 1, .jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN)};
    bool one = false;
    uint64_t number;
    int choice;

    while ((choice = getopt_long(argument_count, arguments, "", known, NULL)) != -1) {
        bool good = true;

        switch (choice) {
        case 's':
            good = one = text_to_u64(optarg, &options.seed);
            break;
        case 'm':
            good = read_range(optarg, &many);
            break;
        case 'j':
            good = text_to_u64(optarg, &number) && number > 0 && number <= JOBS_MAX;
            many.jobs = (unsigned)number;
            break;
        case 'e':
            good = text_to_u64(optarg, &number) && number > 0 && number <= 100000;
            options.events = (unsigned)number;
            break;
        case 'w':
            good = read_without(optarg, &options);
            break;
        case 'o':
            good = read_only(optarg, &options);
            break;
        case 'f':
            many.until_failure = true;
            break;
        case 'q':
            many.quiet = true;
            break;
        case 'b':
            options.is_bridge = true;
            break;
        case 't':
            options.is_fleet = true;
            break;
        case 'l':
            print_struck(&(struct outcome){0});
            return 0;
        default:
            good = false;
            break;
        }
        if (!good)
            return refuse("that is not to be understood");
    }
    if (one)
        return run_told(&options);
    if (!many.last)
        return refuse("which seeds?");
    return run_many(&many, &options);
}

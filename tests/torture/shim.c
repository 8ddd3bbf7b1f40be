/* What the torture tests preload under causewayd (LD_PRELOAD): a disk that fails, stalls or takes
 * the process with it at the Nth operation, and clocks of their own.
 *
 * Disk: CAUSEWAY_TORTURE_DISK names a file that holds a struct torture, which the test and the
 * process share; a test may change it at any time. Counted are writes, truncations and syncs of
 * files whose path contains CAUSEWAY_TORTURE_FILES.
 * Clocks: CAUSEWAY_TORTURE_SPEED makes the monotonic clock, and the waits of the event loop, run so
 * many times as fast: a stall of 30 s is over in 1 s at a speed of 30. The wall clock stays, moved
 * by CAUSEWAY_TORTURE_WALL seconds. CAUSEWAY_TORTURE_LEAP names a file that holds a struct leap,
 * by which a test moves all clocks of the process while it runs, as after a machine was suspended;
 * the event loop wakes up for it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum mode {
    MODE_COUNT,
    MODE_IO_ERROR,
    MODE_FULL,
    MODE_DELAY,
    MODE_SHORT,
    MODE_KILL_BEFORE,
    MODE_KILL_AFTER
};
enum kind { KIND_WRITE = 1, KIND_SYNC = 2, KIND_TRUNCATE = 4 };

/* As tests/torture/shim.py packs it. */
struct torture {
    _Atomic uint32_t mode;
    _Atomic uint32_t kinds;    /* of operations that are counted */
    _Atomic uint64_t nth;      /* strikes from this one on, counting from 1 */
    _Atomic uint64_t times;    /* so many of them; 0: for ever */
    _Atomic uint64_t delay_ms; /* MODE_DELAY */
    _Atomic uint64_t seen;
    _Atomic uint64_t struck;
};

/* As tests/torture/shim.py packs it, too. */
struct leap {
    _Atomic int64_t all_ms;  /* all clocks */
    _Atomic int64_t wall_ms; /* the wall clock, besides */
};

enum { SLICE_MS = 10 }; /* how late a leap is noticed at most */

static struct torture *torture;
static struct leap *leap;
static const char *files;
static double speed = 1;
static time_t wall_offset;
static int both;
static struct timespec began;      /* monotonic */
static struct timespec began_wall; /* that of the world */

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_epoll_pwait)(int, struct epoll_event *, int, int, const sigset_t *);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_ftruncate)(int, off_t);

static void find(void *pointer, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(pointer, &symbol, sizeof(symbol));
}

/* NULL where there is no path. */
static void *share(const char *path, size_t size)
{
    if (!path)
        return NULL;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

    if (shared == MAP_FAILED) {
        perror(path);
        abort();
    }
    close(descriptor);
    return shared;
}

__attribute__((constructor)) static void prepare(void)
{
    const char *text = getenv("CAUSEWAY_TORTURE_SPEED");
    const char *path = getenv("CAUSEWAY_TORTURE_DISK");

    find(&real_epoll_pwait, "epoll_pwait");
    find(&real_pwrite, "pwrite64");
    find(&real_write, "write");
    find(&real_fdatasync, "fdatasync");
    find(&real_fsync, "fsync");
    find(&real_ftruncate, "ftruncate64");
    find(&real_clock_gettime, "clock_gettime");
    real_clock_gettime(CLOCK_MONOTONIC, &began);
    real_clock_gettime(CLOCK_REALTIME, &began_wall);
    both = getenv("CAUSEWAY_TORTURE_BOTH") != NULL;
    if (text)
        speed = strtod(text, NULL);
    text = getenv("CAUSEWAY_TORTURE_WALL");
    if (text)
        wall_offset = (time_t)strtol(text, NULL, 10);
    files = getenv("CAUSEWAY_TORTURE_FILES");
    torture = share(path, sizeof(*torture));
    leap = share(getenv("CAUSEWAY_TORTURE_LEAP"), sizeof(*leap));
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static void hurry(struct timespec *now, const struct timespec *since)
{
    double elapsed =
        (double)(now->tv_sec - since->tv_sec) + (double)(now->tv_nsec - since->tv_nsec) / 1e9;
    double moved = (double)since->tv_nsec / 1e9 + elapsed * speed;

    now->tv_sec = since->tv_sec + (time_t)moved;
    now->tv_nsec = (long)((moved - (double)(time_t)moved) * 1e9);
}

static void move(struct timespec *now, int64_t by_ms)
{
    int64_t nanoseconds = now->tv_nsec + by_ms % 1000 * 1000000;

    now->tv_sec += by_ms / 1000;
    if (nanoseconds < 0 || nanoseconds >= 1000000000) {
        int64_t carry = nanoseconds < 0 ? -1 : 1;

        now->tv_sec += carry;
        nanoseconds -= carry * 1000000000;
    }
    now->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!real_clock_gettime)
        find(&real_clock_gettime, "clock_gettime");
    int result = real_clock_gettime(clock, now);

    if (result == 0 && speed != 1) {
        if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
            hurry(now, &began);
        else if (both && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
            hurry(now, &began_wall);
    }
    bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;

    if (wall)
        now->tv_sec += wall_offset;
    if (leap && (wall || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
        move(now, leap->all_ms + (wall ? leap->wall_ms : 0));
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

static int shorter(int timeout)
{
    return timeout <= 0 || speed == 1 ? timeout : (int)((double)timeout / speed) + 1;
}

/* Wakes up early, as for a time-out, when the clocks have leapt since the last time: whoever waits
 * looks at them then. There is one loop. */
static int wait_in_slices(int descriptor, struct epoll_event *events, int maximum, int timeout,
                          const sigset_t *mask)
{
    static int64_t seen;

    for (;;) {
        int slice = timeout >= 0 && timeout < SLICE_MS ? timeout : SLICE_MS;
        int64_t now = leap->all_ms + leap->wall_ms;
        bool leapt = now != seen && timeout > 0;

        seen = now;
        int result = real_epoll_pwait(descriptor, events, maximum, leapt ? 0 : slice, mask);

        if (result != 0 || leapt || timeout == slice)
            return result;
        if (timeout > 0)
            timeout -= slice;
    }
}

int epoll_pwait(int descriptor, struct epoll_event *events, int maximum, int timeout,
                const sigset_t *mask)
{
    if (leap)
        return wait_in_slices(descriptor, events, maximum, shorter(timeout), mask);
    return real_epoll_pwait(descriptor, events, maximum, shorter(timeout), mask);
}

int epoll_wait(int descriptor, struct epoll_event *events, int maximum, int timeout)
{
    return epoll_pwait(descriptor, events, maximum, timeout, NULL);
}

/* ---- the disk -------------------------------------------------------------------------------- */

static int is_ours(int descriptor)
{
    char link[64];
    char path[4096];

    if (!files)
        return 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof(path) - 1);

    if (length < 0)
        return 0;
    path[length] = '\0';
    return strstr(path, files) != NULL;
}

/* Whether this operation is one to strike at. */
static int strikes(int descriptor, uint32_t kind)
{
    int error = errno;

    if (!torture || !(torture->kinds & kind) || !is_ours(descriptor)) {
        errno = error;
        return 0;
    }
    errno = error;
    uint64_t number = atomic_fetch_add(&torture->seen, 1) + 1;
    uint64_t times = torture->times;

    if (torture->mode == MODE_COUNT || number < torture->nth ||
        (times && number >= torture->nth + times))
        return 0;
    atomic_fetch_add(&torture->struck, 1);
    return 1;
}

/* What happens in place of the operation: 0 to carry it out. */
static int instead(int strike)
{
    struct timespec pause;

    if (!strike)
        return 0;
    switch (torture->mode) {
    case MODE_IO_ERROR:
    case MODE_SHORT:
        errno = EIO;
        return 1;
    case MODE_FULL:
        errno = ENOSPC;
        return 1;
    case MODE_DELAY:
        pause.tv_sec = (time_t)(torture->delay_ms / 1000);
        pause.tv_nsec = (long)(torture->delay_ms % 1000) * 1000000;
        nanosleep(&pause, NULL);
        return 0;
    case MODE_KILL_BEFORE:
        kill(getpid(), SIGKILL);
        return 1;
    default:
        return 0;
    }
}

static void afterwards(int strike)
{
    if (strike && torture->mode == MODE_KILL_AFTER)
        kill(getpid(), SIGKILL);
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off_t offset)
{
    int strike = strikes(descriptor, KIND_WRITE);

    if (strike && torture->mode == MODE_SHORT) /* the first half arrives */
        return real_pwrite(descriptor, data, length / 2, offset);
    if (instead(strike))
        return -1;
    ssize_t result = real_pwrite(descriptor, data, length, offset);

    afterwards(strike);
    return result;
}

ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset)
{
    return pwrite64(descriptor, data, length, offset);
}

ssize_t write(int descriptor, const void *data, size_t length)
{
    int strike = strikes(descriptor, KIND_WRITE);

    if (instead(strike))
        return -1;
    ssize_t result = real_write(descriptor, data, length);

    afterwards(strike);
    return result;
}

int fdatasync(int descriptor)
{
    int strike = strikes(descriptor, KIND_SYNC);

    if (instead(strike))
        return -1;
    int result = real_fdatasync(descriptor);

    afterwards(strike);
    return result;
}

int fsync(int descriptor)
{
    int strike = strikes(descriptor, KIND_SYNC);

    if (instead(strike))
        return -1;
    int result = real_fsync(descriptor);

    afterwards(strike);
    return result;
}

int ftruncate64(int descriptor, off_t length)
{
    int strike = strikes(descriptor, KIND_TRUNCATE);

    if (instead(strike))
        return -1;
    int result = real_ftruncate(descriptor, length);

    afterwards(strike);
    return result;
}

int ftruncate(int descriptor, off_t length)
{
    return ftruncate64(descriptor, length);
}

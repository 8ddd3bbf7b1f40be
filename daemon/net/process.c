#include "net/process.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/loop_internal.h"
#include "net/timer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_BYTES = 4096,
};

struct process {
    struct list link;
    struct loop *loop;
    uv_process_t handle;
    uv_pipe_t output;
    char read_buffer[READ_BYTES];
    struct buffer text;
    struct timer limit;
    struct poke finish;
    char *name; /* of the program, for sentences */
    int64_t timeout_ms;
    process_done *done; /* NULL once it has been called or given up */
    void *context;
    struct error error;
    int open_handles; /* freed with the last */
    bool started;
    bool exited;
    bool output_ended;
};

static void handle_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;

    if (--process->open_handles > 0)
        return;
    buffer_free(&process->text);
    free(process->name);
    free(process);
}

static void close_output(struct process *process)
{
    if (!uv_is_closing((uv_handle_t *)&process->output))
        uv_close((uv_handle_t *)&process->output, handle_closed);
    process->output_ended = true;
}

/* libuv reaps only through an open handle, so that one is closed after the exit. */
static void close_handle(struct process *process)
{
    list_remove(&process->link);
    uv_close((uv_handle_t *)&process->handle, handle_closed);
}

/* The program leads a process group of its own, so what it has started goes with it, also where it
 * has ended itself and left somebody behind who holds its output open: as long as one is in the
 * group, the kernel gives its number to no other. */
static void kill_group(const struct process *process)
{
    if (process->started && !(process->exited && process->output_ended))
        kill(-process->handle.pid, SIGKILL);
}

static void give_up(struct process *process)
{
    process->done = NULL;
    timer_stop(&process->limit);
    poke_cancel(&process->finish);
    kill_group(process);
    close_output(process);
}

static void finish(void *context)
{
    struct process *process = context;
    process_done *done = process->done;
    struct error error = process->error;
    cleanup(buffer_free)
    struct buffer text = process->text;

    process->text = BUFFER(0);
    give_up(process);
    if (process->exited || !process->started)
        close_handle(process);
    if (error.class != ERROR_NONE)
        done(process->context, NULL, 0, &error);
    else
        done(process->context, buffer_text(&text), text.length, NULL);
}

static void finish_if_over(struct process *process)
{
    if (process->done && process->exited && process->output_ended)
        poke(&process->finish);
}

static void fail(struct process *process)
{
    kill_group(process);
    close_output(process);
    poke(&process->finish);
}

static void exited(uv_process_t *handle, int64_t status, int signal_number)
{
    struct process *process = handle->data;

    process->exited = true;
    if (!process->done) {
        close_handle(process);
        return;
    }
    if (process->error.class != ERROR_NONE)
        return; /* finish() is scheduled already */
    if (signal_number != 0)
        error_set(&process->error, ERROR_UNKNOWN, "%s was ended by signal %d (%s)", process->name,
                  signal_number, strsignal(signal_number));
    else if (status != 0)
        error_set(&process->error, ERROR_UNKNOWN, "%s ended with exit status %lld", process->name,
                  (long long)status);
    finish_if_over(process);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct process *process = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(process->read_buffer, sizeof(process->read_buffer));
}

static void output_came(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct process *process = stream->data;

    if (length > 0) {
        if (!buffer_append(&process->text, buffer->base, (size_t)length)) {
            error_set(&process->error, ERROR_LIMIT, "%s printed more than %zu bytes", process->name,
                      process->text.maximum);
            fail(process);
        }
    } else if (length == UV_EOF) {
        close_output(process);
        finish_if_over(process);
    } else if (length < 0) {
        error_set(&process->error, ERROR_UNKNOWN, "could not read what %s prints: %s",
                  process->name, uv_strerror((int)length));
        fail(process);
    }
}

static void took_too_long(void *context)
{
    struct process *process = context;

    error_set(&process->error, ERROR_TRANSIENT, "%s did not end within %lld ms", process->name,
              (long long)process->timeout_ms);
    fail(process);
}

static int spawn(struct process *process, const char *const *arguments)
{
    uv_stdio_container_t streams[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&process->output},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {
        .exit_cb = exited,
        .file = arguments[0],
        .args = (char **)(uintptr_t)arguments, /* libuv does not write to it */
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = (int)array_length(streams),
        .stdio = streams,
    };
    int result = uv_spawn(&process->loop->uv, &process->handle, &options);

    if (result != 0) {
        bool passing = result == UV_EAGAIN || result == UV_ENOMEM || result == UV_EMFILE ||
                       result == UV_ENFILE;

        return error_set(&process->error, passing ? ERROR_TRANSIENT : ERROR_INVALID,
                         "could not start %s: %s", process->name, uv_strerror(result));
    }
    process->started = true;
    result = uv_read_start((uv_stream_t *)&process->output, give_buffer, output_came);
    if (result != 0)
        return error_set(&process->error, ERROR_TRANSIENT, "could not read what %s prints: %s",
                         process->name, uv_strerror(result));
    return 0;
}

struct process *process_start(struct loop *loop, const char *const *arguments,
                              size_t output_maximum, int64_t timeout_ms, process_done *done,
                              void *context)
{
    struct process *process = memory_allocate(sizeof(*process));

    process->loop = loop;
    process->name = text_copy(arguments[0]);
    process->text = BUFFER(output_maximum);
    process->timeout_ms = timeout_ms;
    process->done = done;
    process->context = context;
    process->open_handles = 2;
    list_init(&process->link);
    list_append(&loop->processes, &process->link);
    timer_init(&process->limit, loop, took_too_long, process);
    poke_init(&process->finish, loop, finish, process);
    uv_pipe_init(&loop->uv, &process->output, 0);
    process->output.data = process;
    /* uv_spawn() makes a handle of it also where it fails. */
    int result = spawn(process, arguments);

    process->handle.data = process;
    if (result != 0)
        fail(process);
    else if (timeout_ms > 0)
        timer_start(&process->limit, timeout_ms);
    return process;
}

void process_cancel(struct process *process)
{
    if (!process || !process->done)
        return;
    give_up(process);
    if (process->exited || !process->started)
        close_handle(process);
}

void process_close_all(struct loop *loop)
{
    struct process *process;

    list_each(process, &loop->processes, link)
    {
        bool running = process->started && !process->exited;
        pid_t pid = process->handle.pid;

        give_up(process);
        close_handle(process);
        /* SIGKILL has been sent, so this does not wait long. */
        while (running && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

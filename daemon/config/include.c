#include "config/config_internal.h"

#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From files to one tree. What an included file holds is put beside what is there already, under
 * the same keys; each node remembers its own file. */

struct joining {
    struct loading *loading;
    struct yaml_budget budget;
    struct map *seen; /* "DEVICE:INODE" of each file read */
};

static void report_say(void *context, const struct config_place *place, const char *message)
{
    say(context, place, "%s", message);
}

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* The file's text with a NUL behind it, in the scratch; NULL and errno where it cannot be read. */
static char *read_descriptor(struct loading *loading, int descriptor, size_t *length)
{
    char *text = arena_allocate(&loading->scratch, LIMIT_CONFIG_BYTES + 1);

    *length = 0;
    while (*length <= LIMIT_CONFIG_BYTES) {
        ssize_t got = read(descriptor, text + *length, LIMIT_CONFIG_BYTES + 1 - *length);

        if (got == 0)
            return text;
        if (got > 0)
            *length += (size_t)got;
        else if (errno != EINTR)
            return NULL;
    }
    errno = EFBIG;
    return NULL;
}

static char *read_text(struct joining *joining, const char *path, size_t *length, bool *twice)
{
    cleanup(close_descriptor)
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        return NULL;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    cleanup(free_pointer)
    char *identity = text_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);

    *twice = S_ISREG(status.st_mode) && map_put(joining->seen, identity, joining);
    return read_descriptor(joining->loading, descriptor, length);
}

/* at is where the file was asked for: an include's place, or the main file itself. */
static struct node *read_file(struct joining *joining, const char *path,
                              const struct config_place *at)
{
    struct loading *loading = joining->loading;
    const struct yaml_report report = {report_say, loading};
    bool twice = false;
    size_t length;

    if (loading->file_count == LIMIT_CONFIG_FILES) {
        say(loading, at, "more than %zu files in one configuration", LIMIT_CONFIG_FILES);
        return NULL;
    }
    const char *text = read_text(joining, path, &length, &twice);

    if (!text) {
        say(loading, at, "%s cannot be read: %s", quoted(loading, path), strerror(errno));
        return NULL;
    }
    if (twice) {
        say(loading, at, "%s is read already: a file is included once, and never the main file",
            quoted(loading, path));
        return NULL;
    }
    const char *file = arena_copy(&loading->config->arena, path);

    loading->files[loading->file_count++] = file;
    const struct config_place start = {.file = file, .line = 1, .column = 1};
    size_t errors_before = loading->errors->count;
    struct node *tree = yaml_read(&loading->scratch, file, text, length, &joining->budget, &report);

    if (tree && tree->kind == NODE_MAPPING)
        return tree;
    if (tree)
        say(loading, &tree->place, "the file must be a mapping of keys, not %s",
            node_kind_name(tree->kind));
    else if (loading->errors->count == errors_before)
        say(loading, &start, "the file is empty");
    return NULL;
}

/* ---- joining ---------------------------------------------------------------------------- */

static void say_twice(struct loading *loading, const struct node *later, const struct node *first)
{
    say(loading, &later->name_place, "%s stands here again; first in %s:%u:%u",
        quoted(loading, later->name), first->name_place.file, first->name_place.line,
        first->name_place.column);
}

static void join_children(struct loading *loading, struct node *into, struct node *from)
{
    struct node *next;

    for (struct node *child = from->first; child; child = next) {
        const struct node *twin = node_get(into, child->name);

        next = child->next;
        if (into->kind == NODE_MAPPING && twin)
            say_twice(loading, child, twin);
        else
            node_append(&loading->scratch, into, child);
    }
}

/* Maps of names and lists of parts are what several files may add to. */
static bool is_joinable(const char *key)
{
    const struct schema_key *row = schema_find(SECTION_ROOT, key);

    return row && (row->type.kind == VALUE_NAMED_PARTS || row->type.kind == VALUE_PARTS);
}

static void join(struct loading *loading, struct node *tree)
{
    struct node *next;

    for (struct node *child = tree->first; child; child = next) {
        struct node *twin = node_get(loading->tree, child->name);

        next = child->next;
        if (text_equal(child->name, "include"))
            say(loading, &child->name_place, "only the main file may include others");
        else if (!twin)
            node_append(&loading->scratch, loading->tree, child);
        else if (text_equal(child->name, "version") && child->kind == NODE_TEXT &&
                 text_equal(child->text, twin->text))
            continue; /* each file may say which version it is written for */
        else if (is_joinable(child->name) && child->kind == twin->kind && child->kind != NODE_TEXT)
            join_children(loading, twin, child);
        else
            say_twice(loading, child, twin);
    }
}

/* ---- including -------------------------------------------------------------------------- */

/* Wildcards in folders would let one line walk the whole disk. */
static bool has_wild_folder(const char *pattern)
{
    const char *name = strrchr(pattern, '/');

    return name && strcspn(pattern, "*?[") < (size_t)(name - pattern);
}

static void include_pattern(struct joining *joining, const char *folder, const struct node *item)
{
    struct loading *loading = joining->loading;
    glob_t found = {0};

    if (has_wild_folder(item->text)) {
        say(loading, &item->place, "wildcards may stand in a path's last part only, not as in %s",
            quoted(loading, item->text));
        return;
    }
    const char *pattern = *item->text == '/'
                              ? item->text
                              : arena_printf(&loading->scratch, "%s%s", folder, item->text);

    /* glob() sorts by the locale, which no program of ours sets: by bytes. */
    int result = glob(pattern, GLOB_ERR, NULL, &found);

    if (result == GLOB_NOMATCH)
        say(loading, &item->place, "no file matches %s", quoted(loading, pattern));
    else if (result != 0)
        say(loading, &item->place, "%s cannot be looked for: %s", quoted(loading, pattern),
            strerror(errno));
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
        struct node *tree = read_file(joining, found.gl_pathv[i], &item->place);

        if (tree)
            join(loading, tree);
    }
    globfree(&found);
}

static void free_map(struct map *map)
{
    map_free(map);
}

void include_read(struct loading *loading, const char *path)
{
    cleanup(free_map)
    struct map seen = {0};
    struct joining joining = {
        .loading = loading,
        .seen = &seen,
        .budget = {.bytes = LIMIT_CONFIG_BYTES, .nodes = LIMIT_CONFIG_NODES},
    };
    const struct config_place start = {.file = path, .line = 1, .column = 1};
    const char *slash = strrchr(path, '/');
    const char *folder =
        arena_copy_bytes(&loading->scratch, path, slash ? (size_t)(slash - path) + 1 : 0);

    loading->tree = read_file(&joining, path, &start);
    if (loading->tree) {
        const struct node *include = node_get(loading->tree, "include");
        size_t count = include && include->kind == NODE_LIST ? include->count : 0;
        const struct node *item = count ? include->first : NULL;

        for (; item; item = item->next)
            if (item->kind == NODE_TEXT && !text_is_empty(item->text))
                include_pattern(&joining, folder, item);
    }
}

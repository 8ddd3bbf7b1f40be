/* The files of SQLite's database, with what is written side by side in one write.
 *
 * SQLite writes a commit's pages into its log one by one, two system calls each, and the log's
 * pages into the database one by one, in order; then it syncs. Nobody is promised anything before
 * the sync ("Write-Ahead Logging": a commit is the frame that says so, synced; the log is begun
 * anew only when the database is), so what is written is gathered until then, or until the room is
 * full. Whoever asks for what is in the file gets what was gathered written first. What cannot be
 * written is said by the write or sync in which that was found, and forgotten: SQLite undoes the
 * commit then, or moves the log another time.
 *
 * "The OS Backend (VFS)": a shim for two kinds of files; all others are the system's own. The
 * database's index of its log lies in memory, as locking is exclusive, so neither shared memory nor
 * mapping is offered ("Write-Ahead Logging", 9). */
#include "store/sqlite_internal.h"

#include <string.h>

enum { ROOM = 64 * 1024 };

struct gathering {
    sqlite3_file base;
    sqlite3_int64 place; /* of what is gathered */
    int length;
    unsigned char *bytes; /* ROOM of them */
};

/* The system's file lies behind ours, in the room that szOsFile asks for. */
static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)((struct gathering *)(void *)file + 1);
}

static int write_gathered(sqlite3_file *file)
{
    struct gathering *gathering = (struct gathering *)(void *)file;
    int length = gathering->length;

    gathering->length = 0;
    return length > 0 ? real(file)->pMethods->xWrite(real(file), gathering->bytes, length,
                                                     gathering->place)
                      : SQLITE_OK;
}

static int gather_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 place)
{
    struct gathering *gathering = (struct gathering *)(void *)file;

    if (gathering->length > 0 &&
        (place != gathering->place + gathering->length || length > ROOM - gathering->length)) {
        int result = write_gathered(file);

        if (result != SQLITE_OK)
            return result;
    }
    if (length > ROOM)
        return real(file)->pMethods->xWrite(real(file), bytes, length, place);
    if (gathering->length == 0)
        gathering->place = place;
    memcpy(gathering->bytes + gathering->length, bytes, (size_t)length);
    gathering->length += length;
    return SQLITE_OK;
}

static int gather_sync(sqlite3_file *file, int flags)
{
    int result = write_gathered(file);

    return result == SQLITE_OK ? real(file)->pMethods->xSync(real(file), flags) : result;
}

static int gather_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 place)
{
    int result = write_gathered(file);

    return result == SQLITE_OK ? real(file)->pMethods->xRead(real(file), bytes, length, place)
                               : result;
}

static int gather_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = write_gathered(file);

    return result == SQLITE_OK ? real(file)->pMethods->xTruncate(real(file), size) : result;
}

static int gather_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int result = write_gathered(file);

    return result == SQLITE_OK ? real(file)->pMethods->xFileSize(real(file), size) : result;
}

static int gather_close(sqlite3_file *file)
{
    int written = write_gathered(file);
    int closed = real(file)->pMethods->xClose(real(file));

    sqlite3_free(((struct gathering *)(void *)file)->bytes);
    return written == SQLITE_OK ? closed : written;
}

static int gather_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int gather_unlock(sqlite3_file *file, int level)
{
    int written = write_gathered(file);
    int unlocked = real(file)->pMethods->xUnlock(real(file), level);

    return written == SQLITE_OK ? unlocked : written;
}

static int gather_is_reserved(sqlite3_file *file, int *reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}

static int gather_control(sqlite3_file *file, int operation, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int gather_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int gather_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static const sqlite3_io_methods gather_methods = {
    .iVersion = 1,
    .xClose = gather_close,
    .xRead = gather_read,
    .xWrite = gather_write,
    .xTruncate = gather_truncate,
    .xSync = gather_sync,
    .xFileSize = gather_size,
    .xLock = gather_lock,
    .xUnlock = gather_unlock,
    .xCheckReservedLock = gather_is_reserved,
    .xFileControl = gather_control,
    .xSectorSize = gather_sector_size,
    .xDeviceCharacteristics = gather_characteristics,
};

/* ---- the file system: the system's own, but for those two
 * ----------------------------------------
 */

static sqlite3_vfs *system_of(const sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int open_gathering(sqlite3_vfs *system, const char *name, sqlite3_file *file, int flags,
                          int *given)
{
    struct gathering *gathering = (struct gathering *)(void *)file;

    *gathering = (struct gathering){.bytes = sqlite3_malloc(ROOM)};
    if (!gathering->bytes)
        return SQLITE_NOMEM;
    int result = system->xOpen(system, name, real(file), flags, given);

    /* Whoever has methods is closed, also where opening has failed. */
    if (real(file)->pMethods)
        gathering->base.pMethods = &gather_methods;
    else
        sqlite3_free(gathering->bytes);
    return result;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *given)
{
    sqlite3_vfs *system = system_of(vfs);

    return flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)
               ? open_gathering(system, name, file, flags, given)
               : system->xOpen(system, name, file, flags, given);
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    return system_of(vfs)->xDelete(system_of(vfs), name, sync);
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    return system_of(vfs)->xAccess(system_of(vfs), name, flags, result);
}

static int full_path(sqlite3_vfs *vfs, const char *name, int size, char *path)
{
    return system_of(vfs)->xFullPathname(system_of(vfs), name, size, path);
}

static int randomness(sqlite3_vfs *vfs, int length, char *bytes)
{
    return system_of(vfs)->xRandomness(system_of(vfs), length, bytes);
}

static int sleep_for(sqlite3_vfs *vfs, int microseconds)
{
    return system_of(vfs)->xSleep(system_of(vfs), microseconds);
}

static int current_time(sqlite3_vfs *vfs, double *julian_day)
{
    return system_of(vfs)->xCurrentTime(system_of(vfs), julian_day);
}

static int last_error(sqlite3_vfs *vfs, int length, char *text)
{
    return system_of(vfs)->xGetLastError(system_of(vfs), length, text);
}

const char *gather_name(void)
{
    /* SQLite keeps a list of these, for the process. */
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .zName = "causeway",
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xRandomness = randomness,
        .xSleep = sleep_for,
        .xCurrentTime = current_time,
        .xGetLastError = last_error,
    };

    if (!vfs.pAppData) {
        sqlite3_vfs *system = sqlite3_vfs_find(NULL);

        vfs.pAppData = system;
        vfs.szOsFile = (int)sizeof(struct gathering) + system->szOsFile;
        vfs.mxPathname = system->mxPathname;
        sqlite3_vfs_register(&vfs, 0);
    }
    return vfs.zName;
}

/* A disk that fails when told to: an SQLite VFS in front of the system's own, for a whole process.
 */
#ifndef CAUSEWAY_TESTS_STORE_FAULTY_DISK_H
#define CAUSEWAY_TESTS_STORE_FAULTY_DISK_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The fault_after-th write, sync or truncation from now on fails with fault_code, and with
 * fault_lasts all after it, too. Negative: none fails. */
static atomic_int fault_after = -1;
static atomic_int fault_lasts;
static atomic_int fault_code = SQLITE_FULL;

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static int fault(void)
{
    int left = fault_after;

    if (left < 0)
        return SQLITE_OK;
    if (left > 0) {
        fault_after = left - 1;
        return SQLITE_OK;
    }
    if (!fault_lasts)
        fault_after = -1;
    return fault_code;
}

#define REAL(file) (((struct faulty_file *)(void *)(file))->real)

static int faulty_close(sqlite3_file *file)
{
    int result = REAL(file)->pMethods->xClose(REAL(file));

    free(REAL(file));
    return result;
}

static int faulty_read(sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
    return REAL(file)->pMethods->xRead(REAL(file), data, length, offset);
}

static int faulty_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
    int result = fault();

    return result ? result : REAL(file)->pMethods->xWrite(REAL(file), data, length, offset);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = fault();

    return result ? result : REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    int result = fault();

    return result ? result : REAL(file)->pMethods->xSync(REAL(file), flags);
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int faulty_lock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xLock(REAL(file), lock);
}

static int faulty_unlock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xUnlock(REAL(file), lock);
}

static int faulty_reserved(sqlite3_file *file, int *out)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out);
}

static int faulty_control(sqlite3_file *file, int operation, void *argument)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), operation, argument);
}

static int faulty_sector(sqlite3_file *file)
{
    return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int faulty_characteristics(sqlite3_file *file)
{
    return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

/* Version 1 has no shared memory: the log's index must lie in memory, as exclusive locking has it.
 */
static const sqlite3_io_methods faulty_methods = {
    .iVersion = 1,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector,
    .xDeviceCharacteristics = faulty_characteristics,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    struct faulty_file *faulty = (struct faulty_file *)(void *)file;
    int result;

    (void)vfs;
    faulty->real = calloc(1, (size_t)real_vfs->szOsFile);
    result = real_vfs->xOpen(real_vfs, name, faulty->real, flags, out_flags);
    if (result == SQLITE_OK) {
        faulty->base.pMethods = &faulty_methods;
    } else {
        faulty->base.pMethods = NULL;
        free(faulty->real);
    }
    return result;
}

static inline void install_faulty_disk(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file);
    vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&vfs, 1);
}

#endif

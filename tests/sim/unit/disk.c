/* The simulator's store keeps the contract that every store keeps. */
#include "sim/disk.h"

#include "sim/sim.h"
#include "store/contract.h"

static struct disk *disk;

static struct store *contract_open(struct loop *loop, struct error *error)
{
    (void)error;
    return disk_open(disk, loop);
}

static void contract_forget(void)
{
    if (!sim)
        sim_begin(&(struct run_options){.seed = 1});
    disk_free(disk);
    disk = disk_new();
}

int main(void)
{
    const struct CMUnitTest tests[] = {CONTRACT_TESTS};

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    disk_free(disk);
    return failed;
}

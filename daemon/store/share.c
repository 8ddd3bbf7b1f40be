#include "store/share.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static uint64_t score(const char *id, const char *name)
{
    cleanup(free_pointer)
    char *text = text_printf("%s %s", id, name);
    uint8_t digest[SHA256_SIZE];
    uint64_t number;

    hash_sha256(text, strlen(text), digest);
    memcpy(&number, digest, sizeof(number));
    return number;
}

size_t share_choose(const char *const *ids, size_t count, const char *name)
{
    size_t best = 0;
    uint64_t highest = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t number = score(ids[i], name);

        if (i == 0 || number > highest || (number == highest && strcmp(ids[i], ids[best]) > 0)) {
            best = i;
            highest = number;
        }
    }
    return best;
}

size_t share_moves(size_t to_move)
{
    return (to_move + 3) / 4;
}

int64_t share_own_ms(int64_t lease_ms)
{
    return lease_ms * 6 / 10;
}

int64_t share_others_ms(int64_t lease_ms)
{
    return lease_ms * 7 / 10;
}

enum share_action share_decide(const struct share_view *view)
{
    bool wanted = view->chosen && !view->draining;

    if (view->held || view->ours)
        return !wanted ? SHARE_RELEASE : view->held ? SHARE_NOTHING : SHARE_CLAIM;
    return wanted && !view->holder_lives ? SHARE_CLAIM : SHARE_NOTHING;
}

#include "bridge/propagation.h"

#include "base/text.h"

#include <string.h>

enum when {
    ALWAYS,
    AFTER_MAKING,
};

static const struct {
    enum when when;
    const char *service;
    const char *code;
    const char *words;
} rows[] = {
#define ROW(when, service, code, words) {when, service, code, words},
#include "bridge/propagation.def"
#undef ROW
};

/* AWS's own policies are never new. */
#define POLICIES_OF_AWS ":iam::aws:policy/"

bool propagation_is_awaited(const char *service, const struct error *error, bool fresh)
{
    if (strstr(error->sentence, POLICIES_OF_AWS))
        return false;
    for (size_t i = 0; i < array_length(rows); i++)
        if ((rows[i].when == ALWAYS || fresh) &&
            (text_equal(rows[i].service, "*") || text_equal(rows[i].service, service)) &&
            text_equal(rows[i].code, error->code) && strcasestr(error->sentence, rows[i].words))
            return true;
    return false;
}

/* 0.5 s, doubling, to 15 s: IAM mostly needs less than ten seconds. */
int64_t propagation_delay_ms(unsigned attempt)
{
    const int64_t longest = 15000;
    int64_t delay = 500;

    while (attempt-- > 1 && delay < longest)
        delay *= 2;
    return delay < longest ? delay : longest;
}

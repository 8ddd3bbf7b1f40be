/* Times and durations from anywhere: what is read is written and read as the same. */
#include "fuzz/fuzz.h"

#include "base/memory.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)data, size);
    char written[TIME_TEXT_SIZE];
    char duration[DURATION_TEXT_SIZE];
    int64_t time_ms;
    int64_t again_ms;

    if (time_parse(text, &time_ms))
        fuzz_check(time_parse(time_format(time_ms, written), &again_ms) && again_ms == time_ms);
    if (time_parse_http(text, &time_ms))
        fuzz_check(time_parse(time_format(time_ms, written), &again_ms) && again_ms == time_ms);
    if (duration_parse(text, &time_ms))
        fuzz_check(time_ms >= 0 && duration_format(time_ms, duration)[0] != '\0');
    return 0;
}

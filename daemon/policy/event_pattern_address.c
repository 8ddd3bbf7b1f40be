/* Addresses and CIDR blocks, read as event-ruler's CIDR class reads them: through Java's
 * InetAddress, which takes leading zeros as decimal and makes IPv4 of a mapped IPv6 address. */
#include "policy/event_pattern_internal.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { V4_SIZE = 4, V6_SIZE = 16, TEXT_MAXIMUM = 64 };

/* Four decimal numbers below 256. inet_pton() refuses leading zeros. */
static bool read_v4(const char *text, uint8_t address[V4_SIZE])
{
    for (size_t i = 0; i < V4_SIZE; i++) {
        unsigned value = 0;
        const char *start = text;

        for (; isdigit((unsigned char)*text); text++) {
            value = value * 10 + (unsigned)(*text - '0');
            if (value > UINT8_MAX)
                return false;
        }
        if (text == start || *text != (i + 1 < V4_SIZE ? '.' : '\0'))
            return false;
        address[i] = (uint8_t)value;
        text++;
    }
    return true;
}

/* The size of the address, 0 where the text is none. */
static size_t read_address(const char *text, uint8_t address[V6_SIZE])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (read_v4(text, address))
        return V4_SIZE;
    if (!strchr(text, ':') || text[strspn(text, "0123456789abcdefABCDEF:")] ||
        inet_pton(AF_INET6, text, address) != 1)
        return 0;
    if (memcmp(address, mapped, sizeof(mapped)) != 0)
        return V6_SIZE;
    memmove(address, address + sizeof(mapped), V4_SIZE);
    return V4_SIZE;
}

bool pattern_read_address(const char *text, struct pattern_addresses *addresses)
{
    addresses->size = read_address(text, addresses->bottom);
    memcpy(addresses->top, addresses->bottom, sizeof(addresses->top));
    return addresses->size > 0;
}

/* Everything behind the first `bits` bits, which are kept. */
static void widen(struct pattern_addresses *addresses, size_t bits)
{
    for (size_t i = 0; i < addresses->size; i++) {
        size_t kept = bits > i * 8 ? bits - i * 8 : 0;
        uint8_t mask = (uint8_t)(kept >= 8 ? 0 : 0xff >> kept);

        addresses->bottom[i] = (uint8_t)(addresses->bottom[i] & ~mask);
        addresses->top[i] = (uint8_t)(addresses->top[i] | mask);
    }
}

const char *pattern_read_cidr(const char *text, struct pattern_addresses *addresses)
{
    char address[TEXT_MAXIMUM];
    const char *slash = strchr(text, '/');
    uint64_t bits;

    if (!slash || strchr(slash + 1, '/') || slash[1] == '\0')
        return "a CIDR block has one '/'";
    if (!text_to_u64(slash + 1, &bits))
        return "a CIDR block ends with a whole number of bits";
    if (slash == text || (size_t)(slash - text) >= sizeof(address))
        return "this is not an IP address";
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (!pattern_read_address(address, addresses))
        return "this is not an IP address";
    if (bits >= addresses->size * 8) /* sic: a block of one address is refused */
        return addresses->size == V4_SIZE ? "an IPv4 block has fewer than 32 bits"
                                          : "an IPv6 block has fewer than 128 bits";
    widen(addresses, bits);
    return NULL;
}

/* event-ruler compares addresses as strings of digits, a block being done as soon as a digit lies
 * between its ends. So an IPv6 address is in an IPv4 block if its first four bytes are, and an IPv4
 * address in an IPv6 block if it lies between the first four bytes of its ends. */
bool pattern_addresses_contain(const struct pattern_addresses *addresses, const char *text)
{
    uint8_t address[V6_SIZE];
    size_t size = read_address(text, address);

    if (size == 0)
        return false;
    size_t compared = size < addresses->size ? size : addresses->size;
    int least = size < addresses->size ? 1 : 0;

    return memcmp(address, addresses->bottom, compared) >= least &&
           memcmp(addresses->top, address, compared) >= least;
}

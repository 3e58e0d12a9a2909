/* SPDX-License-Identifier: MIT
 *
 * fuzz_srv.c - a DNS server's answer to a question for SRV records: no host gets past
 * that could not be one.
 */
#include <stdlib.h>

#include "locate/dns.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, enum tli_dns_result result, const struct tli_srv *srv,
                 size_t count)
{
    bool *told = arg;

    if (*told || (result == TL_DNS_FOUND) != (count > 0))
        abort();
    *told = true;
    for (size_t i = 0; i < count; i++) {
        if (srv[i].host == NULL || !tli_srv_host_valid(srv[i].host))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tli_dns *dns = talloc_zero(NULL, struct tli_dns);
    bool told = false;
    struct question *q = new_question(dns, "_kerberos._tcp.a.test", "A.TEST", &told);
    unsigned char *answer = talloc_memdup(dns, data, size);

    q->srv_fn = take;
    on_srv(q, ARES_SUCCESS, 0, answer, (int)size);
    if (!told)
        abort();
    talloc_free(dns);
    return 0;
}

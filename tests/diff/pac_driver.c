/* SPDX-License-Identifier: MIT
 *
 * pac_driver.c - decodes PACs for pac.py: reads any number of them from stdin,
 * each with its length (u32, little-endian) before it, and prints one line per
 * PAC: "refused", or all that was understood in a canonical form.
 */
#include <stdio.h>
#include <stdlib.h>

#include "print_pac.h"

static int read_one(void)
{
    uint8_t head[4], *data;
    struct tl_pac *pac;
    const char *where;
    size_t len;
    int ret;

    if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
        return 1;
    len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    data = malloc(len > 0 ? len : 1); /* exact, so that a sanitizer sees its end */
    if (data == NULL || fread(data, 1, len, stdin) != len)
        abort();
    ret = tl_pac_decode(NULL, data, len, &pac, &where);
    if (ret == 0)
        print_pac(pac);
    else
        printf("refused %s\n", where);
    talloc_free(pac);
    free(data);
    return 0;
}

int main(void)
{
    while (read_one() == 0)
        ;
    return 0;
}

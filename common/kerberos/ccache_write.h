/* SPDX-License-Identifier: MIT
 *
 * The part of storing tickets that runs as the user, in a child process.
 */
#ifndef TL_CCACHE_WRITE_H
#define TL_CCACHE_WRITE_H

#include <krb5.h>
#include <stdbool.h>

/* No talloc: the child copies nothing and frees nothing; it ends. */
struct ccache_job {
    krb5_context k5;
    krb5_ccache tickets; /* what to store; NULL for delete */
    char name[1024];     /* full name; XXXXXX at its end is replaced */
    bool only_existing;  /* make none */
    char error[2048];    /* one plain sentence after -1 */
};

/* 0, or -1 with job->error. */
int tl_ccache_write(struct ccache_job *job);
int tl_ccache_delete(struct ccache_job *job);

#endif

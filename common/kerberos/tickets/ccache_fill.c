/* SPDX-License-Identifier: MIT
 *
 * ccache_fill.c - what a user's cache is filled with, when it is left as it is, and how
 * the child reports a failure. Runs as the user, in a child process.
 */
#include "ccache_write.h"

#include <stdio.h>
#include <trustlogon/name.h>

int tli_ccache_fail(struct ccache_job *job, const char *doing, const char *text)
{
    snprintf(job->error, sizeof(job->error), "%s: %s", doing, text);
    return -1;
}

int tli_ccache_fail_k5(struct ccache_job *job, const char *doing, krb5_error_code code)
{
    const char *text = krb5_get_error_message(job->k5, code);

    tli_ccache_fail(job, doing, text);
    krb5_free_error_message(job->k5, text);
    return -1;
}

krb5_error_code tli_ccache_fill(struct ccache_job *job, krb5_ccache to)
{
    krb5_principal client = NULL;
    krb5_error_code ret = krb5_cc_get_principal(job->k5, job->tickets, &client);

    if (ret == 0)
        ret = krb5_cc_initialize(job->k5, to, client);
    if (ret == 0)
        ret = krb5_cc_copy_creds(job->k5, job->tickets, to);
    krb5_free_principal(job->k5, client);
    return ret;
}

/* A cached logon brings the name of its client and no ticket. */
static bool brings_nothing(struct ccache_job *job)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    bool nothing = true;

    if (krb5_cc_start_seq_get(job->k5, job->tickets, &cursor) != 0)
        return false;
    if (krb5_cc_next_cred(job->k5, job->tickets, &cursor, &creds) == 0) {
        krb5_free_cred_contents(job->k5, &creds);
        nothing = false;
    }
    krb5_cc_end_seq_get(job->k5, job->tickets, &cursor);
    return nothing;
}

/* libkrb5's own comparison does not fold case beyond ASCII. */
static bool same_client(krb5_context k5, krb5_const_principal a, krb5_const_principal b)
{
    char *one = NULL, *other = NULL;
    bool same = krb5_unparse_name(k5, a, &one) == 0 &&
                krb5_unparse_name(k5, b, &other) == 0 && tl_name_equal(one, other);

    krb5_free_unparsed_name(k5, one);
    krb5_free_unparsed_name(k5, other);
    return same;
}

bool tli_ccache_is_better(struct ccache_job *job, krb5_ccache there)
{
    krb5_principal theirs = NULL, ours = NULL;
    bool better = brings_nothing(job) &&
                  krb5_cc_get_principal(job->k5, there, &theirs) == 0 &&
                  krb5_cc_get_principal(job->k5, job->tickets, &ours) == 0 &&
                  same_client(job->k5, theirs, ours);

    krb5_free_principal(job->k5, theirs);
    krb5_free_principal(job->k5, ours);
    return better;
}

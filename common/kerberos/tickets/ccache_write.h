/* SPDX-License-Identifier: MIT
 *
 * ccache_write.h - the part of storing tickets that runs as the user, in a child process.
 */
#ifndef TL_CCACHE_WRITE_H
#define TL_CCACHE_WRITE_H

#include <krb5.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* No talloc: the child copies nothing and frees nothing; it ends. */
struct ccache_job {
    krb5_context k5;
    krb5_ccache tickets; /* what to store; NULL for delete */
    char name[1024];     /* full name; XXXXXX at its end is replaced */
    bool only_existing;  /* do not make a cache */
    const char
        *pending; /* file of `tickets`, read as root, decoded as the user; or NULL */
    uid_t uid;
    gid_t gid;
    unsigned int seconds;                /* the child is ended then */
    int64_t end;                         /* of the TGT, for renewals */
    int (*work)(struct ccache_job *job); /* as the user; 0, or job->error */
    void *arg;
    char error[2048]; /* one plain sentence after -1 */
};

/* The child's report: what work() returned, and the name after 0, else the error. */
struct ccache_report {
    int status;
    int64_t end;
    char text[2048];
};
/* Do job->work in a child that has become the user. Its status; -1 also if the child did
 * not return. */
int tli_ccache_as_user(struct ccache_job *job, struct ccache_report *report);

/* 0, or -1 with job->error. */
int tli_ccache_write(struct ccache_job *job);
int tli_ccache_delete(struct ccache_job *job);
/* As tli_ccache_write() would, beside what is there; everything is removed again. */
int tli_ccache_try(struct ccache_job *job);
/* The parts of tli_ccache_write() for FILE caches. */
int tli_ccache_write_file(struct ccache_job *job);
/* The file is the user's own (0), does not exist (-ENOENT), or -1 with job->error. */
int tli_ccache_check_own(struct ccache_job *job, int folder, const char *name);
int tli_ccache_check_folder(struct ccache_job *job, const char *folder,
                            const struct stat *st);
/* The folder of a DIR cache, which is made if need be, and the one that it is in. */
int tli_ccache_check_dir(struct ccache_job *job, const char *path);

/* --- ccache_fill.c --- */

/* All of job->tickets into `to`, in the place of what is there. */
krb5_error_code tli_ccache_fill(struct ccache_job *job, krb5_ccache to);
/* Nothing is to be written there: a cached logon brings no ticket, and what is there is
 * of the same client. */
bool tli_ccache_is_better(struct ccache_job *job, krb5_ccache there);
/* -1, with job->error. */
int tli_ccache_fail(struct ccache_job *job, const char *doing, const char *text);
int tli_ccache_fail_k5(struct ccache_job *job, const char *doing, krb5_error_code code);

#endif

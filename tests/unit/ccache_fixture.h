/* SPDX-License-Identifier: MIT
 *
 * ccache_fixture.h - pending tickets, stored as a user (uid 65534) in a folder like /tmp.
 */
#ifndef TL_TEST_CCACHE_FIXTURE_H
#define TL_TEST_CCACHE_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <trustlogon/kerberos.h>
#include <trustlogon/tickets.h>
#include <unistd.h>

#include "kerberos/tickets/ccache_write.h"
#include "fixtures.h"

#define NOBODY 65534

static TALLOC_CTX *mem;
static struct tl_outcome *out;
static temp_path folder; /* sticky, for every user */
static char *pending;    /* root's */
static krb5_context k5;

/* Tickets of alice in root's file, as a logon leaves them for setcred. */
static inline void make_pending(void)
{
    struct tl_ticket_bytes one = {"krbtgt/CONTOSO.TEST@CONTOSO.TEST", 2000000000, NULL,
                                  0};
    const struct tl_tickets tickets = {"alice@CONTOSO.TEST", 1, &one};
    krb5_data *bytes = NULL;
    krb5_creds creds;

    memset(&creds, 0, sizeof(creds));
    ck_assert_int_eq(krb5_parse_name(k5, "alice@CONTOSO.TEST", &creds.client), 0);
    ck_assert_int_eq(
        krb5_parse_name(k5, "krbtgt/CONTOSO.TEST@CONTOSO.TEST", &creds.server), 0);
    creds.keyblock.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
    creds.keyblock.contents = calloc(1, 32);
    creds.keyblock.length = 32;
    creds.times.endtime = 2000000000;
    creds.ticket.data = strdup("ticket");
    creds.ticket.length = 6;
    ck_assert_int_eq(krb5_marshal_credentials(k5, &creds, &bytes), 0);
    one.at = (const uint8_t *)bytes->data;
    one.len = bytes->length;
    ck_assert_int_eq(tl_tickets_save(&tickets, tickets.client, pending), 0);
    krb5_free_data(k5, bytes);
    krb5_free_cred_contents(k5, &creds);
}

static inline void setup(void)
{
    mem = talloc_new(NULL);
    out = tl_outcome_new(mem);
    make_temp_folder(folder);
    ck_assert_int_eq(chmod(folder, 01777), 0);
    ck_assert_int_eq(krb5_init_context(&k5), 0);
    pending = talloc_asprintf(mem, "%s/pending", folder);
    make_pending();
}

static inline void teardown(void)
{
    krb5_free_context(k5);
    remove_tree(folder);
    talloc_free(mem);
}

/* Asks for a change of tickets as the user. */
static inline enum tl_reason store(enum tl_ccache_op op, const char *type,
                                   const char *existing, const char **name)
{
    struct tl_ccache_request req = {.op = op,
                                    .pending = op == TL_CCACHE_DELETE ? NULL : pending,
                                    .existing = existing,
                                    .type_name = type,
                                    .uid = NOBODY,
                                    .gid = NOBODY};

    return tl_ccache_store(mem, &req, name, out);
}

/* It is the user's own, private, and holds the ticket. */
static inline void check_file(const char *name)
{
    struct stat st;
    krb5_ccache cache;
    krb5_principal princ;
    char *text;

    ck_assert_int_eq(strncmp(name, "FILE:", 5), 0);
    ck_assert_int_eq(lstat(name + 5, &st), 0);
    ck_assert(S_ISREG(st.st_mode));
    ck_assert_uint_eq(st.st_uid, NOBODY);
    ck_assert_uint_eq(st.st_gid, NOBODY);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(krb5_cc_resolve(k5, name, &cache), 0);
    ck_assert_int_eq(krb5_cc_get_principal(k5, cache, &princ), 0);
    ck_assert_int_eq(krb5_unparse_name(k5, princ, &text), 0);
    ck_assert_str_eq(text, "alice@CONTOSO.TEST");
    krb5_free_unparsed_name(k5, text);
    krb5_free_principal(k5, princ);
    krb5_cc_close(k5, cache);
}

/* How many names the folder has. */
static inline size_t count_files(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 2;
}

/* A file of this user that all may write. */
static inline void put_file(const char *path, uid_t owner, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, 0666), 0);
    ck_assert_int_eq(fchown(fd, owner, owner), 0);
    close(fd);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * test_agent_secret.c - passwords: wiped when they are freed, and in a process that has
 * no use for them; kept out of swap and dumps.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/secret.h"
#include "fixtures.h"

/* AddressSanitizer has an mlock() that does nothing. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define LOCKS 0
#else
#define LOCKS 1
#endif

static TALLOC_CTX *ctx;

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

START_TEST(test_freed)
{
    /* In a pool the memory can be looked at after it has been freed. */
    TALLOC_CTX *pool = talloc_pool(ctx, 4096);
    char *one = tla_secret(pool, "Passw0rd.One"), *two = tla_secret(pool, "Passw0rd.Two");
    char *three = tla_secret(pool, "Passw0rd.Three");

    ck_assert_str_eq(two, "Passw0rd.Two");
    talloc_free(two);
    ck_assert_int_eq(two[0], 0);
    ck_assert_str_eq(one, "Passw0rd.One");
    ck_assert_str_eq(three, "Passw0rd.Three");
    talloc_free(one);
    talloc_free(three);
    ck_assert_ptr_null(tla_secret(ctx, NULL));
    one = tla_secret(ctx, "again");
    ck_assert_str_eq(one, "again");
}
END_TEST

/* A child keeps what it is for; its parent keeps all. */
START_TEST(test_forgotten)
{
    char *mine = tla_secret(ctx, "mine"), *other = tla_secret(ctx, "other");
    char *gone = tla_secret(ctx, "gone");
    const char *const keep[] = {mine, NULL};
    int status;
    pid_t pid;

    talloc_free(gone);
    pid = fork();
    if (pid == 0) {
        tla_secrets_forget(keep, COUNT(keep));
        _exit(strcmp(mine, "mine") == 0 && other[0] == '\0' && other[4] == '\0' ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(other, "other");
}
END_TEST

/* The flags that the kernel has for the memory at this address. */
static char *flags_at(const void *address)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512], *flags = NULL;
    unsigned long begin, end;
    bool here = false;

    ck_assert_ptr_nonnull(maps);
    while (flags == NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            here = (unsigned long)address >= begin && (unsigned long)address < end;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            flags = talloc_strdup(ctx, line + 8);
    }
    fclose(maps);
    return flags;
}

START_TEST(test_kept_in_memory)
{
    const char *flags = flags_at(tla_secret(ctx, "Passw0rd.Lab1"));

    if (flags == NULL) /* a kernel without them */
        return;
    ck_assert_ptr_nonnull(strstr(flags, " dd "));
    if (LOCKS)
        ck_assert_ptr_nonnull(strstr(flags, " lo "));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent_secret");
    TCase *tcase = tcase_create("secret");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_freed);
    tcase_add_test(tcase, test_forgotten);
    tcase_add_test(tcase, test_kept_in_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}

/* SPDX-License-Identifier: MIT
 *
 * test_agent_lookup_lock.c - one question at a time, a few at once, and no user locked
 * out by a worker that died inside.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/lookup_lock.h"
#include "agent/places.h"
#include "scratch.h"

static void teardown(void)
{
    unlink(talloc_asprintf(ctx, "%s/" TLA_LOOKUP_LOCK_FILE, folder));
    unlink(talloc_asprintf(ctx, "%s/" TLA_PLACES_FILE, folder));
    unlink(talloc_asprintf(ctx, "%s/" TLA_LOCK_KEY_FILE, folder));
    scratch_teardown_empty();
}

static int enter_as(uid_t uid, const char *question, int most, struct tla_lock **lock)
{
    return tla_lookup_lock_enter(ctx, folder, question, uid, most, tl_deadline_in_ms(30),
                                 lock);
}

static int enter(const char *question, int most, struct tla_lock **lock)
{
    return enter_as(0, question, most, lock);
}

START_TEST(same_question)
{
    struct tla_lock *one, *two, *other;
    struct stat st;

    ck_assert_int_eq(enter("user a", 8, &one), 0);
    ck_assert_int_eq(enter("user a", 8, &two), -ETIMEDOUT);
    ck_assert_ptr_null(two);
    ck_assert_int_eq(enter("user b", 8, &other), 0);
    talloc_free(one);
    ck_assert_int_eq(enter("user a", 8, &two), 0);
    ck_assert_int_eq(stat(talloc_asprintf(ctx, "%s/" TLA_LOOKUP_LOCK_FILE, folder), &st),
                     0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(places)
{
    struct tla_lock *locks[3], *more;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(enter(talloc_asprintf(ctx, "user %d", i), 3, &locks[i]), 0);
    ck_assert_int_eq(enter("user x", 3, &more), -ETIMEDOUT);
    /* After a timeout the worker holds nothing: neither a place nor the question. */
    talloc_free(locks[1]);
    ck_assert_int_eq(enter("user x", 3, &more), 0);
}
END_TEST

/* Each holder has places of its own, and none waits for one. */
START_TEST(holders)
{
    struct tla_lock *locks[3], *more;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(tla_place_take(ctx, folder, "uid 1000", 3, &locks[i]), 0);
    ck_assert_int_eq(tla_place_take(ctx, folder, "uid 1000", 3, &more), -EAGAIN);
    ck_assert_ptr_null(more);
    ck_assert_int_eq(tla_place_take(ctx, folder, "uid 1001", 3, &more), 0);
    ck_assert_int_eq(enter("user a", 1, &more), 0);
    talloc_free(locks[1]);
    ck_assert_int_eq(tla_place_take(ctx, folder, "uid 1000", 3, &more), 0);
    ck_assert_int_eq(tla_place_take(ctx, "/nonexistent", "uid 1000", 3, &more), -ENOENT);
}
END_TEST

/* However many other users ask: root goes on, and so does each of them. */
START_TEST(users)
{
    struct tla_lock *locks[8], *more;

    ck_assert_int_eq(enter_as(1000, "user a", 8, &locks[0]), 0);
    ck_assert_int_eq(enter_as(1000, "user a", 8, &more), -ETIMEDOUT);
    ck_assert_int_eq(enter("user a", 8, &locks[1]), 0);
    ck_assert_int_eq(enter_as(1001, "user a", 8, &locks[2]), 0);
    /* half of what is not root's alone */
    ck_assert_int_eq(enter_as(1000, "user b", 8, &locks[3]), 0);
    ck_assert_int_eq(enter_as(1000, "user c", 8, &more), -ETIMEDOUT);
    ck_assert_int_eq(enter_as(1002, "user c", 8, &locks[4]), 0);
    /* four of eight, by three users */
    ck_assert_int_eq(enter_as(1003, "user d", 8, &more), -ETIMEDOUT);
    for (int i = 5; i < 8; i++)
        ck_assert_int_eq(enter(talloc_asprintf(ctx, "user %d", i), 8, &locks[i]), 0);
    ck_assert_int_eq(enter("user x", 8, &more), -ETIMEDOUT);
    talloc_free(locks[1]);
    ck_assert_int_eq(enter_as(1003, "user d", 8, &more), -ETIMEDOUT);
    ck_assert_int_eq(enter("user x", 8, &more), 0);
}
END_TEST

START_TEST(fewest)
{
    struct tla_lock *one, *two, *more;

    ck_assert_int_eq(enter_as(1000, "user a", 2, &one), 0);
    ck_assert_int_eq(enter_as(1001, "user b", 2, &more), -ETIMEDOUT);
    ck_assert_int_eq(enter("user c", 2, &two), 0);
    ck_assert_int_eq(enter("user d", 2, &more), -ETIMEDOUT);
}
END_TEST

/* The two names have the same FNV-1a hash, which places were once computed with: a
 * question for one kept the users of the other waiting. */
START_TEST(names_that_met)
{
    struct tla_lock *one, *other;

    ck_assert_int_eq(enter("user contoso\\u97989", 8, &one), 0);
    ck_assert_int_eq(enter("user contoso\\u154356", 8, &other), 0);
}
END_TEST

/* The same name has another place on another machine, and the same one on this. */
START_TEST(secret)
{
    char *path = talloc_asprintf(ctx, "%s/" TLA_LOCK_KEY_FILE, folder);
    uint64_t first, again, other;
    struct stat st;
    int fd;

    ck_assert_int_eq(tla_lock_hash(folder, "user a", &first), 0);
    ck_assert_int_eq(tla_lock_hash(folder, "user a", &again), 0);
    ck_assert_uint_eq(first, again);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(tla_lock_hash(folder, "user a", &other), 0);
    ck_assert_uint_ne(first, other);
    /* A file that others could read or write holds no secret; nor does a short one. */
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(tla_lock_hash(folder, "user a", &first), 0);
    ck_assert_uint_ne(first, other);
    ck_assert_int_eq(truncate(path, 3), 0);
    ck_assert_int_eq(tla_lock_hash(folder, "user a", &other), 0);
    ck_assert_uint_ne(first, other);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert_int_eq(tla_lock_hash(folder, "user a", &first), 0);
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISREG(st.st_mode));
    fd = open(folder, O_RDONLY | O_DIRECTORY); /* and no draft is left */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ne(
        faccessat(fd, talloc_asprintf(ctx, TLA_LOCK_KEY_FILE ".%d", (int)getpid()), F_OK,
                  0),
        0);
    close(fd);
}
END_TEST

/* A killed worker holds no other up. */
START_TEST(killed)
{
    struct tla_lock *lock;
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (enter("user a", 1, &lock) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(enter("user a", 1, &lock), -ETIMEDOUT);
    ck_assert_int_eq(enter("user b", 1, &lock), -ETIMEDOUT);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(enter("user a", 1, &lock), 0);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(no_folder)
{
    struct tla_lock *lock = (void *)1;

    ck_assert_int_eq(tla_lookup_lock_enter(ctx, "/nonexistent", "user a", 0, 8,
                                           tl_deadline_in_ms(30), &lock),
                     -ENOENT);
    ck_assert_ptr_null(lock);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("agent_lookup_lock");
    TCase *tcase = tcase_create("agent_lookup_lock");

    tcase_add_checked_fixture(tcase, scratch_setup, teardown);
    tcase_add_test(tcase, same_question);
    tcase_add_test(tcase, places);
    tcase_add_test(tcase, holders);
    tcase_add_test(tcase, users);
    tcase_add_test(tcase, fewest);
    tcase_add_test(tcase, names_that_met);
    tcase_add_test(tcase, secret);
    tcase_add_test(tcase, killed);
    tcase_add_test(tcase, no_folder);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}

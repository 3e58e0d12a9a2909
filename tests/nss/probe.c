/* SPDX-License-Identifier: MIT
 *
 * probe.c - nss_probe: any NSS module, opened by its path, through every entry point.
 *
 * It knows nothing of the module but what glibc's manual promises, so it runs on
 * others as well (tests run it on libnss_compat). What it asks for: the names on the
 * command line, unknown names, every buffer from too small to enough, everything
 * that enumeration shows, and all of it from several threads at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

#define THREADS 4
#define ROUNDS 50
#define ENUMERATED 1000 /* entries that are looked at */
#define LARGEST (1 << 20)

static struct nss_module nss;
static _Atomic unsigned errors;

static void wrong(const char *what, const char *about, enum nss_status status, int err)
{
    printf("wrong: %s of %.40s: status %d, errno %d\n", what, about, status, err);
    errors++;
}

/* What is asked for, in one shape for all four. */
struct question {
    bool group;
    const char *name; /* NULL: by id */
    uint32_t id;
};

union answer {
    struct passwd pw;
    struct group gr;
};

static enum nss_status ask(const struct question *q, union answer *answer, char *buffer,
                           size_t size, int *err)
{
    *err = 0;
    if (q->group)
        return q->name != NULL ? nss.getgrnam(q->name, &answer->gr, buffer, size, err)
                               : nss.getgrgid(q->id, &answer->gr, buffer, size, err);
    return q->name != NULL ? nss.getpwnam(q->name, &answer->pw, buffer, size, err)
                           : nss.getpwuid(q->id, &answer->pw, buffer, size, err);
}

/* With a buffer of exactly that size, as the caller grows it. What does not fit is
 * TRYAGAIN with ERANGE and nothing else. */
static enum nss_status ask_growing(const struct question *q, size_t step,
                                   union answer *answer, char **buffer)
{
    enum nss_status status = NSS_STATUS_UNAVAIL;
    int err = 0;

    for (size_t size = 0; size <= LARGEST;
         size = step == 0 ? size * 2 + 1 : size + step) {
        *buffer = malloc(size + 1);
        if (*buffer == NULL)
            abort();
        (*buffer)[size] = 0x55;
        status = ask(q, answer, *buffer, size, &err);
        if ((*buffer)[size] != 0x55)
            wrong("a byte behind the buffer", q->name != NULL ? q->name : "an id", status,
                  err);
        if (status != NSS_STATUS_TRYAGAIN || err != ERANGE)
            return status;
        free(*buffer);
    }
    *buffer = NULL;
    wrong("a buffer that is never enough", q->name != NULL ? q->name : "an id", status,
          err);
    return status;
}

static bool inside(const char *text, const char *buffer, size_t size)
{
    return text >= buffer && text < buffer + size;
}

static void check_strings(const union answer *answer, bool group, const char *about)
{
    if (group) {
        if (answer->gr.gr_name == NULL || answer->gr.gr_passwd == NULL ||
            answer->gr.gr_mem == NULL)
            wrong("a field without value", about, NSS_STATUS_SUCCESS, 0);
        for (char **m = answer->gr.gr_mem; m != NULL && *m != NULL; m++) {
            if (strlen(*m) == 0)
                wrong("an empty member", about, NSS_STATUS_SUCCESS, 0);
        }
        return;
    }
    if (answer->pw.pw_name == NULL || answer->pw.pw_passwd == NULL ||
        answer->pw.pw_gecos == NULL || answer->pw.pw_dir == NULL ||
        answer->pw.pw_shell == NULL)
        wrong("a field without value", about, NSS_STATUS_SUCCESS, 0);
}

static uint32_t id_of(const union answer *answer, bool group)
{
    return group ? answer->gr.gr_gid : answer->pw.pw_uid;
}

static const char *name_of(const union answer *answer, bool group)
{
    return group ? answer->gr.gr_name : answer->pw.pw_name;
}

/* By name, then what that name's id leads to, then what that one's name leads to. */
static void there_and_back(const char *name, bool group, size_t step)
{
    struct question q = {.group = group, .name = name};
    union answer first, second;
    char *one = NULL, *two = NULL;
    enum nss_status status = ask_growing(&q, step, &first, &one);

    if (status != NSS_STATUS_SUCCESS) {
        wrong("finding", name, status, 0);
        free(one);
        return;
    }
    check_strings(&first, group, name);
    q = (struct question){.group = group, .id = id_of(&first, group)};
    status = ask_growing(&q, step, &second, &two);
    if (status != NSS_STATUS_SUCCESS || id_of(&second, group) != q.id ||
        strcmp(name_of(&second, group), name_of(&first, group)) != 0)
        wrong("the id's entry", name, status, 0);
    free(two);
    q = (struct question){.group = group, .name = name_of(&first, group)};
    status = ask_growing(&q, step, &second, &two);
    if (status != NSS_STATUS_SUCCESS || id_of(&second, group) != id_of(&first, group))
        wrong("the canonical name's entry", name, status, 0);
    free(two);
    free(one);
}

static void groups_of(const char *name)
{
    for (long limit = 0; limit < 4; limit++) {
        long at = 1, size = 1;
        gid_t *groups = malloc(sizeof(*groups));
        int err = 0;
        enum nss_status status;

        if (groups == NULL)
            abort();
        groups[0] = 4242;
        status = nss.initgroups(name, 4242, &at, &size, &groups, limit, &err);
        if (status != NSS_STATUS_SUCCESS && status != NSS_STATUS_NOTFOUND)
            wrong("groups", name, status, err);
        if (at < 1 || at > size || groups[0] != 4242 || (limit > 0 && at > limit))
            wrong("the array of groups", name, status, err);
        for (long i = 1; i < at; i++) {
            if (groups[i] == 4242)
                wrong("the group to leave out", name, status, err);
        }
        free(groups);
    }
}

static void nobody(const char *name)
{
    struct question q = {.name = name};
    union answer answer;
    long at = 0, size = 1;
    gid_t *groups = malloc(sizeof(*groups));
    char *buffer;
    int err;

    for (int group = 0; group < 2; group++) {
        enum nss_status status;

        q.group = group != 0;
        status = ask_growing(&q, 0, &answer, &buffer);
        if (status != NSS_STATUS_NOTFOUND && status != NSS_STATUS_UNAVAIL)
            wrong("an unknown name", name, status, 0);
        free(buffer);
    }
    if (nss.initgroups(name, 0, &at, &size, &groups, 0, &err) == NSS_STATUS_SUCCESS &&
        at != 0)
        wrong("an unknown user's groups", name, NSS_STATUS_SUCCESS, err);
    free(groups);
}

static void names_of_nobody(bool with_null)
{
    static char endless[10001];
    static const char *const names[] = {"",
                                        " ",
                                        "@",
                                        "\\",
                                        "a@",
                                        "@a",
                                        "\\a",
                                        "a\\",
                                        "no such user",
                                        "%s%n",
                                        "\xff\xfe",
                                        "a:b",
                                        "a\nb",
                                        "nosuch@user.invalid",
                                        "NO\\SUCH"};

    memset(endless, 'x', sizeof(endless) - 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nobody(names[i]);
    nobody(endless);
    endless[5000] = '@';
    nobody(endless);
    if (with_null)
        nobody(NULL);
}

/* Twice: rewinding must work. */
static unsigned enumerate(bool group)
{
    static char buffer[65536];
    unsigned counts[2] = {0, 0};

    for (int round = 0; round < 2; round++) {
        union answer answer;
        enum nss_status status;
        int err = 0;

        (void)(group ? nss.setgrent(0) : nss.setpwent(0));
        while (counts[round] < ENUMERATED) {
            status = group ? nss.getgrent(&answer.gr, buffer, sizeof(buffer), &err)
                           : nss.getpwent(&answer.pw, buffer, sizeof(buffer), &err);
            if (status != NSS_STATUS_SUCCESS)
                break;
            check_strings(&answer, group, "enumeration");
            if (!inside(name_of(&answer, group), buffer, sizeof(buffer)))
                wrong("a name outside of the buffer", "enumeration", status, err);
            counts[round]++;
        }
        (void)(group ? nss.endgrent() : nss.endpwent());
    }
    if (counts[0] != counts[1])
        wrong("enumerating again", group ? "groups" : "users", NSS_STATUS_SUCCESS, 0);
    return counts[0];
}

struct job {
    char **users;
    char *group;
    int count;
};

static void *in_a_thread(void *data)
{
    struct job *job = data;

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < job->count; i++) {
            there_and_back(job->users[i], false, 0);
            groups_of(job->users[i]);
        }
        if (job->group != NULL)
            there_and_back(job->group, true, 0);
    }
    return NULL;
}

static bool complete(void)
{
    return nss.getpwnam != NULL && nss.getpwuid != NULL && nss.getgrnam != NULL &&
           nss.getgrgid != NULL && nss.initgroups != NULL && nss.setpwent != NULL &&
           nss.getpwent != NULL && nss.endpwent != NULL && nss.setgrent != NULL &&
           nss.getgrent != NULL && nss.endgrent != NULL;
}

int main(int argc, char **argv)
{
    bool with_null = argc > 1 && strcmp(argv[1], "--null") == 0;
    pthread_t threads[THREADS];
    struct job job;

    argv += with_null ? 1 : 0;
    argc -= with_null ? 1 : 0;
    if (argc < 4) {
        fprintf(stderr, "usage: nss_probe [--null] MODULE PREFIX GROUP|- USER...\n");
        return 2;
    }
    if (!nss_module_open(argv[1], argv[2], &nss) || !complete()) {
        fprintf(stderr, "%s: not an NSS module for users and groups\n", argv[1]);
        return 2;
    }
    job = (struct job){argv + 4, strcmp(argv[3], "-") == 0 ? NULL : argv[3], argc - 4};
    for (int i = 0; i < job.count; i++) {
        there_and_back(job.users[i], false, 1);
        groups_of(job.users[i]);
    }
    if (job.group != NULL)
        there_and_back(job.group, true, 1);
    names_of_nobody(with_null);
    printf("%u users and %u groups enumerated\n", enumerate(false), enumerate(true));
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, in_a_thread, &job) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    printf("euid %u: %u wrong\n", (unsigned)geteuid(), errors);
    return errors == 0 ? 0 : 1;
}

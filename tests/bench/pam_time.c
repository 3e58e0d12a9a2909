/* SPDX-License-Identifier: MIT
 *
 * pam_time.c - one pam_authenticate() by the clock.
 *
 *   pam_time SERVICE USER ANSWER [TRIES]
 *
 * Prints for each try one line "try CODE START_NS END_NS LOADED_NS": the PAM
 * code, when pam_authenticate() was entered and left on the real-time clock (so that it
 * can be compared with a capture), and how long pam_start() took, in which the modules
 * are loaded. Then one line "said TEXT" for each message shown. With TRIES each is made
 * by a process of its own: a logon program is new too.
 */
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct shown {
    const char *answer;
    char text[4096];
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Said later: printing while the clock runs would be measured too. */
static void keep(struct shown *shown, const char *text)
{
    size_t used = strlen(shown->text);

    snprintf(shown->text + used, sizeof(shown->text) - used, "said %s\n", text);
}

static int converse(int count, const struct pam_message **asked,
                    struct pam_response **out, void *data)
{
    struct shown *shown = data;
    struct pam_response *answers = calloc((size_t)count, sizeof(*answers));

    if (answers == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
            asked[i]->msg_style == PAM_PROMPT_ECHO_ON)
            answers[i].resp = strdup(shown->answer);
        else
            keep(shown, asked[i]->msg);
    }
    *out = answers;
    return PAM_SUCCESS;
}

static int once(const char *service, const char *user, const char *answer)
{
    struct shown shown = {.answer = answer};
    const struct pam_conv conv = {converse, &shown};
    pam_handle_t *pamh = NULL;
    int64_t loading = now_ns(CLOCK_MONOTONIC), loaded, start, began, took;
    int code = pam_start(service, user, &conv, &pamh);

    if (code != PAM_SUCCESS)
        return 1;
    loaded = now_ns(CLOCK_MONOTONIC) - loading;
    start = now_ns(CLOCK_REALTIME);
    began = now_ns(CLOCK_MONOTONIC);
    code = pam_authenticate(pamh, 0);
    took = now_ns(CLOCK_MONOTONIC) - began;
    printf("try %d %lld %lld %lld\n%s", code, (long long)start,
           (long long)start + (long long)took, (long long)loaded, shown.text);
    if (code != PAM_SUCCESS)
        printf("said %s\n", pam_strerror(pamh, code));
    fflush(stdout);
    pam_end(pamh, code);
    return 0;
}

int main(int argc, char **argv)
{
    long tries = argc == 5 ? strtol(argv[4], NULL, 10) : 1;
    int status = 0;

    if (argc < 4 || argc > 5 || tries < 1) {
        fprintf(stderr, "usage: pam_time SERVICE USER ANSWER [TRIES]\n");
        return 2;
    }
    for (long i = 0; i < tries; i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(once(argv[1], argv[2], argv[3]));
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    return 0;
}

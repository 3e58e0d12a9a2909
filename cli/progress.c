/* SPDX-License-Identifier: MIT
 *
 * progress.c - a thread that prints what the command waits for, once a step has
 * taken longer than a second. On a terminal only.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool running, stop;
    unsigned int step; /* grows with each cli_progress_at() */
    char text[256];
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *watch(void *arg)
{
    unsigned int shown = 0;

    pthread_mutex_lock(&progress.lock);
    while (!progress.stop) {
        unsigned int step = progress.step;
        struct timespec when;

        clock_gettime(CLOCK_REALTIME, &when);
        when.tv_sec += 1;
        pthread_cond_timedwait(&progress.changed, &progress.lock, &when);
        if (!progress.stop && step == progress.step && step != shown) {
            fprintf(stderr, "  waiting: %s\n", progress.text);
            shown = step;
        }
    }
    pthread_mutex_unlock(&progress.lock);
    return arg;
}

void cli_progress_start(const struct cli *cli)
{
    if (cli->json || !isatty(STDERR_FILENO) || progress.running)
        return;
    progress.stop = false;
    progress.running = pthread_create(&progress.thread, NULL, watch, NULL) == 0;
}

void cli_progress_at(void *arg, const char *check, const char *target)
{
    const struct cli *cli = arg;

    pthread_mutex_lock(&progress.lock);
    snprintf(progress.text, sizeof(progress.text), "%s %s", check,
             target != NULL ? cli_show(cli, target) : "");
    progress.step++;
    pthread_cond_signal(&progress.changed);
    pthread_mutex_unlock(&progress.lock);
}

void cli_progress_stop(void)
{
    if (!progress.running)
        return;
    pthread_mutex_lock(&progress.lock);
    progress.stop = true;
    pthread_cond_signal(&progress.changed);
    pthread_mutex_unlock(&progress.lock);
    pthread_join(progress.thread, NULL);
    progress.running = false;
}

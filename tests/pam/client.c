/* SPDX-License-Identifier: MIT
 *
 * client.c - a PAM application for the tests: real libpam, its configuration
 * from a folder (pam_start_confdir), answers from the command line, and
 * everything that happens on standard output, one line each.
 *
 *   pam_client CONFDIR SERVICE USER [-r ANSWER]... [-e NAME=VALUE]... OPERATION...
 *
 * and -u NAME between operations: as another user from now on, as sudo does.
 *
 * ANSWER: text, or @long:N (N bytes), @null (success without a reply), @error
 * (PAM_CONV_ERR), @user:NAME (become another user, and answer "secret").
 * OPERATION: authenticate, setcred, reinitialize, refresh, delete, account, open, close,
 * chauthtok, chauthtok-expired, or auth-silent; :FORK after one runs it in a child whose
 * PAM environment comes back, as sshd does.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define MAX_ANSWERS 16

static const char *answers[MAX_ANSWERS];
static int answer_count, next_answer;
static pam_handle_t *handle;

/* libpam logs through these; here they tell the test instead. */
__attribute__((format(printf, 2, 0))) static void tell_log(int priority, const char *fmt,
                                                           va_list args)
{
    char line[2048];

    vsnprintf(line, sizeof(line), fmt, args);
    printf("log %d %s\n", priority & 7, line);
}

void syslog(int priority, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tell_log(priority, fmt, args);
    va_end(args);
}

__attribute__((format(printf, 3, 4))) void __syslog_chk(int priority, int flag,
                                                        const char *fmt, ...);
void __syslog_chk(int priority, int flag, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tell_log(priority, fmt, args);
    va_end(args);
}

static int answer(char **reply)
{
    const char *text = next_answer < answer_count ? answers[next_answer++] : "@error";
    size_t len;

    *reply = NULL;
    if (strcmp(text, "@error") == 0)
        return PAM_CONV_ERR;
    if (strcmp(text, "@null") == 0)
        return PAM_SUCCESS;
    if (strncmp(text, "@user:", 6) == 0) {
        if (pam_set_item(handle, PAM_USER, text + 6) != PAM_SUCCESS)
            return PAM_CONV_ERR;
        text = "secret";
    }
    if (strncmp(text, "@long:", 6) != 0) {
        *reply = strdup(text);
        return PAM_SUCCESS;
    }
    len = strtoul(text + 6, NULL, 10);
    *reply = malloc(len + 1);
    if (*reply == NULL)
        return PAM_BUF_ERR;
    memset(*reply, 'x', len);
    (*reply)[len] = '\0';
    return PAM_SUCCESS;
}

static const char *style_name(int style)
{
    static const char *const names[] = {"?", "ECHO_OFF", "ECHO_ON", "ERROR", "INFO"};

    return style >= 1 && style <= 4 ? names[style] : names[0];
}

static int converse(int count, const struct pam_message **messages,
                    struct pam_response **responses, void *appdata)
{
    struct pam_response *all = calloc((size_t)count, sizeof(*all));
    int rc = all == NULL ? PAM_BUF_ERR : PAM_SUCCESS;

    for (int i = 0; i < count && rc == PAM_SUCCESS; i++) {
        printf("conv %s %zu %s\n", style_name(messages[i]->msg_style),
               strlen(messages[i]->msg), messages[i]->msg);
        if (messages[i]->msg_style <= PAM_PROMPT_ECHO_ON)
            rc = answer(&all[i].resp);
    }
    if (rc != PAM_SUCCESS) {
        free(all);
        return rc;
    }
    *responses = all;
    return PAM_SUCCESS;
}

static int operate(pam_handle_t *pamh, const char *name)
{
    if (strcmp(name, "authenticate") == 0)
        return pam_authenticate(pamh, 0);
    if (strcmp(name, "auth-silent") == 0)
        return pam_authenticate(pamh, PAM_SILENT);
    if (strcmp(name, "setcred") == 0)
        return pam_setcred(pamh, PAM_ESTABLISH_CRED);
    if (strcmp(name, "reinitialize") == 0)
        return pam_setcred(pamh, PAM_REINITIALIZE_CRED);
    if (strcmp(name, "refresh") == 0)
        return pam_setcred(pamh, PAM_REFRESH_CRED);
    if (strcmp(name, "delete") == 0)
        return pam_setcred(pamh, PAM_DELETE_CRED);
    if (strcmp(name, "account") == 0)
        return pam_acct_mgmt(pamh, 0);
    if (strcmp(name, "open") == 0)
        return pam_open_session(pamh, 0);
    if (strcmp(name, "close") == 0)
        return pam_close_session(pamh, 0);
    if (strcmp(name, "chauthtok") == 0)
        return pam_chauthtok(pamh, 0);
    if (strcmp(name, "chauthtok-expired") == 0)
        return pam_chauthtok(pamh, PAM_CHANGE_EXPIRED_AUTHTOK);
    fprintf(stderr, "unknown operation %s\n", name);
    exit(2);
}

static void show_environment(pam_handle_t *pamh)
{
    char **list = pam_getenvlist(pamh);

    for (char **one = list; one != NULL && *one != NULL; one++) {
        printf("env %s\n", *one);
        free(*one);
    }
    free(list);
}

/* In a child, as sshd does for keyboard-interactive: data set there is lost, the
 * environment is brought back. */
static int operate_in_child(pam_handle_t *pamh, const char *name)
{
    char line[4096];
    int pipes[2], status = 0;
    FILE *in;

    fflush(stdout);
    if (pipe(pipes) != 0)
        return PAM_SYSTEM_ERR;
    if (fork() == 0) {
        int rc = operate(pamh, name);
        char **list = pam_getenvlist(pamh);

        for (char **one = list; one != NULL && *one != NULL; one++)
            dprintf(pipes[1], "%s\n", *one);
        fflush(stdout);
        _exit(rc);
    }
    close(pipes[1]);
    in = fdopen(pipes[0], "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        pam_putenv(pamh, line);
    }
    if (in != NULL)
        fclose(in);
    wait(&status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : PAM_ABORT;
}

static void run(pam_handle_t *pamh, char *operation, int *last)
{
    char *fork_mark = strstr(operation, ":FORK");

    if (fork_mark != NULL)
        *fork_mark = '\0';
    *last =
        fork_mark != NULL ? operate_in_child(pamh, operation) : operate(pamh, operation);
    printf("op %s %d %s\n", operation, *last, pam_strerror(pamh, *last));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct pam_conv conv = {.conv = converse};
    pam_handle_t *pamh = NULL;
    const void *user = NULL;
    int last;

    if (argc < 4)
        return 2;
    last = pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh);
    if (last != PAM_SUCCESS) {
        printf("op start %d\n", last);
        return 1;
    }
    handle = pamh;
    for (int i = 4; i < argc; i++) {
        bool option = argv[i][0] == '-' && i + 1 < argc;

        if (option && argv[i][1] == 'r' && answer_count < MAX_ANSWERS)
            answers[answer_count++] = argv[++i];
        else if (option && argv[i][1] == 'e')
            pam_putenv(pamh, argv[++i]);
        else if (option && argv[i][1] == 'u')
            pam_set_item(pamh, PAM_USER, argv[++i]);
        else
            run(pamh, argv[i], &last);
    }
    show_environment(pamh);
    if (pam_get_item(pamh, PAM_USER, &user) == PAM_SUCCESS && user != NULL)
        printf("user %s\n", (const char *)user);
    pam_end(pamh, last);
    return 0;
}

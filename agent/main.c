/* SPDX-License-Identifier: MIT
 *
 * main.c - trustlogond: the command line.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "journal.h"
#include "listener.h"
#include "reset_process.h"
#include "monitor.h"

#define CONVERSATION_FD 3

enum {
    OPT_CONVERSATION = 256,
    OPT_SOCKET,
    OPT_CONF,
    OPT_RUN,
    OPT_STATE,
    OPT_CACHE,
    OPT_ERR
};

static const struct option options[] = {
    {"conversation", no_argument, NULL, OPT_CONVERSATION},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"conf", required_argument, NULL, OPT_CONF},
    {"run-dir", required_argument, NULL, OPT_RUN},
    {"state-dir", required_argument, NULL, OPT_STATE},
    {"cache-dir", required_argument, NULL, OPT_CACHE},
    {"stderr", no_argument, NULL, OPT_ERR},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void usage(FILE *to)
{
    fprintf(to,
            "trustlogond - agent of Active Directory logons across trusts\n"
            "\n"
            "  trustlogond                 listen on %s (or on systemd's socket)\n"
            "  trustlogond --conversation  one conversation on descriptor 3, then exit\n"
            "\n"
            "  --socket PATH     listen there, and for look-ups on \"lookup\" beside it\n"
            "  --conf FILE       instead of %s\n"
            "  --run-dir DIR     instead of %s\n"
            "  --state-dir DIR   instead of %s\n"
            "  --cache-dir DIR   instead of %s\n"
            "  --stderr          log to standard error, not to the journal\n"
            "  --version, --help\n",
            TL_SOCKET, TL_CONF_FILE, TL_RUN_DIR, TL_STATE_DIR, TL_CACHE_DIR);
}

static int converse(const struct tla_setup *setup)
{
    int type = 0;
    socklen_t len = sizeof(type);

    if (getsockopt(CONVERSATION_FD, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
        type != SOCK_SEQPACKET) {
        fprintf(stderr, "trustlogond: --conversation is for the PAM module: descriptor 3 "
                        "is not a SOCK_SEQPACKET socket\n");
        return 2;
    }
    tla_reset_process();
    return tla_serve(setup, CONVERSATION_FD, TLA_ENDPOINT_LOGON) == 0 ? 0 : 1;
}

/* What reads the network does so as this user, and without it not at all. */
static int prepare_workers(struct tla_setup *setup)
{
    int rc = geteuid() == 0 ? tla_worker_user_find(&setup->user) : 0;

    if (rc == 0)
        return 0;
    fprintf(stderr,
            "trustlogond: the system user %s: %s; make it with systemd-sysusers or "
            "'useradd --system --no-create-home --shell /usr/sbin/nologin %s'\n",
            TL_WORKER_USER, rc == -EINVAL ? "it is root" : strerror(-rc), TL_WORKER_USER);
    tla_journal_line(LOG_ERR, "the system user %s: %s", TL_WORKER_USER, strerror(-rc));
    return rc;
}

/* "lookup", in the folder of `socket`. NULL: no memory. */
static char *beside(const char *socket)
{
    const char *slash = strrchr(socket, '/');
    int folder = slash == NULL ? 0 : (int)(slash - socket) + 1;
    char *path = NULL;

    return asprintf(&path, "%.*slookup", folder, socket) < 0 ? NULL : path;
}

/* A umask and an environment of its own come first: if the PAM module started the agent,
 * the caller of su(1) chose both. Folders on the command line override the configuration,
 * which each conversation reads for itself (config.c). */
int main(int argc, char **argv)
{
    struct tla_setup setup = {.socket = TL_SOCKET};
    bool conversation = false;
    char *lookup_socket;
    int opt, status;

    umask(077);
    if (tl_own_environment() != 0)
        return 1;
    while ((opt = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
        switch (opt) {
        case OPT_CONVERSATION:
            conversation = setup.single = true;
            break;
        case OPT_SOCKET:
            setup.socket = optarg;
            break;
        case OPT_CONF:
            setup.conf = optarg;
            break;
        case OPT_RUN:
            setup.run_dir = optarg;
            break;
        case OPT_STATE:
            setup.state_dir = optarg;
            break;
        case OPT_CACHE:
            setup.cache_dir = optarg;
            break;
        case OPT_ERR:
            setup.to_stderr = true;
            break;
        case 'V':
            printf("trustlogond %s\n", TL_VERSION);
            return 0;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "trustlogond: unexpected argument '%s'\n", argv[optind]);
        return 2;
    }
    lookup_socket = beside(setup.socket);
    if (lookup_socket == NULL)
        return 1;
    setup.lookup_socket = lookup_socket;
    tla_journal_open(setup.to_stderr);
    if (prepare_workers(&setup) != 0)
        return 1;
    status = conversation ? converse(&setup) : tla_listen(&setup);
    free(lookup_socket);
    return status;
}

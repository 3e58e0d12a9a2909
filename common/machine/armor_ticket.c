/* SPDX-License-Identifier: MIT
 *
 * What armor is made of: a ticket of the machine's for the KDC of the user's realm,
 * got by our own walk and kept between logons; and what is known of that KDC.
 */
#include "kerberos/exchange/armor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <trustlogon/name.h>

#include "status/folder.h"

/* In the agent's run folder; root's alone, as the look-ups' tickets are. */
#define TICKETS "machine.armor"
/* In its state folder, so that it outlives a restart. */
#define KNOWN "fast."
#define DAY ((time_t)24 * 3600)
#define KNOWN_LIFE (30 * DAY)

/* libkrb5 looks for the ticket in the cache, and would ask a KDC if it were not there.
 * Every exchange is ours to make, to bound and to tell. */
static krb5_error_code send_nothing(krb5_context k5, void *data, const krb5_data *realm,
                                    const krb5_data *message, krb5_data **new_message,
                                    krb5_data **reply)
{
    (void)k5, (void)data, (void)realm, (void)message;
    *new_message = NULL;
    *reply = NULL;
    return KRB5_KDC_UNREACH;
}

int tl_krb_set_armor(struct tl_krb *krb, const struct tl_workstation *ws)
{
    if (krb->config->fast == TL_FAST_NEVER)
        return 0;
    krb->armor = talloc_zero(krb, struct tli_armor);
    if (krb->armor == NULL)
        return -ENOMEM;
    krb->armor->ws = ws;
    krb->armor->kept_path =
        talloc_asprintf(krb->armor, "%s/" TICKETS, krb->config->run_dir);
    if (krb->armor->kept_path == NULL)
        return -ENOMEM;
    krb5_set_kdc_send_hook(krb->k5, send_nothing, NULL);
    return 0;
}

static enum tl_reason open_session(struct tl_krb *krb, struct tl_outcome *out)
{
    struct tli_armor *armor = krb->armor;
    enum tl_reason reason = tl_krb_new(armor, krb->config, krb->locator, krb->deadline,
                                       krb->trace, &armor->machine, out);

    if (reason != TL_REASON_OK)
        return reason;
    talloc_free(armor->machine->net);
    armor->machine->net = krb->net; /* the connections serve the user next */
    armor->kept =
        tl_krb_load_machine_tickets(armor->machine, armor->ws, armor->kept_path) == 0;
    if (!armor->kept)
        reason = tl_krb_as_machine(armor->machine, armor->ws, out);
    if (reason != TL_REASON_OK)
        TALLOC_FREE(armor->machine);
    return reason;
}

static enum tl_reason get_ticket(struct tl_krb *krb, const char *service,
                                 const char *realm, struct tl_outcome *out)
{
    struct tli_armor *armor = krb->armor;
    enum tl_reason reason = TL_REASON_OK;
    bool fresh = armor->machine == NULL;

    if (armor->machine == NULL)
        reason = open_session(krb, out);
    if (reason != TL_REASON_OK)
        return reason;
    fresh = fresh && !armor->kept;
    armor->machine->deadline = krb->deadline;
    if (!tl_krb_has_ticket(armor->machine, service, realm)) {
        reason = tl_krb_ticket(armor->machine, service, realm, out);
        fresh |= reason == TL_REASON_OK;
    }
    /* what cannot be kept is paid for again, and works now */
    if (fresh) {
        (void)tli_make_folder(krb->config->run_dir);
        (void)tl_krb_save_machine_tickets(armor->machine, armor->kept_path);
    }
    return reason;
}

/* A KDC does not take the TGT that was kept: the domain may have changed its keys. */
static bool stale(const struct tl_krb *krb, const struct tl_outcome *out)
{
    return krb->armor->kept && out->krb_error != TL_KRB_NONE &&
           out->krb_error != TL_KRB_S_PRINCIPAL_UNKNOWN;
}

enum tl_reason tli_armor_get(struct tl_krb *krb, const char *realm,
                             struct tl_outcome *out)
{
    char *service = talloc_asprintf(krb, "%s/%s", KRB5_TGS_NAME, realm);
    enum tl_reason reason;

    if (service == NULL)
        return tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_NO_MEMORY, NULL);
    reason = get_ticket(krb, service, realm, out);
    if (reason != TL_REASON_OK && stale(krb, out)) {
        tli_armor_drop(krb);
        tl_outcome_reset(out);
        reason = get_ticket(krb, service, realm, out);
    }
    talloc_free(service);
    /* Its own key, its own DCs: those reasons say what to do. Here a KDC refused. */
    if (reason != TL_REASON_OK && out->stage == TL_STAGE_WALK &&
        out->krb_error != TL_KRB_NONE)
        reason = tl_outcome_fail(out, TL_STAGE_AS, TL_REASON_ARMOR_UNAVAILABLE, "%s",
                                 out->detail);
    return reason;
}

enum tl_reason tl_krb_armor_for(struct tl_krb *krb, const char *realm,
                                struct tl_outcome *out)
{
    if (krb->armor == NULL)
        return tl_outcome_fail(out, TL_STAGE_LOCAL, TL_REASON_INTERNAL,
                               "no armor is wanted");
    return tli_armor_get(krb, realm, out);
}

void tli_armor_drop(struct tl_krb *krb)
{
    TALLOC_FREE(krb->armor->machine);
    krb->armor->kept = false;
    (void)unlink(krb->armor->kept_path);
}

static char *known_path(const struct tl_config *config, const char *realm)
{
    /* a realm may come from the network: no name of a file but its own */
    if (!tl_dns_valid(realm) || strchr(realm, '/') != NULL)
        return NULL;
    return talloc_asprintf(NULL, "%s/" KNOWN "%s", config->state_dir, realm);
}

/* When it last proved so, or 0. */
static time_t known_since(const char *path)
{
    struct stat st;
    time_t now = time(NULL);

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_mtime > now + DAY || st.st_mtime < now - KNOWN_LIFE)
        return 0;
    return st.st_mtime;
}

bool tli_armor_known(const struct tl_config *config, const char *realm)
{
    char *path = known_path(config, realm);
    bool known = path != NULL && known_since(path) != 0;

    talloc_free(path);
    return known;
}

void tli_armor_remember(const struct tl_config *config, const char *realm)
{
    char *path = known_path(config, realm);
    int fd;

    if (path != NULL && known_since(path) < time(NULL) - DAY) {
        (void)tli_make_folder(config->state_dir);
        fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)futimens(fd, NULL);
            close(fd);
        }
    }
    talloc_free(path);
}

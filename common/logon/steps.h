/* SPDX-License-Identifier: MIT
 *
 * steps.h - the steps that a logon and a change of the password have in common.
 * Each fails into logon->outcome.
 */
#ifndef TL_LOGON_STEPS_H
#define TL_LOGON_STEPS_H

#include <trustlogon/logon.h>

/* --- find_route.c --- */

/* Route the name by logon->machine's topology, replacing an earlier route. */
enum tl_reason tli_logon_route(struct tl_logon *logon);
/* The account of this machine was unknown to its own KDC: the keytab may have another
 * (machine/keytab_machines.h), which logon->machine then is. */
bool tli_logon_other_machine(struct tl_logon *logon);
/* logon->route->realm is set. */
enum tl_reason tli_logon_find_route(struct tl_logon *logon, tl_deadline deadline);
/* A fresh logon->locator. An earlier Kerberos context is freed. */
enum tl_reason tli_logon_new_locator(struct tl_logon *logon);
/* Read the trusts, into logon->machine; by the logon's worker where it has one. */
enum tl_reason tli_logon_refresh(struct tl_logon *logon, tl_deadline deadline,
                                 struct tl_outcome *out);

/* --- steps.c --- */

/* OK or PASSWORD_NOT_UTF8; no packet is sent. */
enum tl_reason tli_logon_check_text(struct tl_logon *logon, const char *password);
/* A fresh Kerberos context in logon->krb, `with_card` for a tl_krb_as() with one. */
enum tl_reason tli_logon_new_krb(struct tl_logon *logon, bool with_card,
                                 tl_deadline deadline);
/* find_dc.c: locate the DCs of the route's realm, and hand them to logon->krb. The
 * locator's reasons. */
enum tl_reason tli_logon_find_dc(struct tl_logon *logon, tl_deadline deadline);
/* logon->words, from the outcome. */
void tli_logon_set_words(struct tl_logon *logon);

/* --- own_groups.c --- */

/* What the directory of the machine's own domain says about a user of another forest,
 * into logon->own and the resource groups of logon->pac. OK or NO_MEMORY. */
enum tl_reason tli_logon_add_own_groups(struct tl_logon *logon, tl_deadline deadline);

/* --- unix_facts.c --- */

/*
 * With idmap = rfc2307, after the proof: what directories say about the user's unix
 * account; `domain`: what the directory of this one says, NULL: of all. *facts is a child
 * of the logon. ID_UNMAPPABLE names the attribute that cannot be read.
 */
enum tl_reason tli_unix_facts_read(struct tl_logon *logon, const char *domain,
                                   tl_deadline deadline, struct tl_unix_facts **facts);

#endif

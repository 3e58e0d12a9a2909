/* SPDX-License-Identifier: MIT
 *
 * keytab.h - the machine's keytab: opened, and whose keys are in it.
 */
#ifndef TL_KERBEROS_KEYTAB_H
#define TL_KERBEROS_KEYTAB_H

#include <krb5.h>
#include <trustlogon/config.h>
#include <trustlogon/outcome.h>
#include <trustlogon/route.h>

/* The path in "FILE:/etc/krb5.keytab" or the like; NULL: a keytab of another type. */
const char *tli_keytab_path(const char *name);
/* Open the configured keytab; KEYTAB_MISSING, KEYTAB_NEEDS_ROOT, KEYTAB_UNREADABLE,
 * KEYTAB_UNSAFE. Close with krb5_kt_close(). */
enum tl_reason tli_keytab_open(krb5_context k5, const struct tl_config *config,
                               enum tl_stage stage, krb5_keytab *keytab,
                               struct tl_outcome *out);
/* Is it a name of the machine account: WS1$, host/WS1, host/ws1.fabrikam.test? */
bool tli_keytab_is_machine(krb5_const_principal princ, const struct tl_workstation *ws);
/* The same for the machine's own AS exchange: its keys, as of `princ` (WS1$), in memory.
 * Those under its host names belong to the same account. Of several versions those that
 * were written last; with `others` those of the highest version, KEYTAB_NO_KEY where
 * they are the same. */
enum tl_reason tli_keytab_for_machine(krb5_context k5, const struct tl_config *config,
                                      const struct tl_workstation *ws,
                                      krb5_principal princ, bool others,
                                      krb5_keytab *keytab, struct tl_outcome *out);
/* It has keys of the machine, and none of them is AES. */
bool tli_keytab_lacks_aes(krb5_context k5, krb5_keytab keytab,
                          const struct tl_workstation *ws);

#endif

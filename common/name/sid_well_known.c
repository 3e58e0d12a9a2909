/* SPDX-License-Identifier: MIT
 *
 * sid_well_known.c - the SIDs that tickets carry and no domain issues [MS-DTYP 2.4.2.4].
 */
#include <trustlogon/sid.h>

/* Those that a PAC may bear and the rules for SIDs let pass. Local groups of Windows
 * (S-1-5-32-*) are not among them: they mean the machine that the KDC runs on. */
static const struct {
    const char *sid, *name;
} well_known[] = {
    {"S-1-1-0", "Everyone"},
    {"S-1-5-11", "Authenticated Users"},
    {"S-1-5-15", "This Organization"},
    {"S-1-5-1000", "Other Organization"},
    {"S-1-5-21-0-0-0-496", "Compounded authentication"},
    {"S-1-5-21-0-0-0-497", "Claims valid"},
    {"S-1-18-1", "Authentication authority asserted identity"},
    {"S-1-18-2", "Service asserted identity"},
    {"S-1-18-3", "Fresh public key identity"},
    {"S-1-18-4", "Key trust identity"},
    {"S-1-18-5", "Key property multi-factor authentication"},
    {"S-1-18-6", "Key property attestation"},
};

const char *tl_sid_well_known(const struct tl_sid *sid)
{
    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        struct tl_sid one;

        if (tl_sid_parse(well_known[i].sid, &one) == 0 && tl_sid_equal(&one, sid))
            return well_known[i].name;
    }
    return NULL;
}

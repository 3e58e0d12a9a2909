/* SPDX-License-Identifier: MIT
 *
 * options.h - the option table: name, type, default and range of every option of
 * trustlogon.conf. Loading, the PAM line, `trustlogon config` and the check of the manual
 * page all run over this one table.
 */
#ifndef TL_CONFIG_OPTIONS_H
#define TL_CONFIG_OPTIONS_H

#include <trustlogon/config.h>

enum tli_option_type {
    TL_OPTION_INT,     /* int, min to max */
    TL_OPTION_UID,     /* uint32_t, min to max */
    TL_OPTION_BOOL,    /* bool, any of krb5.conf's words */
    TL_OPTION_WALK,    /* enum tl_walk */
    TL_OPTION_FAST,    /* enum tl_fast_policy */
    TL_OPTION_REALM,   /* DNS-like name, kept in upper case */
    TL_OPTION_HOST,    /* DNS name, kept in lower case */
    TL_OPTION_DOMAIN,  /* DNS or NetBIOS name, as written */
    TL_OPTION_BARE,    /* no, own, or a DNS name, kept in lower case */
    TL_OPTION_SITE,    /* name of a site: one DNS label */
    TL_OPTION_KEYTAB,  /* absolute path, or FILE: and one */
    TL_OPTION_CCACHE,  /* TYPE:rest as in krb5.conf, or an absolute path */
    TL_OPTION_PATH,    /* absolute path with %u %d %D %n %% in it */
    TL_OPTION_IDMAP,   /* enum tl_idmap_kind */
    TL_OPTION_RANGES,  /* struct tl_rid_ranges: a list */
    TL_OPTION_SPAN,    /* struct tl_id_span */
    TL_OPTION_AUTORID, /* struct tl_autorid_domains: a list */
    TL_OPTION_ACCESS,  /* struct tl_access_list: a list */
    TL_OPTION_RC4,     /* enum tl_rc4, or a boolean */
    TL_OPTION_CARDS,   /* enum tl_smartcard */
    TL_OPTION_PKINIT,  /* PKCS11:, PKCS12:, FILE: or DIR: as libkrb5's pkinit has them */
    TL_OPTION_ANCHORS, /* FILE: or DIR: and an absolute path */
    TL_OPTION_REALMS   /* realms, separated by blanks or commas */
};

/* One option. `min` and `max` count for numbers only. */
struct tli_option {
    const char *section, *key;
    enum tli_option_type type;
    size_t offset;       /* of the member of struct tl_config */
    const char *initial; /* default as a file would say it; NULL: found at run time */
    int64_t min, max;
    const char *what; /* one line for people */
};

/* Whether the key may be given on several lines of one file, each with a part of its
 * list. */
static inline bool tli_option_is_list(const struct tli_option *option)
{
    return option->type == TL_OPTION_RANGES || option->type == TL_OPTION_AUTORID ||
           option->type == TL_OPTION_ACCESS;
}

extern const struct tli_option tli_options[];
extern const size_t tli_num_options;

/* NULL for a key that is nowhere, or not in `section` (NULL: any section). */
const struct tli_option *tli_option_find(const char *section, const char *key);
bool tli_option_section_known(const char *section);
/*
 * Check `value` and store it. 0, -ENOMEM, or -EINVAL with *why (child of ctx): "'foo' is
 * not one of windows, referral, direct".
 */
int tli_option_store(TALLOC_CTX *ctx, struct tl_config *config,
                     const struct tli_option *option, const char *value, char **why);
/* The value as a file would say it; "" where it is found at run time. */
char *tli_option_show(TALLOC_CTX *ctx, const struct tl_config *config,
                      const struct tli_option *option);
/* names.c: what is wrong with a value of this type, as a phrase that follows the value
 * ("is not a site name"), or NULL. */
const char *tli_option_fault(enum tli_option_type type, const char *value);
/* Whether `value` is an absolute path without "." and "..", and with known escapes only.
 */
bool tli_path_template_valid(const char *value);
/* `text` fit for one line of a log: cut short, control characters as '?'. */
char *tli_option_quote(TALLOC_CTX *ctx, const char *text);

#endif

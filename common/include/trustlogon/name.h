/* SPDX-License-Identifier: MIT
 *
 * trustlogon/name.h - the name as the user typed it; comparing and checking names.
 *
 * Pure functions: no look-ups, no I/O. Which domain a name means is decided by
 * the route (trustlogon/route.h).
 */
#ifndef TRUSTLOGON_NAME_H
#define TRUSTLOGON_NAME_H

#include <trustlogon/defs.h>

#define TL_NAME_MAX 1024  /* userPrincipalName's limit, bytes of UTF-8 [ADA3 2.349] */
#define TL_SAM_MAX 256    /* sAMAccountName's schema limit, characters [ADA3 2.222] */
#define TL_NETBIOS_MAX 15 /* characters of a NetBIOS name that count */
#define TL_DNS_MAX 255

enum tl_name_form {
    TL_NAME_BARE,      /* user */
    TL_NAME_DOWNLEVEL, /* DOM\user or dns.domain\user */
    TL_NAME_UPN        /* user@suffix: the last '@' separates */
};

enum tl_name_error {
    TL_NAME_OK,
    TL_NAME_EMPTY,
    TL_NAME_TOO_LONG,
    TL_NAME_NOT_UTF8,
    TL_NAME_CONTROL,      /* a control character, NUL included */
    TL_NAME_ILLEGAL_USER, /* a character no sAMAccountName or UPN prefix may hold */
    TL_NAME_ILLEGAL_DOMAIN,
    TL_NAME_EMPTY_PART /* "\x", "x\", "@x", "x@" */
};

struct tl_name {
    enum tl_name_form form;
    const char *whole;  /* as typed */
    const char *user;   /* the part before '@' or after '\', as typed */
    const char *domain; /* the part after the last '@' or before '\', as typed, one
                         * trailing dot removed; NULL for a bare name */
};

/*
 * Split a name: a backslash first, else the last '@' (CredUIParseUserName).
 * `len` bytes, not necessarily terminated. Returns 0, -ENOMEM, or -EINVAL with
 * *error set (error may be NULL).
 */
TL_PUBLIC int tl_name_parse(TALLOC_CTX *ctx, const char *bytes, size_t len,
                            struct tl_name **name, enum tl_name_error *error);
/* One plain sentence for an error, for people. */
TL_PUBLIC const char *tl_name_error_text(enum tl_name_error error);

/* Whether the name is one of this machine's own accounts: "." or the machine's NetBIOS or
 * DNS name precedes the backslash. A UPN is never local. For a bare name /etc/passwd
 * decides, which is not read here. */
TL_PUBLIC bool tl_name_is_local(const struct tl_name *name, const char *ws_flat,
                                const char *ws_fqdn);

/*
 * A copy in lower case: the form in which names are compared and stored. Each letter is
 * folded alone, and never more coarsely than a directory compares: "groß" is not "gross",
 * and a letter with a combining accent is not the composed letter, since both may be
 * accounts of different people. NULL for what is not UTF-8 or when memory is out.
 */
TL_PUBLIC char *tl_fold(TALLOC_CTX *ctx, const char *utf8);
/* Whether two names are equal when folded; false for NULL. */
TL_PUBLIC bool tl_name_equal(const char *a, const char *b);

/* DNS names: label-wise, ASCII-case-insensitive, one trailing dot ignored
 * [LSAD 3.1.4.7.16.1]. Nothing is below the empty name. */
enum tl_dns_cmp { TL_DNS_DIFFERENT, TL_DNS_EQUAL, TL_DNS_BELOW, TL_DNS_ABOVE };
/* The relation of `a` to `b`: BELOW means that a is a descendant of b. */
TL_PUBLIC enum tl_dns_cmp tl_dns_compare(const char *a, const char *b);
/* Whether both are the same DNS name; false for NULL. */
TL_PUBLIC bool tl_dns_equal(const char *a, const char *b);
/* The number of labels; 0 for "" and ".". */
TL_PUBLIC size_t tl_dns_labels(const char *name);
/* UTF-8, labels of 1 to 63 bytes, 255 bytes in all, none of the characters that KB909264
 * forbids except '_', which is accepted. */
TL_PUBLIC bool tl_dns_valid(const char *name);
/* 1 to 15 characters, the same list; a dot, but not as the first character. */
TL_PUBLIC bool tl_netbios_valid(const char *name);
/* Upper-case (ASCII) realm of a DNS domain name, and back; one trailing dot is
 * dropped. NULL for NULL or when memory is out. */
TL_PUBLIC char *tl_realm_of(TALLOC_CTX *ctx, const char *dns_domain);
TL_PUBLIC char *tl_dns_of(TALLOC_CTX *ctx, const char *realm);
/* Whether a list of realms, separated by blanks or commas, has this one, compared without
 * regard to ASCII case. NULL is an empty list. */
TL_PUBLIC bool tl_realm_list_has(const char *list, const char *realm);

#endif

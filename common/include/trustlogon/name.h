/* SPDX-License-Identifier: MIT
 *
 * trustlogon/name.h - the name as the user typed it, and names as such.
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

/* "." or the NetBIOS or DNS name of this machine before a backslash: its own
 * accounts, not ours. A UPN is never local; whether a bare name is, /etc/passwd
 * decides, which is not asked here. */
TL_PUBLIC bool tl_name_is_local(const struct tl_name *name, const char *ws_flat,
                                const char *ws_fqdn);

/*
 * Copy in small letters: what names are compared and stored by. Letter for letter and
 * never coarser than a directory: "groß" is not "gross", and an accent written
 * apart is not the one written in the letter, since both may be accounts, of two people.
 * NULL for what is not UTF-8 or when memory is out.
 */
TL_PUBLIC char *tl_fold(TALLOC_CTX *ctx, const char *utf8);
TL_PUBLIC bool tl_name_equal(const char *a,
                             const char *b); /* folded comparison; false for NULL */

/* DNS names: label-wise, ASCII-case-insensitive, one trailing dot ignored
 * [LSAD 3.1.4.7.16.1]. Nothing is below the empty name. */
enum tl_dns_cmp { TL_DNS_DIFFERENT, TL_DNS_EQUAL, TL_DNS_BELOW, TL_DNS_ABOVE };
/* How `a` stands to `b`: BELOW means a is a descendant of b. */
TL_PUBLIC enum tl_dns_cmp tl_dns_compare(const char *a, const char *b);
TL_PUBLIC size_t tl_dns_labels(const char *name); /* number of labels, 0 for "" and "." */
TL_PUBLIC bool
tl_dns_valid(const char *name); /* UTF-8, non-empty labels <= 63, whole <= 255 bytes,
                                 * nothing that KB909264 forbids; '_' is let pass */
/* 1 to 15 characters, the same list; a dot, but not as the first character. */
TL_PUBLIC bool tl_netbios_valid(const char *name);
/* Upper-case (ASCII) realm of a DNS domain name, and back; one trailing dot is
 * dropped. NULL for NULL or when memory is out. */
TL_PUBLIC char *tl_realm_of(TALLOC_CTX *ctx, const char *dns_domain);
TL_PUBLIC char *tl_dns_of(TALLOC_CTX *ctx, const char *realm);

#endif

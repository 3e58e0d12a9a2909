/* SPDX-License-Identifier: MIT
 *
 * internal.h - an open directory, for directory.c, accounts.c, people.c and members.c.
 */
#ifndef TL_DIRECTORY_INTERNAL_H
#define TL_DIRECTORY_INTERNAL_H

#include "connection.h"

/* A directory that is open: one DC, and its global catalogue where that is needed. */
struct tl_directory {
    struct tli_connection *ldap;
    struct tli_connection *gc; /* opened when first needed; NULL: not available */
    bool gc_tried, gc_offered;
    size_t num_domains; /* of the forest, once read; 0: not known */
    struct tl_dc *dc;   /* what is needed of it for the second connection */
    const char *ccache;
    const char *default_nc, *root_nc, *config_nc;
    const char *domain, *forest; /* DNS names of the first two */
    bool has_sid;
    struct tl_sid sid;             /* of the domain, once asked for */
    struct tli_known_names *known; /* NULL: none are kept */
};

/* The global catalogue of the same server, if it is one, replies, and would hold more
 * than we have already; else NULL. */
struct tli_connection *tli_directory_catalogue(struct tl_directory *dir);

#endif

/* SPDX-License-Identifier: MIT
 *
 * trustlogon/config.h - /etc/trustlogon.conf and trustlogon.conf.d, read with
 * libkrb5's profile library (krb5.conf syntax). Unknown sections and keys and
 * bad values are errors that name file, section and key; trustlogon.conf(5)
 * describes every option. One table (common/config/options.c) holds name,
 * type, default and range of each.
 */
#ifndef TRUSTLOGON_CONFIG_H
#define TRUSTLOGON_CONFIG_H

#include <trustlogon/sid.h>

/* How the ticket for the workstation is asked for across trusts (docs/walks.md). */
enum tl_walk { TL_WALK_WINDOWS, TL_WALK_REFERRAL, TL_WALK_DIRECT };

/* FAST armor [RFC 6113] around the AS exchanges of users. */
enum tl_fast_policy { TL_FAST_NEVER, TL_FAST_TRY, TL_FAST_DEMAND };

/* Where RC4 may be used. TRUSTS: only for the session key of a ticket that leads from one
 * realm to the next. */
enum tl_rc4 { TL_RC4_NO, TL_RC4_TRUSTS, TL_RC4_YES };

/* Whether users log on with a smart card. */
enum tl_smartcard { TL_SMARTCARD_NEVER, TL_SMARTCARD_TRY, TL_SMARTCARD_REQUIRE };

/* How SIDs become uids and gids (trustlogon/idmap.h). */
enum tl_idmap_kind { TL_IDMAP_SSS, TL_IDMAP_RID, TL_IDMAP_AUTORID, TL_IDMAP_RFC2307 };

#define TL_ID_LOWEST 1000U /* ids below are the system's own and never given out */
#define TL_ID_HIGHEST                                                                    \
    4294967293U /* -1 means "no change", -2 is the user nobody on some systems */

/* The ids of one domain: those that `idmap = rid` gives its SIDs, or those that its
 * directory may give with `idmap = rfc2307`; ranges never overlap. */
struct tl_rid_range {
    const char *domain; /* DNS or NetBIOS name, as written */
    uint32_t low, high;
};
struct tl_access_list;
struct tl_rid_ranges {
    const char *text; /* as written */
    size_t count;
    struct tl_rid_range *range;
};

/* A run of ids, both ends included; high 0: none. */
struct tl_id_span {
    uint32_t low, high;
};
/* Samba's autorid gave range number `range`, counted from 0, to the RIDs of `sid` from
 * `index` times the size of a range on. */
struct tl_autorid_domain {
    uint32_t range;
    bool reserved; /* ALLOC, BUILTIN: the range is taken, its ids are not given out */
    struct tl_sid sid;
    uint32_t index;
};
struct tl_autorid_domains {
    const char *text; /* as written, several lines as one list */
    size_t count;
    struct tl_autorid_domain *domain;
};

/* Values after defaults. Times in milliseconds unless the name says otherwise. */
struct tl_config {
    const char *file; /* the main file read, or NULL: it does not exist */
    /* [workstation] */
    const char *realm;          /* NULL: from the keytab's host principal */
    const char *hostname;       /* fqdn; NULL: from the keytab, else gethostname */
    const char *default_domain; /* domain of bare names; NULL: the workstation's */
    const char *keytab;         /* /etc/krb5.keytab */
    const char *site;           /* NULL: as the DCs say */
    /* [logon] */
    enum tl_walk walk;           /* windows */
    int logon_timeout;           /* whole logon: 15000 */
    int kdc_connect_timeout;     /* give up on all KDCs of a realm: 2500 */
    int kdc_race_delay;          /* next KDC is tried beside after: 250 */
    int hop_limit;               /* 6 */
    bool explain;                /* read TDOs after a failed walk: yes */
    int explain_timeout;         /* 4000 */
    enum tl_rc4 allow_rc4;       /* trusts */
    enum tl_fast_policy fast;    /* never */
    uint32_t minimum_uid;        /* 1000 */
    int password_warning;        /* days before a password expires: 5, as on Windows */
    int cached_logons;           /* 0: none */
    int renew_interval;          /* seconds between looks at sessions' tickets: 300 */
    const char *ccache;          /* NULL: default_ccache_name of krb5.conf */
    enum tl_smartcard smartcard; /* never */
    const char *pkinit_identity; /* NULL: pkinit_identities of krb5.conf */
    const char *pkinit_anchors;  /* NULL: pkinit_anchors of krb5.conf */
    /* [identity] */
    enum tl_idmap_kind idmap;               /* sss */
    uint32_t idmap_range_min;               /* 200000 */
    uint32_t idmap_range_max;               /* 2000200000, itself not given out */
    uint32_t idmap_range_size;              /* of a domain's slice: 200000 */
    const struct tl_rid_ranges *rid_ranges; /* NULL: none */
    struct tl_id_span autorid_range;        /* none */
    uint32_t autorid_rangesize;             /* 100000, as Samba's */
    const struct tl_autorid_domains *autorid_domains; /* NULL: none */
    const struct tl_rid_ranges *rfc2307_ranges;       /* NULL: none */
    bool unix_primary_group;  /* gidNumber instead of Windows' primary group: yes */
    bool unix_nss_info;       /* home and shell as the directory has them: yes */
    const char *home, *shell; /* templates: /home/%D/%u, /bin/bash */
    const char *bare_names;   /* no; "own", or a DNS name: tl_bare_domain() */
    bool show_bare_names;     /* yes */
    /* [access] NULL: no such rule; see trustlogon/access.h */
    const struct tl_access_list *allow_groups, *deny_groups, *allow_users;
    int rule_timeout;  /* for all names of the rules together: 4000 */
    int rule_lifetime; /* seconds the SID of a name is kept: 3600 */
    /* [locator] */
    bool require_ldap_ping; /* yes, as on Windows */
    int ping_interval;      /* between candidates: 100 */
    int ping_timeout;       /* in all: 1500 */
    int cache_lifetime;     /* seconds a DC is kept: 43200 */
    int ping_validity;      /* seconds before a cached DC is pinged again: 1800 */
    int close_site_timeout; /* seconds until a DC of another site is searched for again:
                               900 */
    bool try_next_closest_site; /* no, as on Windows */
    int negative_lifetime;      /* seconds a failure is kept: 45 */
    /* [topology] */
    int topology_refresh; /* seconds after which it is read again: 3600 */
    const char *realms;   /* asked for although no trust names them; NULL: none */
    /* [agent] */
    int max_conversations; /* at once: 256 */
    int max_per_uid;       /* at once for one uid other than root: 8 */
    int lookup_max;        /* users and groups looked up at once: 8 */
    int lookup_timeout;    /* of one look-up: 20000 */
    int lookup_idle;       /* seconds that a directory stays open: 300 */
    int known_lifetime;    /* seconds until a record is looked up again: 3600 */
    int unknown_lifetime;  /* seconds a negative answer is kept: 60 */
    bool sandbox;          /* workers are confined, or do not run: yes */
    /* seconds without a client before a socket-activated agent ends; 0 never: 0 */
    int idle_exit;
    /* folders: build constants, which tests replace */
    const char *state_dir, *cache_dir, *run_dir;
};

/* What is wrong with a configuration, and where. */
struct tl_config_error {
    const char *where;   /* the file; or what else set the option: "PAM line" */
    unsigned int line;   /* of the file; 0: none, or not of one line */
    const char *setting; /* as found: "[logon] walk = foo"; NULL: not of one option */
    const char *what;    /* "'foo' must be windows, referral or direct" */
    /* all in one line: "/etc/trustlogon.conf: line 2: [logon] walk: 'foo' must be ..." */
    const char *text;
};

/*
 * Read `path` (NULL: TL_CONF_FILE, where a missing file means defaults; a named
 * file must exist) and the *.conf files of `path`.d in strcmp order.
 * Returns 0, -ENOMEM, or with *error (child of ctx) -ENOENT, -EACCES (this user may not
 * read it) or -EINVAL.
 */
TL_PUBLIC int tl_config_load(TALLOC_CTX *ctx, const char *path, struct tl_config **config,
                             struct tl_config_error **error);
/* Defaults only; never reads a file. NULL only without memory. */
TL_PUBLIC struct tl_config *tl_config_defaults(TALLOC_CTX *ctx);
/* One option from elsewhere (the PAM line, a command's --set): "walk=direct". -EINVAL
 * with *error, which names `where` and the key. */
TL_PUBLIC int tl_config_set(TALLOC_CTX *ctx, struct tl_config *config, const char *where,
                            const char *assignment, struct tl_config_error **error);
/* For `trustlogon config`: every option with section, key, value, whether it is the
 * default. */
struct tl_config_item {
    const char *section, *key, *value, *what;
    bool is_default;
};
TL_PUBLIC struct tl_config_item *
tl_config_items(TALLOC_CTX *ctx, const struct tl_config *config, size_t *count);

/* Called first by every program: keeps of the environment only what concerns the terminal
 * and the service manager, and nothing that a library obeys. 0 or -errno. */
TL_PUBLIC int tl_own_environment(void);

#endif

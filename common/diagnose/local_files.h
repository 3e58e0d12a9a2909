/* SPDX-License-Identifier: MIT
 *
 * local_files.h - files of this machine that a logon depends on: their
 * decoders, and what follows from them. All pure but tli_text_read(). They belong to root
 * but are written by hand: they may hold anything, and a mistake in them is a finding,
 * not an error.
 */
#ifndef TL_DIAGNOSE_LOCAL_FILES_H
#define TL_DIAGNOSE_LOCAL_FILES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <talloc.h>

#define TL_TEXT_MAX (256U * 1024U)

/* A regular file of at most TL_TEXT_MAX bytes, ended by a NUL. 0; -E2BIG; -errno. */
int tli_text_read(TALLOC_CTX *ctx, const char *path, char **text);
/* The next line of *rest, cut off it, or NULL. */
char *tli_text_line(char **rest);
/* The next word of *rest, parted by blanks, or NULL. */
char *tli_text_word(char **rest);

/* ---- resolv_conf.c: the name servers of /etc/resolv.conf */

#define TL_RESOLVERS_MAX 8

struct tli_resolver {
    struct sockaddr_storage addr; /* port 0 */
    socklen_t addr_len;
    char text[INET6_ADDRSTRLEN + 16]; /* as written */
};
struct tli_resolv_conf {
    size_t count;
    struct tli_resolver servers[TL_RESOLVERS_MAX];
    bool by_default; /* no line names one: the one of this machine is asked */
    size_t bad;      /* lines whose address is malformed */
};
/* Changes `text`. */
void tli_resolv_conf_parse(char *text, struct tli_resolv_conf *conf);

/* ---- dns_reply.c: what one name server says to one question */

enum tli_dns_says {
    TL_DNS_SAYS_FOUND,
    TL_DNS_SAYS_NOTHING, /* no such name, or no such record */
    TL_DNS_SAYS_SERVFAIL,
    TL_DNS_SAYS_REFUSED,
    TL_DNS_SAYS_CUT, /* it must be asked over TCP */
    TL_DNS_SAYS_ODD  /* no answer to this question */
};
enum tli_dns_says tli_dns_reply_judge(const uint8_t *reply, size_t len, uint16_t id,
                                      size_t *records);

/* ---- nsswitch.c: one database of /etc/nsswitch.conf */

struct tli_nss_line {
    bool present;         /* else glibc asks "files" only */
    bool ours;            /* our module is in it */
    const char *ended_by; /* the source before ours after which none is asked, or NULL */
    const char *before;   /* sources before ours that know other accounts, or NULL */
};
/* Strings are children of ctx. */
void tli_nsswitch_judge(TALLOC_CTX *ctx, const char *text, const char *database,
                        struct tli_nss_line *line);

/* ---- pam_file.c: the stack of one PAM service, with all that it includes */

enum tli_pam_kind {
    TL_PAM_AUTH,
    TL_PAM_ACCOUNT,
    TL_PAM_PASSWORD,
    TL_PAM_SESSION,
    TL_PAM_KINDS
};
/* What a module returns, as far as it matters here. */
enum tli_pam_return {
    TL_PAM_SUCCESS,
    TL_PAM_NEW_AUTHTOK,
    TL_PAM_IGNORE,
    TL_PAM_AUTH_ERR,
    TL_PAM_USER_UNKNOWN,
    TL_PAM_PERM_DENIED,
    TL_PAM_MODULE_UNKNOWN, /* libpam's, for a module that cannot be loaded */
    TL_PAM_RETURNS
};
/* What follows from it; a positive number is how many modules are skipped. */
enum tli_pam_action {
    TL_PAM_DO_IGNORE = 0,
    TL_PAM_DO_OK = -1,
    TL_PAM_DO_DONE = -2,
    TL_PAM_DO_BAD = -3,
    TL_PAM_DO_DIE = -4,
    TL_PAM_DO_RESET = -5
};
#define TL_PAM_ENTRIES_MAX 512
#define TLI_PAM_MODULE "pam_trustlogon.so"

struct tli_pam_entry {
    enum tli_pam_kind kind;
    int level;          /* of substacks around it */
    const char *module; /* file name without folders; NULL: a substack begins */
    const char *path;   /* the same as written */
    bool missing;       /* set by the caller if the file does not exist */
    const char *args;   /* behind it, or "" */
    const char *file;   /* where it stands */
    int line;           /* of that file, from 1 */
    int actions[TL_PAM_RETURNS];
};
struct tli_pam_stack {
    size_t count;
    struct tli_pam_entry *entries;
    const char *broken; /* a missing file, or a malformed line; or NULL */
};
/* The text of a file of /etc/pam.d, or NULL: it does not exist. It must outlive the
 * stack. */
typedef const char *(*tli_pam_load_fn)(void *arg, const char *name);
/* NULL: no memory. */
struct tli_pam_stack *tli_pam_stack_read(TALLOC_CTX *ctx, const char *service,
                                         tli_pam_load_fn load, void *arg);

/* ---- pam_stack.c: how it treats a user of a domain */

/* What each module returns for such a user. */
typedef enum tli_pam_return (*tli_pam_returns_fn)(void *arg,
                                                  const struct tli_pam_entry *entry);
struct tli_pam_run {
    enum tli_pam_return result;          /* of the whole stack, as libpam makes it */
    const struct tli_pam_entry *decided; /* the module that ended it early, or NULL */
    const struct tli_pam_entry *refused; /* the first whose answer refuses, or NULL */
    bool reached;                        /* our module was asked */
};
struct tli_pam_run tli_pam_run(const struct tli_pam_stack *stack, enum tli_pam_kind kind,
                               tli_pam_returns_fn returns, void *arg);

enum tli_pam_fault {
    TL_PAM_FINE,
    TL_PAM_ABSENT,      /* our module is not in it */
    TL_PAM_NOT_REACHED, /* another one ends the stack before it */
    TL_PAM_REFUSED,     /* the stack refuses a user whom our module lets in */
    TL_PAM_OPEN         /* the stack lets in a user whom our module refuses */
};
/* *culprit: the module that decides instead, or NULL. */
enum tli_pam_fault tli_pam_judge(const struct tli_pam_stack *stack,
                                 enum tli_pam_kind kind,
                                 const struct tli_pam_entry **culprit);
/* Whether what this module answers, which cannot be predicted, keeps out a user whom our
 * module lets in. */
bool tli_pam_decides(const struct tli_pam_stack *stack,
                     const struct tli_pam_entry *entry);
/* The value of "NAME=value" among a module's arguments, a child of ctx; NULL: not there.
 */
char *tli_pam_argument(TALLOC_CTX *ctx, const struct tli_pam_entry *entry,
                       const char *name);
/* Whether /etc/shells lists a shell, as pam_shells.so reads it. */
bool tli_shells_has(const char *text, const char *shell);
/* A module asked before ours that may know users of domains by itself, or NULL. */
const char *tli_pam_rival(const struct tli_pam_stack *stack);

/* ---- pam_line.c: the options on our line of 'auth' */

#define TL_PAM_LINE_OPTIONS 64

struct tli_pam_line {
    const char *file;                  /* where it stands: /etc/pam.d/<file> */
    const char *conf, *socket, *agent; /* conf=..., socket=..., agent=..., or NULL */
    const char *refused; /* the first argument that the module refuses, or NULL */
    const char *wrong;   /* with it: "option takes no value" */
    size_t count;
    const char *options[TL_PAM_LINE_OPTIONS]; /* of trustlogon.conf: "walk=direct" */
};
/* 0; -ENOENT: our module is not in it; -EINVAL: `refused`; -E2BIG; -ENOMEM. Strings are
 * children of ctx. */
int tli_pam_line_read(TALLOC_CTX *ctx, const struct tli_pam_stack *stack,
                      struct tli_pam_line *line);

/* ---- sshd_config.c: what of sshd_config(5) decides about users of domains */

struct tli_sshd_list {
    size_t count;
    const char **patterns;
};
struct tli_sshd {
    bool use_pam, passwords, keyboard; /* after sshd's own defaults */
    struct tli_sshd_list allow_users, deny_users;
    bool by_groups;       /* it has AllowGroups or DenyGroups */
    size_t matches;       /* Match blocks, whose settings are not looked at */
    const char *included; /* a file that cannot be read, or NULL */
};
/* The text of the nth file that a pattern of Include names (the main file: NULL), or
 * NULL: it does not exist. *unreadable: it exists and cannot be read. */
typedef const char *(*tli_sshd_load_fn)(void *arg, const char *pattern, size_t nth,
                                        bool *unreadable);
/* Strings are children of ctx. -ENOENT: no main file; -EACCES; -ENOMEM. */
int tli_sshd_read(TALLOC_CTX *ctx, tli_sshd_load_fn load, void *arg,
                  struct tli_sshd *sshd);

enum tli_sshd_match {
    TL_SSHD_NO,
    TL_SSHD_SPLIT, /* no: sshd takes what follows the pattern's '@' for a host name */
    TL_SSHD_MAYBE, /* from some hosts */
    TL_SSHD_YES
};
/* The best match of a user in a list; *pattern is what matched. */
enum tli_sshd_match tli_sshd_match(const struct tli_sshd_list *list, const char *user,
                                   const char **pattern);

#endif

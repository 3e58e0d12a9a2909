/* SPDX-License-Identifier: MIT
 *
 * checks.h - the checklist as a table, which diagnose.c runs through.
 */
#ifndef TL_DIAGNOSE_CHECKS_H
#define TL_DIAGNOSE_CHECKS_H

#include "internal.h"

/*
 * One row of the checklist (checks.c). `look` makes findings, and calls tli_left_out()
 * for what it could not look at. What it needs is there: where it is not, the row counts
 * as not looked at.
 */
struct check {
    const char *slug, *what; /* of its struct tl_area */
    enum {
        NEEDS_NOTHING,
        NEEDS_CONFIG,  /* a valid configuration */
        NEEDS_MACHINE, /* run->machine */
        NEEDS_ROUTE,   /* run->logon with name and route */
        NEEDS_PROOF    /* a logon that the domain controllers granted */
    } needs;
    bool after_proof; /* a failure stops a logon that the domain controllers grant */
    void (*look)(struct run *run);
};
extern const struct check tli_checks[];
extern const size_t tli_num_checks;

#endif

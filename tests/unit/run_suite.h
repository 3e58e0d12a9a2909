/* SPDX-License-Identifier: MIT
 *
 * run_suite.h - the end of the main() of every test program.
 */
#ifndef TL_TEST_RUN_SUITE_H
#define TL_TEST_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* The number of rows of a table, for loop tests. */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Runs the suite and frees it. CK_VERBOSITY says how much is printed, fork_status whether
 * each test gets a process of its own. Returns the exit status of the program. */
static inline int run_suite_as(Suite *suite, enum fork_status fork_status)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_set_fork_status(runner, fork_status);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int run_suite(Suite *suite)
{
    return run_suite_as(suite, CK_FORK_GETENV);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * run_suite.h - what the main() of every unit test ends with.
 */
#ifndef TL_TEST_RUN_SUITE_H
#define TL_TEST_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Takes the suite. How much is printed, CK_VERBOSITY says. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

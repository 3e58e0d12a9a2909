/* SPDX-License-Identifier: MIT
 *
 * options.h - the options that every verb takes. --json, --conf and --help are taken
 * before and after the verb; each verb adds its own to the table and handles them in its
 * switch.
 */
#ifndef TL_CLI_OPTIONS_H
#define TL_CLI_OPTIONS_H

#include <getopt.h>

/* The leading colon makes getopt tell a missing value from an unknown option. */
#define CLI_SHORT_OPTIONS ":jc:h"

/* The end of each verb's table. */
/* clang-format off */
#define CLI_COMMON_OPTIONS                                                               \
    {"json", no_argument, NULL, 'j'},                                                    \
    {"conf", required_argument, NULL, 'c'},                                              \
    {"help", no_argument, NULL, 'h'},                                                    \
    {NULL, 0, NULL, 0}
/* clang-format on */

#define CLI_COMMON_CASES                                                                 \
    case 'j':                                                                            \
        cli->json = true;                                                                \
        break;                                                                           \
    case 'c':                                                                            \
        cli->conf = optarg;                                                              \
        break;                                                                           \
    case 'h':                                                                            \
        return CLI_SHOW_HELP;                                                            \
    default:                                                                             \
        return cli_bad_option(cli, option, argv)

#endif

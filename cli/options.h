/* SPDX-License-Identifier: MIT
 *
 * options.h - options of a verb. --json and --conf may stand before or after
 * the verb; each verb adds its own to the table and handles them in its switch.
 */
#ifndef TL_CLI_OPTIONS_H
#define TL_CLI_OPTIONS_H

#include <getopt.h>

#define CLI_COMMON_OPTIONS                                                               \
    {"json", no_argument, NULL, 'j'}, {"conf", required_argument, NULL, 'c'},            \
    {                                                                                    \
        NULL, 0, NULL, 0                                                                 \
    }

#define CLI_COMMON_CASES                                                                 \
    case 'j':                                                                            \
        cli->json = true;                                                                \
        break;                                                                           \
    case 'c':                                                                            \
        cli->conf = optarg;                                                              \
        break;                                                                           \
    default:                                                                             \
        return EXIT_USAGE

#endif

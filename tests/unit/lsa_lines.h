/* SPDX-License-Identifier: MIT
 *
 * lsa_lines.h - what trustlogon-lsa returns for alice.
 */
#ifndef TL_TEST_LSA_LINES_H
#define TL_TEST_LSA_LINES_H

/* As tli_lsa_answer_decode() takes it. */
#define ALICE                                                                            \
    "{\"name\":\"alice\",\"domain\":\"CONTOSO\",\"sid\":\"S-1-5-21-1-2-3-1103\","        \
    "\"type\":\"user\"}"

#endif

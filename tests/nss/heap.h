/* SPDX-License-Identifier: MIT
 *
 * heap.h - how often this process asked for memory. Linked in, heap.c replaces
 * libc's malloc(), or hooks into the sanitizer's.
 */
#ifndef TEST_NSS_HEAP_H
#define TEST_NSS_HEAP_H

unsigned long heap_calls(void);

#endif

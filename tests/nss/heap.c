/* SPDX-License-Identifier: MIT
 *
 * heap.c - counting the calls of malloc() and its kin, those of modules opened later
 * among them.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "heap.h"

static atomic_ulong calls;

unsigned long heap_calls(void)
{
    return atomic_load(&calls);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
/* Both compilers' run-time libraries have it; gcc comes without the header. */
extern int __sanitizer_install_malloc_and_free_hooks(
    void (*of_malloc)(const volatile void *, size_t),
    void (*of_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t size)
{
    atomic_fetch_add(&calls, 1);
}

static void on_free(const volatile void *memory)
{
}

__attribute__((constructor)) static void hook(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#else
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(old, size);
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_TSAN_H
#define SVSM_TSAN_H

/*
 * Concurrency Kit synchronises with inline assembly that ThreadSanitizer cannot see. The project's
 * wrappers of ck types are compiled without TSan and state ck's documented order with these
 * annotations. Nothing else may use them.
 */

#if defined(__SANITIZE_THREAD__)
#define SVSM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SVSM_TSAN 1
#endif
#endif

#ifdef SVSM_TSAN

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SVSM_NO_TSAN __attribute__((no_sanitize("thread")))
#define svsm_tsan_acquire(address) __tsan_acquire(address)
#define svsm_tsan_release(address) __tsan_release(address)

#else

#define SVSM_NO_TSAN
#define svsm_tsan_acquire(address) ((void)(address))
#define svsm_tsan_release(address) ((void)(address))

#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_TSAN_H
#define SVSM_TSAN_H

/*
 * Concurrency Kit synchronises with inline assembly that ThreadSanitizer cannot see. The project's
 * wrappers of ck types, and ck's inline functions, are compiled without TSan; the wrappers state
 * ck's documented order with these annotations. Nothing else may use them. Headers of ck are
 * included between SVSM_CK_BEGIN and SVSM_CK_END.
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
#define SVSM_CK_BEGIN                                                                              \
	_Pragma("clang attribute push(__attribute__((no_sanitize_thread)), apply_to=function)")
#define SVSM_CK_END _Pragma("clang attribute pop")
#define svsm_tsan_acquire(address) __tsan_acquire(address)
#define svsm_tsan_release(address) __tsan_release(address)

#else

#define SVSM_NO_TSAN
#define SVSM_CK_BEGIN
#define SVSM_CK_END
#define svsm_tsan_acquire(address) ((void)(address))
#define svsm_tsan_release(address) ((void)(address))

#endif

#endif

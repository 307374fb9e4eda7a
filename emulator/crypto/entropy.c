/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

/*
 * BoringSSL's platform entropy. The keys it feeds are a test platform's and of one run; QEMU's
 * RDRAND gives them what they need. A processor without it (or one that fails for long) must not go
 * on with predictable keys silently.
 */

#define RDRAND_TRIES 100000U

void CRYPTO_sysrand(uint8_t *out, size_t len);
void CRYPTO_sysrand_for_seed(uint8_t *out, size_t len);

static uint64_t random_word(void)
{
	for (unsigned int i = 0; i < RDRAND_TRIES; i++) {
		unsigned long long value;
		unsigned char ok;

		__asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=q"(ok) : : "cc");
		if (ok != 0U) {
			return value;
		}
	}
	emu_stop(EMU_EXIT_EMULATOR, "crypto: RDRAND gives nothing");
}

void CRYPTO_sysrand(uint8_t *out, size_t len)
{
	while (len > 0U) {
		uint64_t word = random_word();

		for (size_t i = 0; i < sizeof(word) && len > 0U; i++, len--) {
			*out++ = (uint8_t)(word >> (8U * i));
		}
	}
}

void CRYPTO_sysrand_for_seed(uint8_t *out, size_t len)
{
	CRYPTO_sysrand(out, len);
}

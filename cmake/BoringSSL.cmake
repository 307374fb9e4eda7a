# SPDX-License-Identifier: Apache-2.0
#
# The target boringssl: libcrypto.a as tools/build-boringssl.sh leaves it in the cache. Sanitizer
# builds link the same archive.

include_guard(GLOBAL)

set(boringssl_root ${PHALANX_CACHE_DIR}/boringssl)
if(NOT EXISTS ${boringssl_root}/lib/libcrypto.a OR
		NOT EXISTS ${boringssl_root}/include/openssl/base.h)
	message(FATAL_ERROR "no BoringSSL in ${boringssl_root}: run ./phalanx setup")
endif()

# Include directories of an imported target are system directories: no warnings from them.
add_library(boringssl STATIC IMPORTED GLOBAL)
set_target_properties(boringssl PROPERTIES
	IMPORTED_LOCATION ${boringssl_root}/lib/libcrypto.a
	INTERFACE_INCLUDE_DIRECTORIES ${boringssl_root}/include
	INTERFACE_LINK_LIBRARIES Threads::Threads)

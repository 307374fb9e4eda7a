# SPDX-License-Identifier: Apache-2.0
#
# A report from the guest to phalanx-verify.
add_test(NAME emulate_attest
	COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/attest_test.py emulate_attest
		--verify $<TARGET_FILE:phalanx-verify>)
set_tests_properties(emulate_attest PROPERTIES
	LABELS "emulator;slow"
	RUN_SERIAL TRUE
	TIMEOUT 360
	ENVIRONMENT
	"PHALANX_EMULATOR=$<TARGET_FILE:emulator.elf>;PHALANX_CACHE=${PHALANX_CACHE_DIR}")

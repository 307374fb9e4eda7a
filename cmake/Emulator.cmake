# SPDX-License-Identifier: Apache-2.0
#
# emulator_module(): objects of the freestanding emulator.

include_guard(GLOBAL)

# Linked at the top of the address space (kernel code model), runs on its own stacks without vector
# registers: those are the guest's.
set(EMULATOR_FREESTANDING
	-O2
	-g
	-ffreestanding
	-fno-pic
	-fno-pie
	-mno-red-zone
	-mgeneral-regs-only
	-mcx16
	-fno-stack-protector
	-fcf-protection=none
	-fno-asynchronous-unwind-tables
	-ffunction-sections
	-fdata-sections
	-mcmodel=kernel
)

#
# emulator_module(<name> SOURCES ... [INCLUDES dirs...])
#
# Objects that emulator.elf links. They see the interfaces in emulator/include, those of snpmodel and
# the wire structures of src/arch/include/abi (as "abi/..."), and their own INCLUDES.
#
function(emulator_module name)
	cmake_parse_arguments(arg "" "" "SOURCES;INCLUDES" ${ARGN})
	if(arg_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "emulator_module(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
	endif()
	set(object emulator_${name})
	add_library(${object} OBJECT ${arg_SOURCES})
	target_compile_options(${object} PRIVATE
		$<$<COMPILE_LANGUAGE:C>:-std=gnu11>
		$<$<COMPILE_LANGUAGE:C>:${PHALANX_WARNINGS}>
		${EMULATOR_FREESTANDING})
	target_include_directories(${object} PRIVATE
		${CMAKE_SOURCE_DIR}/emulator/include
		${CMAKE_SOURCE_DIR}/snpmodel/include
		${CMAKE_SOURCE_DIR}/src/arch/include
		${arg_INCLUDES})
	set_property(GLOBAL APPEND PROPERTY EMULATOR_OBJECTS $<TARGET_OBJECTS:${object}>)
endfunction()

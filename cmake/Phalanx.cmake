# SPDX-License-Identifier: Apache-2.0
#
# Functions of the build: phalanx_library(), phalanx_test(), phalanx_fuzzer(), and the targets
# format, format-check, tidy, lint, freestanding that the test command runs.

include_guard(GLOBAL)

set(PHALANX_SANITIZE "" CACHE STRING "Argument of -fsanitize= for everything, empty for none")
option(PHALANX_FUZZ "Build the libFuzzer targets (clang)" OFF)

set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")

# A higher rank may use a lower one. attest, vtpm and apic are siblings: none of them sees another.
set(PHALANX_LAYERS arch_if:0 percpu:1 mm:2 attest:3 vtpm:3 apic:3 protocols:4 sched:5)

set(PHALANX_WARNINGS
	-Wall
	-Wextra
	-Werror
	-Wconversion
	-Wshadow
	-Wvla
	-Wstrict-prototypes
	-Wmissing-prototypes
	-Wformat=2
	-Wundef
	-Wpointer-arith
	-Wcast-align
	-Wwrite-strings
	-fno-common
)

# What VMPL0 runs without: a hosted libc, a red zone (interrupts), vector registers (they are the
# guest's), and atomics as library calls.
set(PHALANX_FREESTANDING -ffreestanding -mno-red-zone -mgeneral-regs-only -mcx16 -fno-pie)

set(PHALANX_SANITIZE_FLAGS "")
if(PHALANX_SANITIZE)
	set(PHALANX_SANITIZE_FLAGS
		-fsanitize=${PHALANX_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()
if(PHALANX_FUZZ)
	list(APPEND PHALANX_SANITIZE_FLAGS -fsanitize=fuzzer-no-link)
endif()
add_compile_options(${PHALANX_SANITIZE_FLAGS})
add_link_options(${PHALANX_SANITIZE_FLAGS})

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Where setup leaves BoringSSL. The variable of the environment is remembered, so that a build that
# configures itself again finds the same.
if(NOT "$ENV{PHALANX_CACHE}" STREQUAL "")
	get_filename_component(cache_dir "$ENV{PHALANX_CACHE}" ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
	set(PHALANX_CACHE_DIR ${cache_dir} CACHE PATH "Fetched sources and their builds" FORCE)
else()
	set(PHALANX_CACHE_DIR ${CMAKE_SOURCE_DIR}/build/cache CACHE PATH
		"Fetched sources and their builds")
endif()
include(BoringSSL)

# phalanx_subdirectories(): add each subdirectory that has code.
function(phalanx_subdirectories)
	file(GLOB lists RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} */CMakeLists.txt)
	foreach(list_file IN LISTS lists)
		get_filename_component(dir ${list_file} DIRECTORY)
		add_subdirectory(${dir})
	endforeach()
endfunction()

# Rank of a layer into @out; empty for what is no layer of the core.
function(phalanx_layer_rank name out)
	set(${out} "" PARENT_SCOPE)
	foreach(entry IN LISTS PHALANX_LAYERS)
		if(entry MATCHES "^${name}:([0-9]+)$")
			set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
		endif()
	endforeach()
endfunction()

# Style rule of the project: GNU C belongs to the arch layer and the model only.
function(phalanx_compile_rules name)
	file(RELATIVE_PATH where ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
	if(where MATCHES "^(src/arch|snpmodel)(/|$)")
		set(standard -std=gnu11)
	else()
		set(standard -std=c11)
	endif()
	target_compile_options(${name} PRIVATE ${standard} ${PHALANX_WARNINGS} ${ARGN})
endfunction()

function(phalanx_check_layer name)
	phalanx_layer_rank(${name} own)
	if(own STREQUAL "")
		message(FATAL_ERROR "${name} is CORE but no layer of PHALANX_LAYERS")
	endif()
	foreach(dep IN LISTS ARGN)
		phalanx_layer_rank(${dep} rank)
		if(rank STREQUAL "" OR NOT rank LESS own)
			message(FATAL_ERROR "layering: ${name} may not depend on ${dep}")
		endif()
	endforeach()
endfunction()

# The objects of a core library as VMPL0 will link them, and the check of what they leave undefined.
function(phalanx_freestanding name)
	cmake_parse_arguments(arg "" "" "SOURCES;INCLUDES;DEPS" ${ARGN})
	add_library(${name}_fs STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
	set_target_properties(${name}_fs PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
	phalanx_compile_rules(${name}_fs ${PHALANX_FREESTANDING})
	target_include_directories(${name}_fs PUBLIC ${arg_INCLUDES})
	foreach(dep IN LISTS arg_DEPS)
		if(NOT dep STREQUAL arch_if)
			target_link_libraries(${name}_fs PUBLIC ${dep}_fs)
		endif()
	endforeach()
	target_include_directories(${name}_fs PUBLIC
		${CMAKE_SOURCE_DIR}/src/arch/include ${CMAKE_SOURCE_DIR}/src/arch/snp/include)
	get_property(all_below GLOBAL PROPERTY PHALANX_BELOW_${name})
	add_custom_target(${name}_freestanding
		COMMAND ${CMAKE_SOURCE_DIR}/tools/lint/undefined_symbols.sh
			${CMAKE_NM} $<TARGET_FILE:${name}_fs> ${all_below}
		DEPENDS ${name}_fs
		COMMENT "freestanding: symbols of ${name}"
		VERBATIM)
	set_property(GLOBAL APPEND PROPERTY PHALANX_FREESTANDING_CHECKS ${name}_freestanding)
endfunction()

# Archives of everything below a core library, for the symbol check.
function(phalanx_record_below name)
	set(below "")
	foreach(dep IN LISTS ARGN)
		if(NOT dep STREQUAL arch_if)
			get_property(deeper GLOBAL PROPERTY PHALANX_BELOW_${dep})
			list(APPEND below $<TARGET_FILE:${dep}_fs> ${deeper})
		endif()
	endforeach()
	list(REMOVE_DUPLICATES below)
	set_property(GLOBAL PROPERTY PHALANX_BELOW_${name} "${below}")
endfunction()

#
# phalanx_library(<name> SOURCES ... [INCLUDES dirs...] [DEPS libs...] [CORE])
#
# A static library. It sees its own INCLUDES (default: include) and those of its DEPS, nothing else;
# INCLUDES are public. CORE: a layer of the core. Its DEPS must be lower layers, it is also compiled
# freestanding, and it may call arch_*: the hosted machine is added when it is linked (not when it
# is compiled).
#
function(phalanx_library name)
	cmake_parse_arguments(arg "CORE" "" "SOURCES;INCLUDES;DEPS" ${ARGN})
	if(arg_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "phalanx_library(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
	endif()
	if(NOT arg_INCLUDES)
		set(arg_INCLUDES include)
	endif()
	list(TRANSFORM arg_INCLUDES REPLACE "^([^/].*)$" "${CMAKE_CURRENT_SOURCE_DIR}/\\1")
	add_library(${name} STATIC ${arg_SOURCES})
	phalanx_compile_rules(${name})
	target_include_directories(${name} PUBLIC ${arg_INCLUDES})
	target_link_libraries(${name} PUBLIC ${arg_DEPS})
	# Core and machine call each other: archives of the cycle are searched until nothing new is
	# found.
	set_target_properties(${name} PROPERTIES LINK_INTERFACE_MULTIPLICITY 4)
	if(NOT arg_CORE)
		return()
	endif()
	phalanx_check_layer(${name} ${arg_DEPS})
	target_link_libraries(${name}
		PRIVATE arch_if
		INTERFACE $<LINK_ONLY:arch_host>)
	phalanx_record_below(${name} ${arg_DEPS})
	phalanx_freestanding(${name} SOURCES ${arg_SOURCES} INCLUDES ${arg_INCLUDES} DEPS ${arg_DEPS})
	phalanx_layer_rank(${name} rank)
	set_property(GLOBAL APPEND PROPERTY PHALANX_CORE ${name})
	list(JOIN arg_INCLUDES ":" joined)
	set_property(GLOBAL APPEND PROPERTY PHALANX_LAYER_TABLE
		"${name} ${rank} ${joined} $<JOIN:$<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>,:>")
endfunction()

#
# phalanx_test(<name> SOURCES ... DEPS ... [LABELS ...] [TIMEOUT s])
#
# A cmocka executable and its ctest entry. Labels with a meaning: slow (left out by test --quick),
# release-only (left out under sanitizers). Tests run with the source directory of the test as
# working directory.
#
function(phalanx_test name)
	cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
	if(arg_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "phalanx_test(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	add_executable(${name} ${arg_SOURCES})
	phalanx_compile_rules(${name})
	target_link_libraries(${name} PRIVATE ${arg_DEPS} cmocka Threads::Threads)
	add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
	set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# phalanx_executable(<name> SOURCES ... [DEPS ...]): a program with the project's warnings, linked
# with threads.
function(phalanx_executable name)
	cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
	add_executable(${name} ${arg_SOURCES})
	phalanx_compile_rules(${name})
	target_link_libraries(${name} PRIVATE ${arg_DEPS} Threads::Threads)
endfunction()

# phalanx_fuzzer(<name> SOURCES ... [DEPS ...]): a libFuzzer program; nothing without PHALANX_FUZZ.
function(phalanx_fuzzer name)
	if(PHALANX_FUZZ)
		phalanx_executable(${name} ${ARGN})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
	endif()
endfunction()

# What one process needs for a whole hosted machine: every core library, the machine and the model.
function(phalanx_host_library)
	add_library(phalanx_host INTERFACE)
	get_property(core GLOBAL PROPERTY PHALANX_CORE)
	foreach(name IN LISTS core ITEMS arch_host snpmodel)
		target_link_libraries(phalanx_host INTERFACE ${name})
	endforeach()
	# The machine enters the core (svsm_boot, svsm_serve) as the core calls the machine.
	target_link_libraries(arch_host INTERFACE $<LINK_ONLY:sched>)
endfunction()

# The table of layers and include directories that tests/layering compiles against.
function(phalanx_layer_table)
	get_property(table GLOBAL PROPERTY PHALANX_LAYER_TABLE)
	list(JOIN table "\n" text)
	file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/layers.txt CONTENT "${text}\n")
endfunction()

# phalanx_targets(): what depends on all directories; called once, last.
function(phalanx_targets)
	phalanx_host_library()
	phalanx_layer_table()
	get_property(checks GLOBAL PROPERTY PHALANX_FREESTANDING_CHECKS)
	add_custom_target(freestanding DEPENDS ${checks})
	foreach(target IN ITEMS format format-check tidy lint)
		add_custom_target(${target}
			COMMAND ${CMAKE_SOURCE_DIR}/tools/lint/${target}.sh ${CMAKE_BINARY_DIR}
			WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
			USES_TERMINAL
			VERBATIM)
	endforeach()
endfunction()

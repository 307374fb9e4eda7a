/* SPDX-License-Identifier: Apache-2.0 */
#include "fw_cfg.h"
#include "acpi_filter.h"

#include <stdatomic.h>
#include <string.h>

#include "host.h"
#include "hw.h"
#include "launch.h"

#define PORT_SELECT 0x510U
#define PORT_DATA 0x511U
#define PORT_END 0x51cU /* behind the DMA address register at 0x514 */

#define KEY_ID 0x01U
#define KEY_RAM_SIZE 0x03U
#define KEY_NB_CPUS 0x05U
#define KEY_KERNEL_SIZE 0x08U
#define KEY_INITRD_SIZE 0x0bU
#define KEY_MAX_CPUS 0x0fU
#define KEY_KERNEL_DATA 0x11U
#define KEY_INITRD_DATA 0x12U
#define KEY_CMDLINE_SIZE 0x14U
#define KEY_CMDLINE_DATA 0x15U
#define KEY_SETUP_SIZE 0x17U
#define KEY_SETUP_DATA 0x18U
#define KEY_FILE_DIR 0x19U
#define KEY_NONE 0xffffU

#define ID_TRADITIONAL 1U /* and not bit 1, DMA */

#define FILE_BYTES 64U
#define FILE_SELECT 4U
#define FILE_NAME 8U
#define MAX_FILES 256U

#define E820_BYTES 20U
#define E820_RAM 1U
#define E820_MAX (sizeof(((struct launch_result *)NULL)->usable) / sizeof(struct launch_range))

/* Fields of the header of a bzImage, and what a boot loader writes to them */
#define SETUP_SECTS 0x1f1U
#define SETUP_MAGIC 0x202U
#define SETUP_MAGIC_VALUE 0x53726448U
#define SETUP_LOADER 0x210U
#define SETUP_FLAGS 0x211U
#define SETUP_RAMDISK 0x218U
#define SETUP_RAMDISK_SIZE 0x21cU
#define SETUP_HEAP_END 0x224U
#define SETUP_HEAD 0x400U
#define LOADER_QEMU 0xb0U
#define FLAG_USE_HEAP 0x80U
#define HEAP_END 0xfe00U
#define SECTOR 512U

/*
 * What the selected key gives: QEMU's bytes with [start, start + bytes) of them replaced by @data,
 * or @data alone and zeros behind it. The first @head_bytes of @data come from setup_head.
 */
static struct {
	atomic_flag lock;
	bool replaces_all;
	uint64_t offset;
	uint64_t start, bytes, head_bytes;
	const uint8_t *data;
	bool is_tables;
	struct acpi_filter tables;
	uint8_t small[E820_BYTES * E820_MAX];
	uint8_t setup_head[SETUP_HEAD];
	/* constant after fw_cfg_init() */
	uint32_t e820_key, tables_key;
	uint64_t e820_size_offset; /* of its size, in the directory */
} fw = { .lock = ATOMIC_FLAG_INIT, .e820_key = KEY_NONE, .tables_key = KEY_NONE };

/* Short and never held while asleep. acquire, pairs with the release in unlock() */
static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&fw.lock, memory_order_acquire)) {
		__builtin_ia32_pause();
	}
}

/* release, pairs with the acquire in lock() */
static void unlock(void)
{
	atomic_flag_clear_explicit(&fw.lock, memory_order_release);
}

static void put(void *at, uint64_t value, size_t bytes)
{
	memcpy(at, &value, bytes);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t native_be(unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0U) {
		value = (value << 8) | hw_in(PORT_DATA, 1);
	}
	return value;
}

/* The directory: number of files, then size, key and name of each, big-endian. */
void fw_cfg_init(void)
{
	static const char e820[] = "etc/e820", tables[] = "etc/acpi/tables";
	uint32_t files, key;

	hw_out(PORT_SELECT, 2, KEY_FILE_DIR);
	files = native_be(4);
	for (uint32_t i = 0; i < files && i < MAX_FILES; i++) {
		uint8_t file[FILE_BYTES];

		for (size_t k = 0; k < sizeof(file); k++) {
			file[k] = (uint8_t)hw_in(PORT_DATA, 1);
		}
		key = ((uint32_t)file[FILE_SELECT] << 8) | file[FILE_SELECT + 1U];
		if (memcmp(file + FILE_NAME, tables, sizeof(tables)) == 0) {
			fw.tables_key = key;
		}
		if (memcmp(file + FILE_NAME, e820, sizeof(e820)) == 0) {
			fw.e820_key = key;
			fw.e820_size_offset = 4U + (uint64_t)i * FILE_BYTES;
		}
	}
}

static uint64_t usable_bytes(void)
{
	const struct launch_result *launch = launch_get();
	uint64_t sum = 0;

	for (unsigned int i = 0; i < launch->nr_usable; i++) {
		sum += launch->usable[i].bytes;
	}
	return sum;
}

/* What comes before the kernel proper of a bzImage; 0: it is none. */
static uint64_t setup_bytes(void)
{
	const struct launch_blob *kernel = &launch_get()->kernel;
	const uint8_t *image = kernel->data;
	uint64_t bytes;

	if (kernel->bytes < SETUP_HEAD || get32(image + SETUP_MAGIC) != SETUP_MAGIC_VALUE) {
		return 0;
	}
	bytes = ((uint64_t)image[SETUP_SECTS] + 1U) * SECTOR;
	return bytes <= kernel->bytes && bytes >= SETUP_HEAD ? bytes : 0U;
}

static void replace(const void *data, uint64_t bytes)
{
	fw.replaces_all = true;
	fw.start = 0;
	fw.data = data;
	fw.bytes = bytes;
}

static void replace_number(uint64_t value, size_t bytes)
{
	put(fw.small, value, sizeof(value));
	replace(fw.small, bytes);
}

static void replace_blob(const struct launch_blob *blob, uint64_t skip)
{
	if (blob->bytes >= skip && blob->bytes != 0U) {
		replace((const uint8_t *)blob->data + skip, blob->bytes - skip);
	} else {
		replace(NULL, 0);
	}
}

/* As QEMU's own loader leaves it. The part behind the first KiB follows from the package. */
static void replace_setup(void)
{
	const struct launch_result *launch = launch_get();
	uint8_t *head = fw.setup_head;

	if (setup_bytes() == 0U) {
		replace(NULL, 0);
		return;
	}
	memcpy(head, launch->kernel.data, SETUP_HEAD);
	head[SETUP_LOADER] = LOADER_QEMU;
	head[SETUP_FLAGS] |= FLAG_USE_HEAP;
	put(head + SETUP_HEAP_END, HEAP_END, 2);
	put(head + SETUP_RAMDISK, 0, 4);
	put(head + SETUP_RAMDISK_SIZE, launch->initrd.bytes, 4);
	replace(launch->kernel.data, setup_bytes());
	fw.head_bytes = SETUP_HEAD;
}

static uint64_t e820_bytes(void)
{
	return (uint64_t)E820_BYTES * launch_get()->nr_usable;
}

static void replace_e820(void)
{
	const struct launch_result *launch = launch_get();

	for (unsigned int i = 0; i < launch->nr_usable; i++) {
		uint8_t *entry = fw.small + (size_t)i * E820_BYTES;

		put(entry, launch->usable[i].start.raw, 8);
		put(entry + 8, launch->usable[i].bytes, 8);
		put(entry + 16, E820_RAM, 4);
	}
	replace(fw.small, e820_bytes());
}

/* The memory map of the guest has another size than QEMU's. */
static void replace_e820_size(void)
{
	put(fw.small, __builtin_bswap32((uint32_t)e820_bytes()), 4);
	fw.start = fw.e820_size_offset;
	fw.data = fw.small;
	fw.bytes = 4;
}

static void select_special(uint32_t key)
{
	const struct launch_result *launch = launch_get();

	switch (key) {
	case KEY_ID:
		replace_number(ID_TRADITIONAL, 4);
		break;
	case KEY_RAM_SIZE:
		replace_number(usable_bytes(), 8);
		break;
	case KEY_NB_CPUS:
	case KEY_MAX_CPUS:
		replace_number(host_boot()->nr_cpus, 2);
		break;
	case KEY_KERNEL_SIZE:
		replace_number(launch->kernel.bytes - setup_bytes(), 4);
		break;
	case KEY_INITRD_SIZE:
		replace_number(launch->initrd.bytes, 4);
		break;
	case KEY_CMDLINE_SIZE:
		replace_number(launch->cmdline.bytes, 4);
		break;
	case KEY_SETUP_SIZE:
		replace_number(setup_bytes(), 4);
		break;
	case KEY_KERNEL_DATA:
		replace_blob(&launch->kernel, setup_bytes());
		break;
	case KEY_INITRD_DATA:
		replace_blob(&launch->initrd, 0);
		break;
	case KEY_CMDLINE_DATA:
		replace_blob(&launch->cmdline, 0);
		break;
	case KEY_SETUP_DATA:
		replace_setup();
		break;
	default:
		break;
	}
}

static void select_key(uint32_t key)
{
	fw.replaces_all = false;
	fw.offset = fw.start = fw.bytes = fw.head_bytes = 0;
	fw.is_tables = key == fw.tables_key && key != KEY_NONE;
	acpi_filter_start(&fw.tables);
	if (key == KEY_FILE_DIR && fw.e820_key != KEY_NONE) {
		replace_e820_size();
	} else if (key == fw.e820_key && key != KEY_NONE) {
		replace_e820();
	} else {
		select_special(key);
	}
	hw_out(PORT_SELECT, 2, key);
}

static void read_patched(uint8_t *data, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t at = fw.offset - fw.start;

		data[i] = (uint8_t)hw_in(PORT_DATA, 1);
		if (fw.is_tables) {
			data[i] = acpi_filter_byte(&fw.tables, fw.offset, data[i],
						   host_boot()->nr_cpus);
		}
		fw.offset++;
		if (at < fw.bytes) {
			data[i] = fw.data[at];
		}
	}
}

static void read_replaced(uint8_t *data, size_t count)
{
	size_t part;

	for (size_t done = 0; done < count; done += part, fw.offset += part) {
		const uint8_t *from = fw.offset < fw.head_bytes ? fw.setup_head : fw.data;
		uint64_t end = fw.offset < fw.head_bytes ? fw.head_bytes : fw.bytes;

		part = count - done;
		if (fw.offset >= end) {
			memset(data + done, 0, part);
		} else {
			part = part < end - fw.offset ? part : (size_t)(end - fw.offset);
			memcpy(data + done, from + fw.offset, part);
		}
	}
}

void fw_cfg_read(uint8_t *data, size_t count)
{
	lock();
	if (fw.replaces_all) {
		read_replaced(data, count);
	} else {
		read_patched(data, count);
	}
	unlock();
}

bool fw_cfg_claims(uint16_t port, unsigned int bytes)
{
	return port < PORT_END && (uint32_t)port + bytes > PORT_SELECT;
}

bool fw_cfg_is_data(uint16_t port, unsigned int bytes)
{
	return port == PORT_DATA && bytes == 1U;
}

/* Other forms of access than the two that the device has find nothing. */
uint32_t fw_cfg_in(uint16_t port, unsigned int bytes)
{
	uint8_t byte;

	if (!fw_cfg_is_data(port, bytes)) {
		return UINT32_MAX;
	}
	fw_cfg_read(&byte, 1);
	return byte;
}

void fw_cfg_out(uint16_t port, unsigned int bytes, uint32_t value)
{
	if (port == PORT_SELECT && bytes == 2U) {
		lock();
		select_key(value & 0xffffU);
		unlock();
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: what is passed on, what is hidden, and the filtered firmware configuration device. */
#include "platform_rig.h"

#include <string.h>

#include "hw.h"

static void select_key(uint16_t key)
{
	platform_out(&rig.vcpu, 0x510, 2, key);
}

static void read_key(uint16_t key, void *data, size_t bytes)
{
	select_key(key);
	platform_in_string(&rig.vcpu, 0x511, 1, data, bytes);
}

static uint64_t number(uint16_t key, size_t bytes)
{
	uint64_t value = 0;

	read_key(key, &value, bytes);
	return value;
}

static void passed_on(void **state)
{
	static const uint16_t ports[] = { 0x20,	 0x40,	0x60,  0xb2,  0x3f8, 0xcf8,
					  0xcfc, 0x50f, 0x51c, 0x604, 0xffff };
	struct vcpu *vcpu = rig_reset("");

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		assert_int_equal(platform_in(vcpu, ports[i], 1), 0xabcd1234);
		platform_out(vcpu, ports[i], 1, 0x55);
		assert_int_equal(rig.ins, i + 1U);
		assert_int_equal(rig.outs, i + 1U);
		assert_int_equal(rig.port, ports[i]);
		assert_int_equal(rig.value, 0x55);
	}
}

/* Also when a wider access only touches them. */
static void hidden(void **state)
{
	static const struct {
		uint16_t port;
		unsigned int bytes;
	} cases[] = {
		{ 0xe9, 1 },  { 0xe9, 2 },  { 0xe8, 2 },  { 0xe6, 4 },	{ 0xf4, 1 },  { 0xf4, 4 },
		{ 0xf7, 1 },  { 0xf3, 2 },  { 0xf1, 4 },  { 0x514, 4 }, { 0x518, 4 }, { 0x51b, 1 },
		{ 0x50f, 2 }, { 0x50d, 4 }, { 0x511, 2 }, { 0x511, 4 }, { 0x512, 1 }, { 0x510, 4 },
	};
	struct vcpu *vcpu = rig_reset("");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(platform_in(vcpu, cases[i].port, cases[i].bytes), UINT32_MAX);
		platform_out(vcpu, cases[i].port, cases[i].bytes, 0);
	}
	assert_int_equal(platform_in(vcpu, 0x510, 2), UINT32_MAX);
	platform_out(vcpu, 0x510, 1, 0x19);
	platform_out(vcpu, 0x511, 1, 0x19);
	assert_int_equal(rig.ins + rig.outs, 0);
}

static void test_exit(void **state)
{
	(void)state;
	for (volatile unsigned int allowed = 0; allowed < 2U; allowed++) {
		for (volatile uint32_t value = 0; value < 3U; value++) {
			volatile bool stopped = false;

			rig_reset(allowed != 0U ? "test-exit" : "");
			if (setjmp(rig.stop) == 0) {
				platform_out(&rig.vcpu, 0xf4, 4, value);
			} else {
				stopped = true;
			}
			assert_int_equal(stopped, allowed);
			assert_int_equal(rig.stop_code, stopped && value != 0U
								? EMU_EXIT_TEST_FAILED
								: EMU_EXIT_OK);
			assert_int_equal(rig.outs, 0);
		}
	}
}

/* With "report", what may end QEMU is preceded by it; the write is passed on all the same. */
static void report_before_the_end(void **state)
{
	static const struct {
		uint16_t port;
		unsigned int bytes;
		uint32_t value;
		bool ends;
	} cases[] = {
		{ 0x604, 2, 0x2000, true }, { 0xb004, 2, 0x3c01, true },
		{ 0xcf9, 1, 6, true },	    { 0x604, 2, 0x1c00, false },
		{ 0x604, 1, 0x20, false },  { 0x600, 2, 0x2000, false },
		{ 0xcf9, 1, 2, false },	    { 0xcf8, 4, 4, false },
	};

	(void)state;
	for (unsigned int asked = 0; asked < 2U; asked++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			rig_reset(asked != 0U ? "report" : "");
			platform_out(&rig.vcpu, cases[i].port, cases[i].bytes, cases[i].value);
			assert_int_equal(rig.reports, asked != 0U && cases[i].ends);
			assert_int_equal(rig.outs, 1);
		}
	}
}

static void memory_sizes(void **state)
{
	uint8_t table[60];
	uint64_t value;

	(void)state;
	rig_reset("");
	assert_int_equal(number(0x03, 8), UINT64_C(0x60000000));
	assert_int_equal(number(0x01, 4), 1); /* no DMA */
	memset(table, 0xff, sizeof(table));
	read_key(RIG_E820_KEY, table, sizeof(table));
	memcpy(&value, table, 8);
	assert_int_equal(value, 0);
	memcpy(&value, table + 8, 8);
	assert_int_equal(value, 0x20000000);
	assert_int_equal(table[16], 1);
	memcpy(&value, table + 20, 8);
	assert_int_equal(value, UINT64_C(0x100000000));
	memcpy(&value, table + 28, 8);
	assert_int_equal(value, 0x40000000);
	assert_int_equal(table[36], 1);
	for (size_t i = 40; i < sizeof(table); i++) {
		assert_int_equal(table[i], 0);
	}
	assert_int_equal(rig.ins, 0);
}

/* All but the size of etc/e820 is QEMU's, byte for byte. */
static void file_directory(void **state)
{
	uint8_t seen[4 + 2 * 64], native[sizeof(seen)];

	(void)state;
	rig_reset("");
	hw_out(0x510, 2, 0x19);
	for (size_t i = 0; i < sizeof(native); i++) {
		native[i] = (uint8_t)hw_in(0x511, 1);
	}
	rig_reset("");
	read_key(0x19, seen, sizeof(seen));
	assert_memory_equal(seen, native, 4U + 64U);
	assert_memory_equal(seen + 4 + 64, "\0\0\0\x28", 4);
	assert_memory_equal(seen + 8 + 64, native + 8 + 64, 60);
	/* byte by byte as well */
	select_key(0x19);
	for (size_t i = 0; i < sizeof(seen); i++) {
		assert_int_equal(platform_in(&rig.vcpu, 0x511, 1), seen[i]);
	}
}

static void kernel(void **state)
{
	static uint8_t data[RIG_KERNEL_BYTES];
	uint32_t value;

	(void)state;
	rig_reset("");
	assert_int_equal(number(0x17, 4), RIG_SETUP_BYTES);
	assert_int_equal(number(0x08, 4), RIG_KERNEL_BYTES - RIG_SETUP_BYTES);
	assert_int_equal(number(0x0b, 4), RIG_INITRD_BYTES);
	assert_int_equal(number(0x14, 4), sizeof(RIG_CMDLINE));
	read_key(0x11, data, RIG_KERNEL_BYTES - RIG_SETUP_BYTES);
	assert_memory_equal(data, rig.kernel + RIG_SETUP_BYTES, RIG_KERNEL_BYTES - RIG_SETUP_BYTES);
	read_key(0x12, data, RIG_INITRD_BYTES);
	assert_memory_equal(data, rig.initrd, RIG_INITRD_BYTES);
	read_key(0x15, data, sizeof(RIG_CMDLINE));
	assert_string_equal((char *)data, RIG_CMDLINE);
	/* setup: the fields of a boot loader differ, nothing else; zeros behind it */
	read_key(0x18, data, RIG_SETUP_BYTES + 10U);
	assert_int_equal(data[0x210], 0xb0);
	assert_int_equal(data[0x211], rig.kernel[0x211] | 0x80);
	memcpy(&value, data + 0x21c, 4);
	assert_int_equal(value, RIG_INITRD_BYTES);
	memcpy(data + 0x210, rig.kernel + 0x210, 0x228 - 0x210);
	assert_memory_equal(data, rig.kernel, RIG_SETUP_BYTES);
	for (size_t i = 0; i < 10U; i++) {
		assert_int_equal(data[RIG_SETUP_BYTES + i], 0);
	}
	assert_int_equal(rig.ins, 0);
}

/* Reads that begin in the patched head and end behind it, in pieces of every size. */
static void setup_in_pieces(void **state)
{
	static uint8_t whole[RIG_SETUP_BYTES], data[RIG_SETUP_BYTES + 600U];

	(void)state;
	rig_reset("");
	read_key(0x18, whole, sizeof(whole));
	for (size_t piece = 1; piece < 600U; piece += 37U) {
		select_key(0x18);
		for (size_t at = 0; at < sizeof(whole); at += piece) {
			platform_in_string(&rig.vcpu, 0x511, 1, data + at, piece);
		}
		assert_memory_equal(data, whole, sizeof(whole));
	}
}

/* The emulator's own -kernel and -initrd do not show when the package has none. */
static void no_kernel(void **state)
{
	static const uint16_t keys[] = { 0x08, 0x0b, 0x11, 0x12, 0x14, 0x15, 0x17, 0x18 };

	(void)state;
	rig_reset("");
	memset(&rig.launch.kernel, 0, sizeof(rig.launch.kernel));
	memset(&rig.launch.initrd, 0, sizeof(rig.launch.initrd));
	memset(&rig.launch.cmdline, 0, sizeof(rig.launch.cmdline));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(number(keys[i], 8), 0);
	}
	assert_int_equal(rig.ins, 0);
}

/* Images that are no bzImage, or claim more setup than there is: all of it is the kernel. */
static void odd_kernels(void **state)
{
	uint8_t data[16];

	(void)state;
	rig_reset("");
	rig.kernel[0x202] = 0;
	assert_int_equal(number(0x17, 4), 0);
	assert_int_equal(number(0x08, 4), RIG_KERNEL_BYTES);
	assert_int_equal(number(0x18, 8), 0);
	read_key(0x11, data, sizeof(data));
	assert_memory_equal(data, rig.kernel, sizeof(data));
	rig_reset("");
	rig.kernel[0x1f1] = 0xff;
	assert_int_equal(number(0x17, 4), 0);
	rig_reset("");
	rig.launch.kernel.bytes = 100;
	assert_int_equal(number(0x17, 4), 0);
	assert_int_equal(number(0x08, 4), 100);
}

static void other_keys(void **state)
{
	uint8_t data[3];

	(void)state;
	rig_reset("");
	read_key(RIG_OTHER_KEY, data, sizeof(data));
	assert_int_equal(data[0] & data[1] & data[2], 0xee);
	assert_int_equal(rig.ins, 3);
	/* a replaced key leaves nothing behind for the next one */
	(void)number(0x03, 8);
	read_key(RIG_OTHER_KEY, data, sizeof(data));
	assert_int_equal(data[0] & data[1] & data[2], 0xee);
}

static size_t add_table(size_t at, const char *signature, uint32_t length)
{
	memcpy(rig.tables + at, signature, 4);
	memcpy(rig.tables + at + 4, &length, sizeof(length));
	return at + length;
}

/* The signature of the table for the IOMMU changes; the same letters elsewhere do not. */
static void acpi_tables(void **state)
{
	uint8_t seen[sizeof(rig.tables)];
	size_t dmar, end;

	(void)state;
	rig_reset("");
	end = add_table(0, "FACS", 64);
	memcpy(rig.tables + 32, "DMAR", 4);
	end = add_table(end, "DMAS", 40);
	dmar = end;
	end = add_table(end, "DMAR", 48);
	memcpy(rig.tables + dmar + 8, "DMAR", 4);
	end = add_table(end, "RSDT", 36);
	/* no table follows */
	memcpy(rig.tables + end + 8, "DMAR", 4);
	for (unsigned int turn = 0; turn < 2U; turn++) {
		read_key(RIG_TABLES_KEY, seen, sizeof(seen));
		assert_memory_equal(seen + dmar, "DMAX", 4);
		seen[dmar + 3U] = 'R';
		assert_memory_equal(seen, rig.tables, sizeof(seen));
	}
	/* byte by byte, from the start again */
	select_key(RIG_TABLES_KEY);
	for (size_t i = 0; i < sizeof(seen); i++) {
		seen[i] = (uint8_t)platform_in(&rig.vcpu, 0x511, 1);
	}
	assert_memory_equal(seen + dmar, "DMAX", 4);
}

/* The processor that boots the emulator is not the guest's: its APIC id becomes the one that stands
 * for none, and its flags say that it is not there. */
static void acpi_processors(void **state)
{
	static const uint8_t ioapic[12] = { 1, 12, RIG_CPUS, 0, 0, 0, 0xc0, 0xfe };
	const uint32_t length = 44U + (RIG_CPUS + 1U) * 8U + sizeof(ioapic);
	uint8_t expected[sizeof(rig.tables)], seen[sizeof(rig.tables)];
	size_t madt, at;

	(void)state;
	rig_reset("");
	madt = add_table(0, "FACP", 0x105);
	(void)add_table(add_table(madt, "APIC", length), "RSDT", 36);
	at = madt + 44U;
	for (uint8_t i = 0; i <= RIG_CPUS; i++, at += 8U) {
		const uint8_t entry[8] = { 0, 8, i, i, 1 };

		memcpy(rig.tables + at, entry, sizeof(entry));
	}
	memcpy(rig.tables + at, ioapic, sizeof(ioapic));
	memcpy(expected, rig.tables, sizeof(expected));
	expected[at - 5U] = 0xff;
	expected[at - 4U] = 0;
	read_key(RIG_TABLES_KEY, seen, sizeof(seen));
	assert_memory_equal(seen, expected, sizeof(seen));
}

static void numbers_of_processors(void **state)
{
	(void)state;
	rig_reset("");
	assert_int_equal(number(0x05, 2), RIG_CPUS);
	assert_int_equal(number(0x0f, 2), RIG_CPUS);
}

/* The registers for CPU hotplug show the guest's processors and none behind them. */
static void hotplug_registers(void **state)
{
	(void)state;
	rig_reset("");
	platform_out(&rig.vcpu, 0xcd8, 4, RIG_CPUS - 1U);
	assert_int_equal(rig.value, RIG_CPUS - 1U);
	platform_out(&rig.vcpu, 0xcd8, 4, RIG_CPUS);
	assert_int_equal(rig.value, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passed_on),
		cmocka_unit_test(hidden),
		cmocka_unit_test(report_before_the_end),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(memory_sizes),
		cmocka_unit_test(file_directory),
		cmocka_unit_test(kernel),
		cmocka_unit_test(setup_in_pieces),
		cmocka_unit_test(no_kernel),
		cmocka_unit_test(odd_kernels),
		cmocka_unit_test(other_keys),
		cmocka_unit_test(acpi_tables),
		cmocka_unit_test(acpi_processors),
		cmocka_unit_test(numbers_of_processors),
		cmocka_unit_test(hotplug_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

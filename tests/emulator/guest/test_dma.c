/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_page.h"
#include "guest.h"

/* A device that copies what it is told to (QEMU's "edu": an own page at 0x40000, addresses of 28
 * bits), given addresses of shared and of private pages. */

#define EXIT_IOIO 0x7bU
#define EXIT_MMIO_READ 0x80000001U
#define EXIT_MMIO_WRITE 0x80000002U
#define IOIO_IN UINT64_C(1)
#define IOIO_32 UINT64_C(0x40)
#define PCI_ADDRESS UINT64_C(0xcf8)
#define PCI_DATA UINT64_C(0xcfc)
#define PCI_ENABLE UINT32_C(0x80000000)
#define PCI_COMMAND 4U
#define PCI_COMMAND_MEMORY_MASTER 6U
#define PCI_BAR0 0x10U
#define EDU_ID 0x11e81234U
#define EDU UINT64_C(0xd0000000)
#define EDU_SOURCE 0x80U
#define EDU_TARGET 0x88U
#define EDU_COUNT 0x90U
#define EDU_COMMAND 0x98U
#define EDU_RUN 1U
#define EDU_TO_MEMORY 2U
#define EDU_BUFFER UINT64_C(0x40000)
#define MAX_POLLS 1000000U
#define REGION (ARENA + 14U * LARGE)
#define FIRST UINT64_C(0x1111222233334444)
#define SECOND UINT64_C(0x5555666677778888)

static uint32_t pci_read(uint32_t device, uint32_t offset)
{
	(void)ghcb_call(EXIT_IOIO, PCI_ADDRESS << 16 | IOIO_32, 0,
			PCI_ENABLE | device << 11 | offset, true);
	return (uint32_t)ghcb_call(EXIT_IOIO, PCI_DATA << 16 | IOIO_32 | IOIO_IN, 0, 0, true).rax;
}

static void pci_write(uint32_t device, uint32_t offset, uint32_t value)
{
	(void)ghcb_call(EXIT_IOIO, PCI_ADDRESS << 16 | IOIO_32, 0,
			PCI_ENABLE | device << 11 | offset, true);
	(void)ghcb_call(EXIT_IOIO, PCI_DATA << 16 | IOIO_32, 0, value, true);
}

static uint64_t device_access(uint64_t code, uint64_t offset, uint64_t value)
{
	struct ghcb_page *page = ghcb_begin();

	page->buffer[0] = value;
	GHCB_SET(page, scratch, this_context()->ghcb + offsetof(struct ghcb_page, buffer));
	(void)ghcb_finish(page, code, EDU + offset, 8);
	return page->buffer[0];
}

/* Eight bytes from one address of the device to another. */
static void copy(uint64_t from, uint64_t to, uint64_t direction)
{
	unsigned int polls = 0;

	(void)device_access(EXIT_MMIO_WRITE, EDU_SOURCE, from);
	(void)device_access(EXIT_MMIO_WRITE, EDU_TARGET, to);
	(void)device_access(EXIT_MMIO_WRITE, EDU_COUNT, 8);
	(void)device_access(EXIT_MMIO_WRITE, EDU_COMMAND, EDU_RUN | direction);
	while ((device_access(EXIT_MMIO_READ, EDU_COMMAND, 0) & EDU_RUN) != 0U &&
	       polls < MAX_POLLS) {
		polls++;
	}
	check("DMA", "the device is done", polls < MAX_POLLS ? 1 : 0, 1);
}

static void dma_write(uint64_t gpa)
{
	copy(EDU_BUFFER, gpa, EDU_TO_MEMORY);
}

static void dma_read(uint64_t gpa)
{
	copy(gpa, EDU_BUFFER, 0);
}

static uint64_t load(uint64_t va)
{
	uint64_t value = 0;

	(void)probe_read(va, &value);
	return value;
}

static bool find_device(void)
{
	for (uint32_t device = 0; device < 32U; device++) {
		if (pci_read(device, 0) == EDU_ID) {
			pci_write(device, PCI_BAR0, (uint32_t)EDU);
			pci_write(device, PCI_COMMAND, PCI_COMMAND_MEMORY_MASTER);
			return true;
		}
	}
	return false;
}

static void test_shared(uint64_t from, uint64_t to)
{
	(void)page_state(from, false);
	(void)page_state(to, false);
	(void)probe_write(SHARED_WINDOW + from, FIRST);
	(void)probe_write(SHARED_WINDOW + to, 0);
	dma_read(from);
	dma_write(to);
	check("DMA", "shared to shared", load(SHARED_WINDOW + to), FIRST);
}

/* The device holds FIRST; @shared takes what it holds. */
static void test_private(uint64_t private_, uint64_t shared)
{
	(void)pvalidate(private_, 0, 1);
	(void)probe_write(private_, SECOND);
	dma_write(private_);
	check("DMA", "a write to a private page is lost", load(private_), SECOND);
	(void)probe_write(private_, SECOND);
	dma_read(private_);
	dma_write(shared);
	check("DMA", "a read of a private page gives something else",
	      load(SHARED_WINDOW + shared) == SECOND ? 1 : 0, 0);
}

void test_dma(void)
{
	const uint64_t first = REGION, second = REGION + PAGE, private_ = REGION + 2U * PAGE;

	if (!find_device()) {
		print("DMA: no device\n");
		return;
	}
	test_shared(first, second);
	test_private(private_, second);
	/* A page that the device has reached is out of its reach once it is private. */
	(void)page_state(first, true);
	test_private(first, second);
	(void)pvalidate(first, 0, 0);
	test_shared(first, second);
	print("DMA: tested\n");
}

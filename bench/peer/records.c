/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_priv.h"

static bool meets(uint64_t page, gpa_t gpa, uint64_t bytes)
{
	return page != 0U && page < gpa.raw + bytes && gpa.raw < page + SVSM_PAGE_SIZE;
}

bool peer_in_map(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes)
{
	bool inside = !peer.costs.scan;
	unsigned int i = 0U;

	peer_read_lock(cpu, &peer.map_lock);
	for (; i < peer.nr_ranges && !inside; i++) {
		const struct svsm_boot_range *range = &peer.map[i];

		inside = gpa.raw >= range->start && gpa.raw < range->end &&
			 range->end - gpa.raw >= bytes;
	}
	peer_read_unlock(&peer.map_lock);
	peer_count(cpu, PEER_COUNT_COMPARES, i);
	return inside;
}

bool peer_in_records(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes)
{
	bool hit = false;
	unsigned int i = 0U;

	peer_read_lock(cpu, &peer.records_lock);
	if (peer.costs.scan) {
		for (; i < peer.nr_records && !hit; i++) {
			hit = meets(peer.records[i].guest.vmsa, gpa, bytes) ||
			      meets(peer.records[i].guest.ca, gpa, bytes);
		}
	}
	peer_read_unlock(&peer.records_lock);
	peer_count(cpu, PEER_COUNT_COMPARES, i);
	return hit;
}

/* A gPA near 2^64 lies in no range, and must not be added to before that is known. */
bool peer_guest_region(struct peer_cpu *cpu, gpa_t gpa, uint64_t bytes)
{
	return gpa.raw + bytes > gpa.raw && !peer_in_records(cpu, gpa, bytes) &&
	       peer_in_map(cpu, gpa, bytes);
}

struct peer_record *peer_find_vmsa(uint64_t vmsa)
{
	for (unsigned int i = 0U; i < peer.nr_records; i++) {
		if (peer.records[i].guest.vmsa == vmsa) {
			return &peer.records[i];
		}
	}
	return NULL;
}

struct peer_cpu *peer_cpu_by_apic(uint32_t apic_id)
{
	for (unsigned int i = 0U; i < peer.nr_cpus; i++) {
		if (peer.cpus[i].apic_id == apic_id) {
			return &peer.cpus[i];
		}
	}
	return NULL;
}

void peer_add_record(struct peer_guest guest, struct peer_cpu *cpu, bool startup)
{
	peer.records[peer.nr_records] =
		(struct peer_record){ .guest = guest, .cpu = cpu->index, .startup = startup };
	peer.nr_records++;
	cpu->nr_vmsas++;
}

void peer_remove_record(struct peer_record *record)
{
	peer.cpus[record->cpu].nr_vmsas--;
	peer.nr_records--;
	*record = peer.records[peer.nr_records];
}

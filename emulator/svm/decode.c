/* SPDX-License-Identifier: Apache-2.0 */
#include "decode.h"

#include <string.h>

#include "walk.h"

#define REX_B 1U
#define REX_X 2U
#define FAR_ENOUGH 64U /* longest access of one instruction, for page crossings */

static bool is_prefix(struct decode *insn, uint8_t byte)
{
	switch (byte) {
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2:
		insn->repne = true;
		insn->rep = false;
		return true;
	case 0xf3:
		insn->rep = true;
		insn->repne = false;
		return true;
	case 0x67:
		insn->address_size = true;
		return true;
	case 0x64:
	case 0x65:
		insn->segment = byte;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x66:
		return true;
	default:
		return false;
	}
}

bool decode_start(struct vcpu *vcpu, struct decode *insn)
{
	unsigned int at = 0;

	memset(insn, 0, sizeof(*insn));
	insn->len = (unsigned int)guest_fetch(vcpu, insn->bytes, DECODE_MAX);
	while (at < insn->len && is_prefix(insn, insn->bytes[at])) {
		at++;
	}
	if (at < insn->len && svm_code64(vcpu) && (insn->bytes[at] & 0xf0U) == 0x40U) {
		insn->rex = insn->bytes[at];
		at++;
	}
	insn->opcode = at;
	return at < insn->len;
}

bool decode_is(const struct decode *insn, const uint8_t *opcode, unsigned int len)
{
	return insn->len - insn->opcode >= len &&
	       memcmp(&insn->bytes[insn->opcode], opcode, len) == 0;
}

static uint64_t displacement(const uint8_t *bytes, unsigned int len)
{
	int32_t wide;

	switch (len) {
	case 1:
		return (uint64_t)(int64_t)(int8_t)bytes[0];
	case 4:
		memcpy(&wide, bytes, sizeof(wide));
		return (uint64_t)(int64_t)wide;
	default:
		return 0;
	}
}

/* Base, index and scale of a SIB byte; *bare: neither base nor RIP, a displacement follows. */
static uint64_t sib_address(const struct vcpu *vcpu, const struct decode *insn, uint8_t sib,
			    unsigned int mod, bool *bare)
{
	unsigned int index = (sib >> 3U & 7U) | ((insn->rex & REX_X) != 0 ? 8U : 0U);
	unsigned int base = (sib & 7U) | ((insn->rex & REX_B) != 0 ? 8U : 0U);
	uint64_t address = 0;

	*bare = (sib & 7U) == 5U && mod == 0;
	if (index != 4U) {
		address = vcpu_reg(vcpu, index) << (sib >> 6U);
	}
	return *bare ? address : address + vcpu_reg(vcpu, base);
}

static uint64_t linear(const struct vcpu *vcpu, const struct decode *insn, uint64_t address)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	const struct vmsa_segment *segment = insn->segment == 0x64   ? &save->fs
					     : insn->segment == 0x65 ? &save->gs
								     : NULL;

	if (svm_code64(vcpu)) {
		if (insn->address_size) {
			address &= UINT32_MAX;
		}
		return address + (segment ? segment->base : 0);
	}
	return (address + (segment ? segment->base : save->ds.base)) & UINT32_MAX;
}

bool decode_memory(const struct vcpu *vcpu, const struct decode *insn, unsigned int at,
		   unsigned int tail, uint64_t *address, unsigned int *len)
{
	bool code64 = svm_code64(vcpu), bare = false;
	unsigned int mod, rm, next = at + 1U, wide;
	uint64_t sum;

	if (at >= insn->len || (!code64 && insn->address_size)) {
		return false;
	}
	mod = insn->bytes[at] >> 6U;
	rm = insn->bytes[at] & 7U;
	if (mod == 3U || (rm == 4U && next >= insn->len)) {
		return false;
	}
	if (rm == 4U) {
		sum = sib_address(vcpu, insn, insn->bytes[next++], mod, &bare);
	} else if (rm == 5U && mod == 0) {
		bare = true;
		sum = 0;
	} else {
		sum = vcpu_reg(vcpu, rm | ((insn->rex & REX_B) != 0 ? 8U : 0U));
	}
	wide = mod == 1U ? 1U : mod == 2U || bare ? 4U : 0U;
	if (next + wide > insn->len) {
		return false;
	}
	sum += displacement(&insn->bytes[next], wide);
	next += wide;
	if (code64 && bare && rm == 5U) {
		sum += vcpu->vmcb->save.rip + next + tail;
	}
	*address = linear(vcpu, insn, sum);
	*len = next - at;
	return true;
}

/* Does an access to @va lead to the page of @gpa, or read it as a table? */
static bool leads_to(struct vcpu *vcpu, uint64_t va, gpa_t gpa, bool table)
{
	struct walk_path path = { .nr = 0 };
	struct guest_walk walk = walk_as(vcpu, va, WALK_PROBE, &path);

	if (!table) {
		return walk.ok && gpa_page_number(walk.gpa) == gpa_page_number(gpa);
	}
	for (unsigned int i = 0; i < path.nr; i++) {
		if (gpa_page_number(path.tables[i]) == gpa_page_number(gpa)) {
			return true;
		}
	}
	return false;
}

struct search {
	struct vcpu *vcpu;
	gpa_t gpa;
	bool table;
	uint64_t found;
};

/* An access at @va, or one that begins there and reaches into the next page. */
static bool try_address(struct search *search, uint64_t va)
{
	uint64_t next = (va | EMU_PAGE_MASK) + 1U;

	if (leads_to(search->vcpu, va, search->gpa, search->table)) {
		search->found = search->table
					? va
					: (va & ~EMU_PAGE_MASK) | (search->gpa.raw & EMU_PAGE_MASK);
		return true;
	}
	if (next - va < FAR_ENOUGH && leads_to(search->vcpu, next, search->gpa, search->table)) {
		search->found = next;
		return true;
	}
	return false;
}

static bool try_operands(struct search *search)
{
	struct vcpu *vcpu = search->vcpu;
	uint64_t stack = vcpu_reg(vcpu, REG_RSP), address;
	struct decode insn;
	unsigned int len;

	if (!decode_start(vcpu, &insn)) {
		return false;
	}
	/* ModRM after an opcode of one, two or three bytes; an immediate of up to 4 bytes behind
	 * matters for addresses relative to RIP only. */
	for (unsigned int skip = 1; skip <= 3U; skip++) {
		for (unsigned int tail = 0; tail <= 4U; tail++) {
			if (decode_memory(vcpu, &insn, insn.opcode + skip, tail, &address, &len) &&
			    try_address(search, address)) {
				return true;
			}
		}
	}
	if (try_address(search, stack) || try_address(search, stack - 8U)) {
		return true;
	}
	for (unsigned int reg = 0; reg < 16U; reg++) { /* string and implicit operands */
		if (try_address(search, vcpu_reg(vcpu, reg))) {
			return true;
		}
	}
	return false;
}

uint64_t decode_fault_address(struct vcpu *vcpu, gpa_t gpa, bool walk, bool fetch)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	struct search search = { .vcpu = vcpu, .gpa = gpa, .table = walk };
	uint64_t rip = svm_code64(vcpu) ? save->rip : (save->cs.base + save->rip) & UINT32_MAX;

	if (try_address(&search, rip)) {
		return search.found == rip || !fetch ? search.found : rip;
	}
	return !fetch && try_operands(&search) ? search.found : gpa.raw;
}

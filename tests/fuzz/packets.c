/* SPDX-License-Identifier: Apache-2.0 */
#include "packets.h"

#include <inttypes.h>

const unsigned int fz_budget_pages[8] = { 0U, 1U, 7U, 32U, 511U, 512U, 1024U, 1U << 20 };

static uint64_t load(const uint8_t *bytes, unsigned int nr)
{
	uint64_t value = 0U;

	for (unsigned int i = 0U; i < nr; i++) {
		value |= (uint64_t)bytes[i] << (8U * i);
	}
	return value;
}

static void store(uint8_t *bytes, uint64_t value, unsigned int nr)
{
	for (unsigned int i = 0U; i < nr; i++) {
		bytes[i] = (uint8_t)(value >> (8U * i));
	}
}

static bool bit(uint8_t byte, unsigned int nr)
{
	return (byte >> nr & 1U) != 0U;
}

static struct fz_params decode_params(const uint8_t *p)
{
	static const uint8_t vmpls[4] = { 2U, 1U, 3U, 2U };
	static const enum fz_mode modes[4] = { FZ_SINGLE, FZ_SINGLE, FZ_LOCKSTEP, FZ_FREE };
	struct fz_params params = {
		.vcpus = (p[0] & 3U) + 1U,
		.vmpl = vmpls[p[0] >> 2 & 3U],
		.rmp_4k = bit(p[0], 4U),
		.no_invlpgb = bit(p[0], 5U),
		.vtom = bit(p[0], 6U),
		.prepared = bit(p[0], 7U),
		.u3 = bit(p[1], 0U),
		.u4 = bit(p[1], 1U),
		.u6 = bit(p[1], 2U),
		.u7 = bit(p[1], 3U),
		.store_lost = bit(p[1], 4U),
		.deposits = bit(p[1], 5U),
		.more_valid = bit(p[1], 6U),
		.psp = bit(p[1], 7U),
		.budget_entries = p[2],
		.budget_pages = fz_budget_pages[p[3] % 8U],
		.mode = modes[p[4] % 4U],
		.check_every = 4U * (p[5] % 16U + 1U),
		.seed = (uint16_t)load(&p[6], 2U),
	};

	if (params.mode != FZ_SINGLE) {
		params.prepared = true;
		params.vcpus = params.vcpus < 2U ? 2U : params.vcpus;
	}
	return params;
}

struct fz_packet fz_unpack(const uint8_t *bytes)
{
	return (struct fz_packet){
		.op = (enum fz_op)(bytes[0] % FZ_OP_NR),
		.a = bytes[1],
		.b = bytes[2],
		.c = bytes[3],
		.x = (uint32_t)load(&bytes[4], 4U),
		.y = load(&bytes[8], 8U),
	};
}

void fz_pack(const struct fz_packet *packet, uint8_t *bytes)
{
	bytes[0] = (uint8_t)packet->op;
	bytes[1] = packet->a;
	bytes[2] = packet->b;
	bytes[3] = packet->c;
	store(&bytes[4], packet->x, 4U);
	store(&bytes[8], packet->y, 8U);
}

void fz_decode(const uint8_t *data, size_t size, struct fz_program *program)
{
	uint8_t params[FZ_PARAM_BYTES] = { 0 };

	for (size_t i = 0U; i < size && i < FZ_PARAM_BYTES; i++) {
		params[i] = data[i];
	}
	program->params = decode_params(params);
	program->nr = 0U;
	for (size_t at = FZ_PARAM_BYTES;
	     at + FZ_PACKET_BYTES <= size && program->nr < FZ_MAX_PACKETS; at += FZ_PACKET_BYTES) {
		program->packet[program->nr++] = fz_unpack(&data[at]);
	}
}

struct fz_selector fz_select(uint32_t selector)
{
	return (struct fz_selector){
		.class = (enum fz_class)(selector & 0xfU),
		.index = selector >> 4 & 0xfffU,
		.offset = selector >> 16 & 0xfffU,
		.misaligned = selector >> 31 != 0U,
	};
}

const char *fz_op_name(enum fz_op op)
{
	static const char *const names[FZ_OP_NR] = {
		[FZ_WRITE] = "write",
		[FZ_READ] = "read",
		[FZ_LIST] = "list",
		[FZ_ENTRY] = "entry",
		[FZ_VMSA] = "vmsa",
		[FZ_CALL] = "call",
		[FZ_REG] = "reg",
		[FZ_CALL_RAW] = "call-raw",
		[FZ_PSC] = "psc",
		[FZ_STEAL] = "steal",
		[FZ_REMAP] = "remap",
		[FZ_PSMASH] = "psmash",
		[FZ_AP_CREATE] = "ap-create",
		[FZ_AP_DESTROY] = "ap-destroy",
		[FZ_SPURIOUS] = "spurious",
		[FZ_INJECT] = "inject",
		[FZ_SWITCH] = "switch",
		[FZ_LEAVE] = "leave",
		[FZ_PREEMPT] = "preempt",
		[FZ_CHECK] = "check",
		[FZ_ATTEST] = "attest",
		[FZ_LIE] = "lie",
	};

	return (unsigned int)op < FZ_OP_NR ? names[op] : "?";
}

static const char *mode_name(enum fz_mode mode)
{
	static const char *const names[] = {
		[FZ_SINGLE] = "single", [FZ_LOCKSTEP] = "lockstep", [FZ_FREE] = "free-running"
	};

	return names[mode];
}

void fz_print_params(FILE *out, const struct fz_params *p)
{
	(void)fprintf(out,
		      "machine: %u vCPUs, VMPL%u, %s, %s%s%s%s%s%s%s%s%s%s%s, budget %u entries %u "
		      "pages, check every %u, seed %u\n",
		      p->vcpus, p->vmpl, mode_name(p->mode), p->rmp_4k ? "4 KiB RMP" : "2 MiB RMP",
		      p->no_invlpgb ? ", no INVLPGB" : "", p->vtom ? ", vTOM" : "",
		      p->prepared ? ", prepared" : "", p->deposits ? ", deposits" : "",
		      p->psp ? ", processor" : "", p->u3 ? ", U3" : "", p->u4 ? ", U4" : "",
		      p->u6 ? ", U6" : "", p->u7 ? ", U7" : "",
		      p->store_lost ? ", stores lost" : "", p->budget_entries, p->budget_pages,
		      p->check_every, p->seed);
}

void fz_print_packet(FILE *out, const struct fz_packet *packet)
{
	(void)fprintf(out, "%-10s a=%02x b=%02x c=%02x x=%08" PRIx32 " y=%016" PRIx64,
		      fz_op_name(packet->op), packet->a, packet->b, packet->c, packet->x,
		      packet->y);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPU records of one APIC id: the owner's request loop (with REMAP_CA and self delete), and CREATE
 * with re-bind, DELETE and DEPOSIT by other vCPUs, while the hardware runs and exits VMSAs. Pages 0
 * and 1 may become VMSAs, 2 and 3 calling areas; any page may be deposited as soon as the map says
 * VALID.
 *
 * Holds: SVSM and hardware write guest state only into pages that are that record's VMSA or calling
 * area (or claimed by the writer); a calling area belongs to exactly one record; a record has at
 * most one holder at a time.
 * A VMSA store may stall (it is then simply late) or be lost while the VMSA executes (unknown U3):
 * both are here, and RMPADJUST is not trusted to report FAIL_INUSE.
 *
 * A DELETE needs the generation in its CAS (the record may be free and used again since the
 * lookup); re-bind must read the calling area again after its CAS (REMAP_CA changes it within one
 * generation).
 *
 * good: OWNER2 two entries of the owner, one CREATE (plain: one entry, two concurrent CREATEs)
 * bad: NOREC /vmsa_write|ca_write/
 *	the owner trusts a record read earlier instead of moving it by CAS (A4)
 * bad: EARLYPUBLISH /vmsa_write/ CREATE makes the record IDLE before its store of SVME=1
 * bad: REBINDSHARED /ca_shared/ re-bind leaves the calling area in the old record too (A7)
 * bad: NORECHECK /ca_write|vmsa_write|disjoint/
 *	re-bind uses the calling area read before its CAS, and REMAP_CA moved it
 * bad: NOREREAD /vmsa_write/ DELETE does not read SVME again after its store (A5)
 * bad: SELFWRITE /vmsa_write/ self delete writes its result into the deleted VMSA
 * bad: NOGEN /vmsa_write/ DELETE moves the record by state alone
 * bad: LATECLEAR /ca_shared/ DELETE releases the pages before it clears the record's fields
 */

mtype = { FREE, CREATING, IDLE, SERVING, DELETING, REBINDING };	/* records */
mtype = { VALID, CLAIMED, PRIV };				/* ownership map */
mtype = { GUEST, VMSA, CA, SVSM };				/* ghost: what the page really is */

#define NONE 7

mtype rec[2] = FREE;
byte gen[2];
byte vmsa[2] = NONE, ca[2] = NONE;
mtype map[4] = VALID;
bool svme[2], running[2];

mtype use[4] = GUEST;
byte own[4];		/* ghost: record of a VMSA or CA page; claimer's pid of a claimed page */
byte holders[2];	/* ghost: vCPUs that hold the record */
bool vmsa_write, ca_write, ca_shared, disjoint, two_holders;	/* ghost: violations */

#define CHECK(flag, bad) flag = (bad); assert(!flag)

/* CAS of {state, generation}. */
inline acquire(r, from, g, to, result)
{
	atomic {
		if
		:: rec[r] == from && gen[r] == g ->
			rec[r] = to;
			CHECK(two_holders, holders[r] != 0);
			holders[r]++;
			result = true
		:: else -> result = false
		fi
	}
}

inline give_up(r, to, bump)
{
	atomic { holders[r]--; gen[r] = (gen[r] + bump) % 4; rec[r] = to }
}

inline claim(p, result)
{
	atomic {
		if
		:: map[p] == VALID ->
			map[p] = CLAIMED;
			own[p] = _pid;
			CHECK(disjoint, use[p] != GUEST);
			result = true
		:: else -> result = false
		fi
	}
}

#define VMSA_OF(r, p)	(p < 2 && use[p] == VMSA && own[p] == r)
#define CA_OF(r, p)	(use[p] == CA && own[p] == r)
#define MY_CLAIM(p)	(map[p] == CLAIMED && own[p] == _pid)

inline bind_ca(r, c)
{
	CHECK(ca_shared, (ca[0] == c && r != 0) || (ca[1] == c && r != 1));
	ca[r] = c;
	use[c] = CA;
	own[c] = r
}

/* Gate closed by a locked operation which is lost while the VMSA executes. */
inline close_gate(r, p)
{
	atomic {
		CHECK(vmsa_write, !VMSA_OF(r, p));
		svme[p] = running[p]
	}
}

inline open_gate(r, p)
{
	atomic {
		CHECK(vmsa_write, !VMSA_OF(r, p));
		svme[p] = true
	}
}

/* By the holder, gate closed: VMSA attribute off, pages back to the guest, record free. */
inline delete_pages(r, p, c)
{
	atomic { CHECK(vmsa_write, !VMSA_OF(r, p)); use[p] = GUEST };
	c = ca[r];
#ifndef LATECLEAR
	d_step { vmsa[r] = NONE; ca[r] = NONE };
#endif
	if
	:: c != NONE -> atomic { CHECK(ca_write, !CA_OF(r, c)); use[c] = GUEST; map[c] = VALID }
	:: c == NONE -> skip
	fi;
	map[p] = VALID;
#ifdef LATECLEAR
	d_step { vmsa[r] = NONE; ca[r] = NONE };
#endif
	give_up(r, FREE, 1)
}

proctype owner(byte rounds)
{
	byte r, g, p, c, new;
	bool ok;

	do
	:: rounds > 0 ->
		rounds--;
		if
		:: r = 0
		:: r = 1
		fi;
#ifdef NOREC
		atomic { ok = (rec[r] == IDLE); p = vmsa[r]; c = ca[r] };
#else
		g = gen[r];
		acquire(r, IDLE, g, SERVING, ok);
		d_step { p = vmsa[r]; c = ca[r] };
#endif
		if
		:: !ok -> goto next
		:: ok -> skip
		fi;
		close_gate(r, p);
		if
		:: svme[p] -> goto idle
		:: !svme[p] -> skip
		fi;
		if
		:: true -> skip	/* nothing pending: a spurious entry */
		:: c != NONE ->
			/* A call: RAX, then CALL_PENDING=0. */
			atomic { CHECK(vmsa_write, !VMSA_OF(r, p)) };
			atomic { CHECK(ca_write, !CA_OF(r, c)) }
#ifndef NOREC
		:: c != NONE ->
			/* REMAP_CA */
			new = 5 - c;
			claim(new, ok);
			if
			:: ok ->
				atomic { CHECK(ca_write, !MY_CLAIM(new)) };
				atomic { bind_ca(r, new); use[c] = GUEST };
				map[new] = PRIV;
				atomic { CHECK(vmsa_write, !VMSA_OF(r, p)) };
				atomic { CHECK(ca_write, map[c] != PRIV) };
				map[c] = VALID
			:: !ok -> skip
			fi
		:: c != NONE ->
			/* DELETE of the caller itself: nothing is written afterwards. */
			rec[r] = DELETING;
			delete_pages(r, p, c);
#ifdef SELFWRITE
			atomic { CHECK(vmsa_write, !VMSA_OF(r, p)) };
#endif
			goto next
#endif
		fi;
		open_gate(r, p);
idle:
#ifndef NOREC
		give_up(r, IDLE, 0);
#else
		skip;
#endif
next:		skip;
		d_step { ok = false; g = 0; p = 0; c = 0; new = 0 }
	:: rounds == 0 -> break
	od
}

active proctype deleter()
{
	byte r, g, p, c;
	bool ok;

	if	/* lookup by VMSA, then the CAS */
	:: p = 0
	:: p = 1
	fi;
	atomic {
		if
		:: rec[0] == IDLE && vmsa[0] == p -> r = 0
		:: rec[1] == IDLE && vmsa[1] == p -> r = 1
		:: else -> goto done
		fi;
		g = gen[r]
	};
#ifdef NOGEN
	acquire(r, IDLE, gen[r], DELETING, ok);
#else
	acquire(r, IDLE, g, DELETING, ok);
#endif
	if
	:: !ok -> goto done
	:: ok -> skip
	fi;
	close_gate(r, p);
#ifndef NOREREAD
	if
	:: svme[p] -> give_up(r, IDLE, 0); goto done	/* FAIL_INUSE */
	:: !svme[p] -> skip
	fi;
#endif
	delete_pages(r, p, c);
done:	skip;
	d_step { r = 0; g = 0; p = 0; c = 0; ok = false }
}

proctype creator()
{
	byte r, g, p, c, old, oldgen;
	bool ok;

	atomic {
		if
		:: rec[0] == FREE -> r = 0
		:: rec[0] != FREE && rec[1] == FREE -> r = 1
		:: else -> goto next
		fi;
		g = gen[r]
	};
	acquire(r, FREE, g, CREATING, ok);
	if
	:: !ok -> goto next
	:: ok -> skip
	fi;
	g = 0;
	if
	:: p = 0
	:: p = 1
	fi;
	claim(p, ok);
	if
	:: !ok -> goto undo_record
	:: ok -> skip
	fi;
	atomic {
		old = NONE;
		if
		:: c = 2
		:: c = 3
		fi
	};
	claim(c, ok);
	if
	:: ok -> goto claimed
	:: !ok -> skip
	fi;
	/* Not the guest's to give: bound to an IDLE record of the same APIC id and VMPL? */
	atomic {
		if
		:: rec[0] == IDLE && ca[0] == c -> old = 0
		:: rec[1] == IDLE && ca[1] == c -> old = 1
		:: else -> goto undo_page
		fi;
		oldgen = gen[old]
	};
	acquire(old, IDLE, oldgen, REBINDING, ok);
	if
	:: !ok -> goto undo_page
	:: ok -> oldgen = 0
	fi;
#ifndef NORECHECK
	if
	:: ca[old] != c -> give_up(old, IDLE, 0); goto undo_page
	:: ca[old] == c -> skip
	fi;
#endif
claimed:
	if
	:: true -> skip
	:: true ->
		/* The VMSA is refused, or an instruction failed. */
		if
		:: old == NONE -> map[c] = VALID
		:: old != NONE -> give_up(old, IDLE, 0)
		fi;
		goto undo_page
	fi;
	/* Pin scan, revoke, flush, check: pin.pml. */
	atomic { CHECK(vmsa_write, !MY_CLAIM(p)); svme[p] = false };
	atomic { use[p] = VMSA; own[p] = r };
	if
	:: old == NONE -> atomic { CHECK(ca_write, !MY_CLAIM(c)) }
	:: old != NONE -> atomic { CHECK(ca_write, !CA_OF(old, c)) }
	fi;
	/* One step: the records are held, so that nobody acts on these fields. */
	atomic {
		vmsa[r] = p;
#ifndef REBINDSHARED
		if
		:: old != NONE -> ca[old] = NONE
		:: old == NONE -> skip
		fi;
#endif
		bind_ca(r, c)
	};
	if
	:: old != NONE -> give_up(old, IDLE, 1)
	:: old == NONE -> skip
	fi;
	map[c] = PRIV;
	map[p] = PRIV;
#ifdef EARLYPUBLISH
	give_up(r, IDLE, 0);
	open_gate(r, p);
#else
	open_gate(r, p);
	give_up(r, IDLE, 0);
#endif
	goto next;
undo_page:
	map[p] = VALID;
undo_record:
	give_up(r, FREE, 0);
next:		skip
}

#define DEPOSIT(p) \
	atomic { map[p] == VALID -> CHECK(disjoint, use[p] != GUEST); map[p] = PRIV; use[p] = SVSM }

active proctype depositor()
{
end:
	do
	:: DEPOSIT(0)
	:: DEPOSIT(1)
	:: DEPOSIT(2)
	:: DEPOSIT(3)
	od
}

/* VMRUN needs the VMSA attribute and SVME; the exit writes guest state without asking again. */
#define VMRUN(p)  atomic { !running[p] && use[p] == VMSA && svme[p] -> running[p] = true }
#define VMEXIT(p) atomic { running[p] -> CHECK(vmsa_write, use[p] != VMSA); running[p] = false }

active proctype hardware()
{
end:
	do
	:: VMRUN(0)
	:: VMEXIT(0)
	:: VMRUN(1)
	:: VMEXIT(1)
	od
}

init {
	atomic {
		rec[0] = IDLE;
		vmsa[0] = 0;
		ca[0] = 2;
		svme[0] = true;
		map[0] = PRIV;
		map[2] = PRIV;
		use[0] = VMSA;
		use[2] = CA;
#ifdef OWNER2
		run owner(2);
#else
		run owner(1);
		run creator();
#endif
		run creator()
	}
}

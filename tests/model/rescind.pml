/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PVALIDATE of one guest page p by two vCPUs, against a host that moves p between system pages.
 * Page 0 backs p at the start; page 1 backs an SVSM page and holds its secret, until the host takes
 * it and assigns it to p (RMPUPDATE resets validated and rights, never the content). The host may
 * later assign page 0 to another guest page, which the guest deposits: page 0 then holds an SVSM
 * secret. The processor drops and, where the RMP allows, speculatively loads translations at any
 * time; RMPADJUST and PVALIDATE may use a cached translation or walk.
 *
 * Holds: the guest never reaches a secret; an SVSM copy (pinned, state checked) never does either;
 * a rescinded page is out of reach before its claim is released; at most one validated system page
 * for p (I3).
 * A claim is never waited for: BUSY.
 *
 * good: LOCALFLUSH as FLUSHGUESTONLY, but no copies: against A11 alone the INVLPG is enough
 * good: SCANATVALIDATE pins are scanned before PVALIDATE(1) instead of in rescind: as good
 * bad: NOINVLPG /leak/ LOCALFLUSH without the INVLPG before PVALIDATE(1) (A11)
 * bad: FLUSHGUESTONLY /copied/ the flush misses VMPL0 translations of other vCPUs
 * bad: NOFLUSHRESCIND /stale|leak|copied/ no flush after PVALIDATE(0)
 * bad: FLUSHLATE /stale/ the flush comes after the claim is released
 * bad: GRANTFIRST /leak/ rights before zeroes
 * bad: NOSFENCE /leak/ weakly ordered zeroes are not fenced before the grant (A12)
 * bad: LOSTINVALID /leak/ a page found not validated becomes INVALID and may be validated again
 * bad: NOPINSCAN /copied/ nobody looks at pins: a late copy in reads the page before it is zeroed
 */

#if defined(NOINVLPG) && !defined(LOCALFLUSH)
#define LOCALFLUSH
#endif
#ifdef LOCALFLUSH
#define FLUSHGUESTONLY
#endif

mtype = { INVALID, VALID, CLAIMED, LOST };
#define NONE 2

mtype st = VALID;
bool pin[2];

byte npt;		/* nested page table: system page of p */
bool mine[2];		/* RMP: assigned to p */
bool valid[2];		/* RMP: validated for p */
bool rights[2];		/* RMP: the guest's VMPLs may access */
bool secret[2];		/* content */
byte zeroing[2] = NONE;	/* per vCPU: system page that weakly ordered zeroes are on their way to */
byte tlb0[2] = NONE;	/* VMPL0 translation of each vCPU */
byte tlbg = NONE;	/* the guest's */

byte holders;
bool leak, copied, stale, two_valid, two_holders;

#define CHECK(flag, bad) flag = (bad); assert(!flag)

inline flush()
{
	d_step {
		tlbg = NONE;
#ifndef FLUSHGUESTONLY
		tlb0[0] = NONE;
		tlb0[1] = NONE
#else
		tlb0[id] = NONE
#endif
	}
}

inline claim(from)
{
	atomic {
		if
		:: st == from ->
			st = CLAIMED;
			CHECK(two_holders, holders != 0);
			holders++
		:: else -> goto next
		fi
	}
}

inline release(to)
{
	d_step { holders--; st = to }
}

/* The page that RMPADJUST or PVALIDATE acts on. */
inline rmp_walk()
{
	if
	:: tlb0[id] != NONE && mine[tlb0[id]] -> t = tlb0[id]
	:: t = npt
	fi
}

/* A data access at VMPL0: NONE for a recovered fault. */
inline access()
{
	if
	:: tlb0[id] != NONE -> t = tlb0[id]
	:: tlb0[id] == NONE && valid[npt] -> t = npt; tlb0[id] = t
	:: tlb0[id] == NONE && !valid[npt] -> t = NONE
	fi
}

/* Another system page may still be validated for p: validating again would break I3. */
#ifdef LOSTINVALID
#define TAKEN INVALID
#else
#define TAKEN LOST
#endif

inline take_back()
{
	atomic {
		rmp_walk();
		if
		:: valid[t] -> valid[t] = false; ok = true
		:: !valid[t] -> ok = false
		fi;
		t = NONE
	}
}

inline zero()
{
	atomic {
		access();
		if
		:: t != NONE -> zeroing[id] = t; t = NONE; ok = true
		:: t == NONE -> ok = false
		fi
	}
}

inline grant()
{
	atomic {
		rmp_walk();
		if
		:: valid[t] -> rights[t] = true; ok = true
		:: !valid[t] -> ok = false
		fi;
		t = NONE
	}
}

inline validate()
{
	claim(INVALID);
#ifdef SCANATVALIDATE
	if
	:: pin[1 - id] -> release(INVALID); goto next
	:: !pin[1 - id] -> skip
	fi;
#endif
#ifndef NOINVLPG
	tlb0[id] = NONE;
#endif
	atomic {
		rmp_walk();
#ifndef LOSTINVALID
		CHECK(two_valid, valid[0] || valid[1]);
#endif
		valid[t] = true;
		t = NONE
	};
#ifdef GRANTFIRST
	grant();
	if
	:: ok -> zero()
	:: !ok -> skip
	fi;
	zeroing[id] == NONE;
#else
	zero();
	if
	:: ok ->
#ifndef NOSFENCE
		zeroing[id] == NONE;
#endif
		grant()
	:: !ok -> skip
	fi;
#endif
	if
	:: ok -> release(VALID)
	:: !ok ->
		/* The host moved p: undo what was validated, if that page answers now (A13). */
		take_back();
		flush();
		if
		:: ok -> release(INVALID)
		:: !ok -> release(TAKEN)
		fi
	fi
}

inline rescind()
{
	claim(VALID);
#if !defined(NOPINSCAN) && !defined(SCANATVALIDATE)
	if
	:: pin[1 - id] -> release(VALID); goto next
	:: !pin[1 - id] -> skip
	fi;
#endif
	atomic {
		rmp_walk();
		if
		:: valid[t] -> rights[t] = false; ok = true
		:: !valid[t] -> ok = false
		fi;
		t = NONE
	};
	if
	:: ok -> take_back()
	:: !ok -> skip
	fi;
#if !defined(NOFLUSHRESCIND) && !defined(FLUSHLATE)
	flush();
#endif
	if
	:: ok -> release(INVALID)
	:: !ok -> release(TAKEN)
	fi;
#ifdef FLUSHLATE
	flush()
#endif
}

inline copy()
{
	pin[id] = true;
	if
	:: st == VALID ->
		atomic { access(); CHECK(copied, t != NONE && secret[t % 2]); t = NONE };
		atomic { access(); CHECK(copied, t != NONE && secret[t % 2]); t = NONE }
	:: else -> skip
	fi;
	pin[id] = false
}

proctype vcpu(byte id, rounds)
{
	byte t = NONE;
	bool ok;

	do
	:: rounds > 0 ->
		rounds--;
		if
		:: true -> validate()
		:: true -> rescind()
#ifndef LOCALFLUSH
		:: true -> copy()
#endif
		fi;
next:		ok = false
	:: rounds == 0 -> break
	od
}

/* Translations come and go; weakly ordered stores arrive. */
#define SPECULATE(i) atomic { tlb0[i] == NONE && valid[npt] -> tlb0[i] = npt }
#define EVICT(i) atomic { tlb0[i] != NONE -> tlb0[i] = NONE }
#define ARRIVE(i) atomic { zeroing[i] != NONE -> secret[zeroing[i]] = false; zeroing[i] = NONE }

active proctype processor()
{
end:
	do
	:: SPECULATE(0)
	:: SPECULATE(1)
	:: EVICT(0)
	:: EVICT(1)
	:: ARRIVE(0)
	:: ARRIVE(1)
	od
}

active proctype guest()
{
end:
	do
	:: atomic { tlbg == NONE && valid[npt] && rights[npt] -> tlbg = npt }
#ifdef LOSTINVALID
	:: atomic { tlbg != NONE -> CHECK(leak, secret[tlbg]) }
#else
	:: atomic { tlbg != NONE -> CHECK(leak, secret[tlbg]); CHECK(stale, st == INVALID) }
#endif
	od
}

active proctype host()
{
	byte id;	/* the vCPU that deposits the other guest page */

end:
	do
	:: atomic { mine[1 - npt] -> npt = 1 - npt }
	:: atomic { !mine[1] -> mine[1] = true; valid[1] = false; rights[1] = false }
	:: atomic {
		/* Another guest page: validated, zeroed, granted, deposited (revoke, flush). */
		npt == 1 && mine[0] ->
		mine[0] = false;
		valid[0] = false;
		rights[0] = false;
		if
		:: id = 0
		:: id = 1
		fi;
		flush();
		secret[0] = true;
		id = 0
	   }
	od
}

init {
	atomic {
		mine[0] = true;
		valid[0] = true;
		rights[0] = true;
		secret[1] = true;
		run vcpu(0, 3);
		run vcpu(1, 3)
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page on its way from the guest to the SVSM and back: to_private() of DEPOSIT and CREATE_VCPU,
 * WITHDRAW, against two vCPUs whose SVSM copies guest memory (pins) and a guest vCPU with a cached
 * translation.
 *
 * Holds: no SVSM copy and no guest access touches the page while it is private; what CREATE checked
 * is what becomes a VMSA; BUSY has changed nothing; no VMPL ever gains rights that the guest had
 * taken from it; one claim at a time.
 * Nothing waits: a copier that stops for ever with its pin set leaves no other process blocked (end
 * states).
 * Pins are stores through a one-entry store buffer, as on x86.
 *
 * bad: NOFENCE /touched|bad_content/ no full fence between the pin and the check of the state
 * bad: NOFLUSH /touched|bad_content/ no flush after the revoke (A3)
 * bad: FLUSHLATE /bad_content/ CREATE flushes after it has checked the VMSA (A3)
 * bad: REVOKEFIRST /perm_low|perm==saved/
 *	revoke before the pin scan: old masks are unknown on the way back (A2)
 * bad: NOSCAN /touched|bad_content/ pins are not read (A1)
 * bad: VALIDFIRST /touched|bad_content/ WITHDRAW stores VALID before it grants
 */

mtype = { VALID, CLAIMED, PRIV, NONE, RO, RW };

mtype st = VALID;
bool pin_mem[2], pin_buf[2], pin_has[2];
mtype perm = RW;	/* rights of the served guest VMPL */
mtype perm_low = RO;	/* rights of a less privileged VMPL: the guest cut them */
bool tlb = true;	/* the guest vCPU holds a translation with all rights */
bool bad_content;	/* taken as a VMSA, the page says VMPL 0 */
byte holders;		/* ghost: claims held */
bool touched;		/* ghost: an access met a private page */

active proctype store_buffers()
{
end:
	do
	:: atomic { pin_has[0] -> pin_mem[0] = pin_buf[0]; pin_has[0] = false }
	:: atomic { pin_has[1] -> pin_mem[1] = pin_buf[1]; pin_has[1] = false }
	od
}

inline touch_as_svsm()
{
	atomic {
		touched = (st == PRIV);
		assert(!touched);
		if
		:: bad_content = true	/* a copy out of bytes that the guest chose */
		:: skip			/* a copy in */
		fi
	}
}

proctype copier(byte i, rounds)
{
	byte n;

	do
	:: n < rounds ->
		n++;
		atomic { !pin_has[i] -> pin_buf[i] = true; pin_has[i] = true };
#ifndef NOFENCE
		!pin_has[i];
#endif
		if
		:: st == VALID ->
			touch_as_svsm();
			if
			:: true -> goto frozen
			:: true -> skip
			fi;
			touch_as_svsm()
		:: else -> skip
		fi;
		atomic { !pin_has[i] -> pin_buf[i] = false; pin_has[i] = true }
	:: n == rounds -> break
	od;
frozen:	skip
}

active proctype guest()
{
	byte n;

	do
	:: n < 3 ->
		n++;
		if
		:: atomic {
			tlb ->
			touched = (st == PRIV);
			assert(!touched);
			if
			:: bad_content = true
			:: bad_content = false
			fi
		   }
		:: atomic { !tlb && perm == RW -> tlb = true }
		:: skip
		fi
	:: n == 3 -> break
	od
}

inline claim(result)
{
	atomic {
		if
		:: st == VALID -> st = CLAIMED; assert(holders == 0); holders++; result = true
		:: else -> result = false
		fi
	}
}

inline release(to)
{
	atomic { holders--; st = to }
}

/* Bounded: every pin is read at most twice. */
inline scan_pins(conflict)
{
	conflict = false;
	if
	:: pin_mem[0] -> if :: pin_mem[0] -> conflict = true :: !pin_mem[0] -> skip fi
	:: !pin_mem[0] -> skip
	fi;
	if
	:: pin_mem[1] -> if :: pin_mem[1] -> conflict = true :: !pin_mem[1] -> skip fi
	:: !pin_mem[1] -> skip
	fi
}

inline revoke()
{
	perm = NONE;
	perm_low = NONE
}

inline flush()
{
#ifndef NOFLUSH
	tlb = false
#else
	skip
#endif
}

proctype claimer(bool create)
{
	bool ok, conflict;
	mtype saved, saved_low;
	byte n;

	do
	:: n < 2 ->
		n++;
		claim(ok);
		if
		:: !ok -> goto next
		:: ok -> d_step { saved = perm; saved_low = perm_low }
		fi;
#ifdef REVOKEFIRST
		revoke();
#endif
		scan_pins(conflict);
#ifdef NOSCAN
		conflict = false;
#endif
		if
		:: conflict ->
#ifdef REVOKEFIRST
			perm = RW;
			perm_low = RW;
#endif
			d_step { assert(perm_low != RW || saved_low == RW); assert(perm == saved);
				 assert(perm_low == saved_low) };
			release(VALID);
			goto next
		:: else -> skip
		fi;
#ifndef REVOKEFIRST
		revoke();
#endif
		if
		:: create ->
#ifndef FLUSHLATE
			flush();
#endif
			if
			:: bad_content ->
				/* Check failed: rights go back to the served VMPL alone. */
				perm = RW;
				release(VALID);
				goto next
			:: !bad_content -> skip
			fi;
#ifdef FLUSHLATE
			flush();
#endif
			atomic { assert(!bad_content); release(PRIV) };
			assert(!bad_content);
			break
		:: !create ->
			flush();
			release(PRIV);
			if
			:: true -> break
			:: true -> skip
			fi;
			/* WITHDRAW by the same vCPU: zero, fence, grant, and only then VALID. */
			d_step { assert(st == PRIV && holders == 0); st = CLAIMED; holders++ };
			bad_content = false;
#ifdef VALIDFIRST
			release(VALID);
			perm = RW
#else
			perm = RW;
			release(VALID)
#endif
		fi;
next:		skip
	:: n == 2 -> break
	od
}

init {
	atomic {
		run copier(0, 2);
		run copier(1, 1);
		run claimer(false);
		run claimer(true)
	}
}

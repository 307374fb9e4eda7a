/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of rescinds over two pages by two vCPUs at once, one of them in the other order, against
 * two vCPUs that copy from the pages under pins: all that can be had is claimed, the pins are
 * scanned once, a pinned page ends the batch, the claims from it on are given back.
 *
 * Holds: no copy runs in a page that was rescinded (it could meanwhile be validated over another
 * system page); an entry counts as done exactly if its page was rescinded by this call, in the
 * order of the list; a page given back is as it was; no claim is left over; nobody waits (end
 * states).
 * The orders of the single page, with store buffers, are in pin.pml; here stores are seen at once.
 *
 * bad: SCANFIRST /copied/ the pins are scanned before the claims
 * bad: SCANEARLY /copied/ the pins are scanned when the first page is claimed, for all
 * bad: NOSCAN /copied/ nobody looks at pins
 * bad: SKIPPINNED /order/ a pinned page is left out instead of ending the batch
 * bad: NOUNDO /left/ the claims behind a pinned page are kept
 */

mtype = { VALID, CLAIMED, INVALID };
#define NONE 2

mtype st[2] = VALID;
byte pin[2] = NONE;	/* per copier: the page */
byte copying[2] = NONE;	/* per copier: past its check */
byte holder[2] = NONE;	/* ghost: who claims the page */
byte rescinder[2] = NONE; /* ghost: who rescinded it */
bool copied, order, left;

#define CHECK(flag, bad) flag = (bad); assert(!flag)

inline claim(p)
{
	atomic {
		ok = (st[p] == VALID);
		if
		:: ok -> st[p] = CLAIMED; assert(holder[p] == NONE); holder[p] = id
		:: !ok -> skip
		fi
	}
}

inline release(p, to)
{
	d_step { assert(holder[p] == id); holder[p] = NONE; st[p] = to }
}

/* One read of each pin: the first entry of the batch that one names. */
inline scan()
{
	unpinned = claimed;
	i = 0;
	do
	:: i < 2 ->
		atomic {
			seen = pin[i];
			if
			:: seen == first && unpinned > 0 -> unpinned = 0
			:: seen == 1 - first && unpinned > 1 -> unpinned = 1
			:: else -> skip
			fi
		};
		i++
	:: i == 2 -> break
	od
}

inline rescind(p)
{
	atomic {
		/* PVALIDATE(0): from now on the page may be another one. */
		assert(holder[p] == id);
		CHECK(copied, copying[0] == p || copying[1] == p);
		rescinder[p] = id
	}
}

proctype list(byte id; byte first)
{
	byte next, claimed, unpinned, i, seen = NONE;
	bool ok;

#ifdef SCANFIRST
	claimed = 2;
	scan();
	claimed = 0;
#endif
	claim(first);
	if
	:: ok -> claimed = 1
	:: !ok -> goto done
	fi;
#ifdef SCANEARLY
	claimed = 2;
	scan();
	claimed = 1;
#endif
	claim(1 - first);
	if
	:: ok -> claimed = 2
	:: !ok -> skip
	fi;
#if defined(NOSCAN)
	unpinned = claimed;
#elif !defined(SCANFIRST) && !defined(SCANEARLY)
	scan();
#endif
	if
	:: unpinned > claimed -> unpinned = claimed
	:: else -> skip
	fi;
#ifdef SKIPPINNED
	if
	:: unpinned == 0 && claimed == 2 && pin[0] != 1 - first && pin[1] != 1 - first ->
		rescind(1 - first);
		release(1 - first, INVALID);
		release(first, VALID);
		next = 1;
		goto done
	:: else -> skip
	fi;
#endif
#ifndef NOUNDO
	if
	:: claimed == 2 && unpinned < 2 -> release(1 - first, VALID)
	:: else -> skip
	fi;
	if
	:: claimed >= 1 && unpinned == 0 -> release(first, VALID)
	:: else -> skip
	fi;
#endif
	if
	:: unpinned >= 1 -> rescind(first); next = 1
	:: else -> skip
	fi;
	if
	:: unpinned == 2 -> rescind(1 - first); next = 2
	:: else -> skip
	fi;
	/* One flush, then the releases; what was done goes into the list last. */
	if
	:: unpinned >= 1 -> release(first, INVALID)
	:: else -> skip
	fi;
	if
	:: unpinned == 2 -> release(1 - first, INVALID)
	:: else -> skip
	fi;
done:
	atomic {
		CHECK(left, holder[0] == id || holder[1] == id);
		CHECK(order, (next >= 1) != (rescinder[first] == id) ||
			     (next == 2) != (rescinder[1 - first] == id))
	}
}

proctype copier(byte id)
{
	byte n, p = NONE;

	do
	:: n < 2 ->
		n++;
		if
		:: p = 0
		:: p = 1
		fi;
		pin[id] = p;
		if
		:: atomic { st[p] == VALID -> copying[id] = p };
			if
			:: true -> goto frozen
			:: true -> skip
			fi;
			copying[id] = NONE
		:: atomic { st[p] != VALID -> skip }
		fi;
		pin[id] = NONE
	:: n == 2 -> break
	od;
frozen:	skip
}

init {
	atomic {
		run list(0, 0);
		run list(1, 1);
		run copier(0);
		run copier(1)
	}
}

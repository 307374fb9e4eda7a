/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page depot: slots that hold a chain of free pages (linked through the pages, the first knows the
 * last). take = exchange of a slot with 0: the chain is the taker's alone. put = CAS of an empty
 * slot to the chain; if it is occupied, take that one too, concatenate and retry. vCPUs take a
 * chain, keep one page, put the rest, and give the page back. One of them may stop for ever with
 * what it holds.
 *
 * Holds: a page is in one place at any time, none is lost; a stopped holder keeps nobody else from
 * completing (no end state in which one waits, and no endless execution: a failed CAS means that
 * another vCPU has made progress).
 * Not promised: that a taker sees a free page whenever one exists (variant HOARD): pages in
 * somebody's hands, even for the time of a put, are not in the depot.
 *
 * check: cycles
 * bad: COPYTAKE /owned|gone/ take reads the slot and stores 0 afterwards
 * bad: STOREPUT /gone/ put stores into a slot that it has seen empty
 * bad: LOCKED /invalid end state/ a slot is locked while its chain is in use
 * bad: HOARD /refused/
 *	claim: there are more pages than vCPUs use at a time, so a taker is never refused
 */

#define NP 4	/* pages 1..NP; 0: none */

byte slot[2];
byte next[NP + 1], last[NP + 1];	/* in the pages; last[]: in the first of a chain */

byte owner[NP + 1];	/* ghost: 0 the depot, else the vCPU */
byte frozen;		/* 0: nobody, else the vCPU */
bool owned, gone, refused;
#ifdef LOCKED
bool locked[2];
#endif

#define CHECK(flag, bad) flag = (bad); assert(!flag)

/* Ghost: all pages of the chain go from one owner to another. */
#define MOVE(first, from, to) \
	i = first; \
	do \
	:: i != 0 -> CHECK(owned, owner[i] != (from)); owner[i] = (to); i = next[i] \
	:: i == 0 -> break \
	od

inline take()
{
#ifdef COPYTAKE
	got = slot[s];
	d_step { slot[s] = 0; MOVE(got, 0, me) }
#else
	d_step { got = slot[s]; slot[s] = 0; MOVE(got, 0, me) }
#endif
}

/* Puts the chain @mine into any slot: pages have no home. */
inline put()
{
#ifndef LOCKED
	if
	:: s = 0
	:: s = 1
	fi;
#endif
	do
	:: mine != 0 ->
#ifdef STOREPUT
		done = (slot[s] == 0);
		if
		:: done -> d_step { MOVE(mine, me, 0); slot[s] = mine; mine = 0 }
		:: !done -> skip
		fi;
#else
		d_step {
			done = (slot[s] == 0);
			if
			:: done -> MOVE(mine, me, 0); slot[s] = mine; mine = 0
			:: !done -> skip
			fi
		};
#endif
		if
		:: done -> break
		:: !done -> skip
		fi;
		take();
		if
		:: got != 0 ->
			/* Both chains are this vCPU's alone. */
			d_step { next[last[mine]] = got; last[mine] = last[got]; got = 0 }
		:: got == 0 -> skip
		fi
	:: mine == 0 -> break
	od
}

proctype vcpu(byte me, rounds)
{
	byte s, got, mine, page, i;
	bool done;

	do
	:: rounds > 0 ->
		rounds--;
		if
		:: s = 0
		:: s = 1
		fi;
#ifdef LOCKED
		atomic { !locked[s] -> locked[s] = true };
#endif
		take();
		if
#ifndef LOCKED
		:: got == 0 -> s = 1 - s; take()
#else
		:: got == 0 -> skip
#endif
		:: got != 0 -> skip
		fi;
		if
		:: got == 0 ->
#ifdef HOARD
			CHECK(refused, true);
#endif
			goto again
		:: got != 0 -> skip
		fi;
		if
		:: me == 1 -> frozen = me; goto stop
		:: true -> skip
		fi;
		d_step { page = got; mine = next[got]; next[page] = 0;
			 if
			 :: mine != 0 -> last[mine] = last[page]
			 :: mine == 0 -> skip
			 fi;
			 last[page] = page; got = 0 };
		put();
		if
		:: me == 1 -> frozen = me; goto stop
		:: true -> skip
		fi;
		d_step { mine = page; page = 0 };
		put();
again:		skip;
#ifdef LOCKED
		locked[s] = false;
#endif
		s = 0
	:: rounds == 0 -> break
	od;
stop:	skip
}

init {
	byte i, n;

	atomic {
		slot[0] = 1;
		next[1] = 2;
		last[1] = 2;
		slot[1] = 3;
		next[3] = 4;
		last[3] = 4;
		run vcpu(1, 2);
		run vcpu(2, 1);
		run vcpu(3, 1)
	};
	_nr_pr == 1;
	/* Every page is reachable from one slot, or in the hands of the stopped vCPU. */
	d_step {
		MOVE(slot[0], 0, 9);
		MOVE(slot[1], 0, 9);
		i = 1;
		do
		:: i <= NP -> CHECK(gone, owner[i] != 9 && (frozen == 0 || owner[i] != frozen)); i++
		:: i > NP -> break
		od
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership map: two regions, each UNIFORM(state) or LEAF(index); a leaf has two words of two
 * pages. vCPUs claim a page (CAS in the leaf, after a split where the region is UNIFORM) or a whole
 * region (one CAS, or word after word upwards with exact undo), flip the validated state, release,
 * and may merge a region that they hold completely.
 *
 * Holds: at most one holder per page; a CAS succeeds only in the leaf that the region points at;
 * the map agrees with the RMP at every claim and at the end; no claim is left behind; a split never
 * lacks a leaf, whatever stops where (leaves: one per region, one that may wait for its grace
 * period, one per vCPU that is splitting); nobody waits: no statement here can block.
 * Epoch section: entry to the CAS, no longer. Grace period: every section open at the retirement
 * has been left, which is the least that ck_epoch guarantees.
 *
 * good: ROUNDS2 two vCPUs with two operations each (plain: three with one each)
 * bad: NOGRACE /foreign_leaf|two_holders/ a retired leaf is used again at once (A8)
 * bad: RETIRECLEAR /foreign_leaf|two_holders/
 *	a retired leaf is reset to VALID instead of staying all-CLAIMED
 * bad: NOUNDO /left_behind/ a 2M claim that fails half-way leaves its first words claimed
 * bad: MERGEREADY /foreign_leaf|two_holders|mismatch/
 *	merge when all words look alike, without holding them
 * bad: NOSECTION /foreign_leaf|two_holders/ lookup and CAS outside of an epoch section
 * bad: FEWLEAVES /no_leaf/ no reserve for vCPUs that split at the same time
 */

#define NV 3	/* vCPUs */
#ifdef FEWLEAVES
#define NL 3
#else
#define NL 6
#endif
#define SPARE 1	/* leaves that may wait for a grace period */

/* Page states; no leaf operation depends on PRIVATE being another state than these. */
#define INVALID 0
#define VALID 1
#define CLAIMED 2
#define ALL(s) ((s) * 5)
#define PAGE(w, k) (((w) >> (2 * (k))) & 3)
#define WITH(w, k, s) (((w) & (3 << (2 * (1 - (k))))) | ((s) << (2 * (k))))

/* A region word: 0..2 UNIFORM(s), 4 + i LEAF(i). */
#define LEAF 4
#define NONE 3

byte region[2];
byte leaf[2 * NL] = 10;		/* all-CLAIMED while nobody has filled it */

byte in_section;		/* bit per vCPU */
byte grace[NL];			/* vCPUs whose section a retired leaf waits for */
bool retired[NL], busy[NL];
byte waiting;			/* leaves reserved for or in retirement */

byte belongs[NL] = NONE;	/* ghost: region that a published leaf belongs to */
byte held[2];			/* ghost: claims, bit per page */
byte rmp[2];			/* ghost: validated, bit per page */
bool foreign_leaf, two_holders, left_behind, mismatch, no_leaf;

#define CHECK(flag, bad) flag = (bad); assert(!flag)

/* Ghost part of a successful claim of the pages of mask @m found in state @s. */
#define TOOK(m, s) \
	CHECK(two_holders, (held[r] & (m)) != 0); \
	CHECK(mismatch, (rmp[r] & (m)) != (m) * (s)); \
	held[r] = held[r] | (m)

#define GAVE(m, s) \
	CHECK(mismatch, (rmp[r] & (m)) != (m) * (s)); \
	held[r] = held[r] & (15 - (m))

inline enter()
{
#ifndef NOSECTION
	in_section = in_section | (1 << id)
#else
	skip
#endif
}

#define FREE_IF_QUIET(x) \
	if \
	:: retired[x] && grace[x] == 0 -> retired[x] = false; busy[x] = false; belongs[x] = NONE; \
		waiting-- \
	:: else -> skip \
	fi

inline leave()
{
	d_step {
		in_section = in_section & (255 - (1 << id));
		i = 0;
		do
		:: i < NL -> grace[i] = grace[i] & (255 - (1 << id)); FREE_IF_QUIET(i); i++
		:: i == NL -> break
		od;
		i = 0
	}
}

/* After the region word no longer names the leaf. */
inline retire()
{
	d_step {
		retired[l] = true;
#ifndef NOGRACE
		grace[l] = in_section;
#endif
		FREE_IF_QUIET(l)
	}
}

inline take_leaf()
{
	d_step {
		l = 0;
		do
		:: l < NL && busy[l] -> l++
		:: else -> break
		od;
		CHECK(no_leaf, l == NL);
		busy[l] = true
	}
}

/* UNIFORM(e) to LEAF(l): filled before it is published; the loser keeps its leaf. */
inline split()
{
	take_leaf();
	d_step { leaf[2 * l] = ALL(e); leaf[2 * l + 1] = ALL(e) };
	d_step {
		if
		:: region[r] == e -> region[r] = LEAF + l; belongs[l] = r
		:: else ->
			busy[l] = false;
			leaf[2 * l] = ALL(CLAIMED);
			leaf[2 * l + 1] = ALL(CLAIMED)
		fi
	}
}

#define CAS_WORD(at, from, to, m, s) \
	d_step { \
		if \
		:: leaf[at] == (from) -> \
			CHECK(foreign_leaf, region[r] != LEAF + l || belongs[l] != r); \
			leaf[at] = (to); \
			TOOK(m, s); \
			ok = true \
		:: else -> ok = false \
		fi; \
		w = 0 \
	}

/* A release in a leaf that the caller holds a claim in: the leaf cannot be retired meanwhile. */
#define PUT_WORD(at, value, m, s) \
	d_step { \
		CHECK(foreign_leaf, region[r] != LEAF + l || belongs[l] != r); \
		leaf[at] = (value); \
		GAVE(m, s) \
	}

/* The RMP operations of the pages of mask @m, between claim and release. */
#define FLIP(m) \
	d_step { CHECK(two_holders, (held[r] & (m)) != (m)); rmp[r] = rmp[r] ^ (m) }

/* Page @k of word @k: the outermost pages of the region. */
inline small_page()
{
	enter();
	e = region[r];
	if
	:: e == INVALID || e == VALID ->
		split();
		d_step { l = 0; e = region[r] }
	:: else -> skip
	fi;
	if
	:: e < LEAF -> leave(); goto next	/* CLAIMED, or lost a race: BUSY */
	:: else -> d_step { l = e - LEAF; e = 0; w = leaf[2 * l + k]; s = PAGE(w, k) }
	fi;
	if
	:: s == CLAIMED -> leave(); goto next
	:: else -> skip
	fi;
	CAS_WORD(2 * l + k, w, WITH(w, k, CLAIMED), 1 << (3 * k), s);
	leave();
	if
	:: !ok -> goto next
	:: ok -> skip
	fi;
	FLIP(1 << (3 * k));
	PUT_WORD(2 * l + k, WITH(leaf[2 * l + k], k, 1 - s), 1 << (3 * k), 1 - s);
#ifdef MERGEREADY
	if
	:: leaf[2 * l] == ALL(1 - s) && leaf[2 * l + 1] == ALL(1 - s) && waiting < SPARE ->
		d_step { waiting++; region[r] = 1 - s };
		d_step { leaf[2 * l] = ALL(CLAIMED); leaf[2 * l + 1] = ALL(CLAIMED) };
		retire()
	:: else -> skip
	fi
#endif
}

inline large_page()
{
	enter();
	e = region[r];
	if
	:: e < CLAIMED ->
		d_step {
			if
			:: region[r] == e -> region[r] = CLAIMED; TOOK(15, e); ok = true
			:: else -> ok = false
			fi
		};
		leave();
		if
		:: !ok -> goto next
		:: ok -> skip
		fi;
		FLIP(15);
		d_step { region[r] = 1 - e; GAVE(15, 1 - e) };
		goto next
	:: e == CLAIMED -> leave(); goto next
	:: e >= LEAF -> d_step { l = e - LEAF; e = 0; w = leaf[2 * l]; s = PAGE(w, 0) }
	fi;
	if
	:: s == CLAIMED || w != ALL(s) -> leave(); goto next
	:: else -> skip
	fi;
	CAS_WORD(2 * l, ALL(s), ALL(CLAIMED), 3, s);
	/* From here on the claimed pages keep the leaf alive. */
	leave();
	if
	:: !ok -> goto next
	:: ok -> skip
	fi;
	CAS_WORD(2 * l + 1, ALL(s), ALL(CLAIMED), 12, s);
	if
	:: !ok ->
#ifndef NOUNDO
		PUT_WORD(2 * l, ALL(s), 3, s);
#else
		d_step { GAVE(3, s) };
#endif
		goto next
	:: ok -> skip
	fi;
	FLIP(15);
	if
	:: true ->
		PUT_WORD(2 * l, ALL(1 - s), 3, 1 - s);
		PUT_WORD(2 * l + 1, ALL(1 - s), 12, 1 - s)
	:: atomic { waiting < SPARE -> waiting++ };
		d_step { region[r] = 1 - s; GAVE(15, 1 - s) };
#ifdef RETIRECLEAR
		d_step { leaf[2 * l] = ALL(VALID); leaf[2 * l + 1] = ALL(VALID) };
#endif
		retire()
	fi
}

proctype vcpu(byte id, rounds)
{
	byte r, k, e, l, w, s, i;
	bool ok;

	do
	:: rounds > 0 ->
		rounds--;
		if
		:: r = 0
		:: r = 1
		fi;
		if
		:: k = 0; small_page()
		:: k = 1; small_page()
		:: large_page()
		fi;
next:		skip;
		d_step { r = 0; k = 0; e = 0; l = 0; w = 0; s = 0; ok = false }
	:: rounds == 0 -> break
	od
}

#define STATE(r, k) \
	(region[r] < LEAF -> region[r] : PAGE(leaf[2 * (region[r] - LEAF) + (k) / 2], (k) % 2))
#define AGREES(r, k) (STATE(r, k) == ((rmp[r] >> (k)) & 1))

init {
	atomic {
		/* Region 0 starts whole, split and alike, or split and mixed. */
		if
		:: true -> skip
		:: busy[0] = true; belongs[0] = 0; region[0] = LEAF; leaf[0] = 0; leaf[1] = 0
		:: busy[0] = true; belongs[0] = 0; region[0] = LEAF; leaf[0] = 0;
		   leaf[1] = WITH(0, 1, VALID); rmp[0] = 8
		fi;
#ifdef ROUNDS2
		run vcpu(0, 2);
		run vcpu(1, 2)
#else
		run vcpu(0, 1);
		run vcpu(1, 1);
		run vcpu(2, 1)
#endif
	};
	_nr_pr == 1;
	d_step {
		CHECK(left_behind, !(AGREES(0, 0) && AGREES(0, 1) && AGREES(0, 2) && AGREES(0, 3)));
		CHECK(left_behind, !(AGREES(1, 0) && AGREES(1, 1) && AGREES(1, 2) && AGREES(1, 3)));
		CHECK(left_behind, held[0] != 0 || held[1] != 0)
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbox of one vCPU: two single-producer single-consumer rings, each behind a producer try-word,
 * and a bitmap for vectors. A sender tries one ring after the other; a vector that finds none goes
 * to the bitmap, a hint is dropped. One sender may stop for ever anywhere, try-word held.
 *
 * Holds: every other sender completes (no end state in which one waits, no endless execution: what
 * it does is bounded); a ring has one producer at a time, its indices and slots stay intact; every
 * vector of a sender that completed arrives.
 *
 * check: cycles
 * good: ROUNDS2 two senders with two messages each (plain: three with one each)
 * good: ONERING one ring, the configuration of BITMAPSTORE
 * bad: MPENQUEUE /invalid end state/
 *	one multi-producer ring: senders wait for an earlier, stopped reservation
 * bad: NOTRY /two_producers/ senders write into an SPSC ring without its try-word
 * bad: WAITTRY /invalid end state/ a sender waits for the try-word instead of going on
 * bad: BITMAPSTORE /lost/ the bitmap is updated by load and store
 * bad: EARLYTAIL /torn/ the index is published before the slot is written
 */

#ifdef ROUNDS2
#define NP 2	/* senders */
#else
#define NP 3
#endif
#define CAP 2	/* slots of a ring */
#if defined(ONERING) || defined(BITMAPSTORE)
#define NR 1	/* rings in use: the bitmap is all that two senders have */
#else
#define NR 2
#endif

byte slot[2 * CAP];	/* 0: empty */
byte head[2], tail[2];	/* free running */
bool try[2];
byte bitmap;

byte sent, got;		/* ghost: vectors, bit per sender */
byte producers[2];	/* ghost: senders inside the enqueue */
byte finished;
bool two_producers, torn, overrun, lost;

#define CHECK(flag, bad) flag = (bad); assert(!flag)

/* The senders are alike: that sender 0 is the one loses nothing. */
#define MAY_FREEZE \
	if \
	:: id == 0 -> goto stop \
	:: true -> skip \
	fi

proctype sender(byte id, rounds)
{
	byte r, t, b, message;
	bool taken, done;

	do
	:: rounds > 0 ->
		rounds--;
		if
		:: message = 1 + id		/* a vector */
		:: message = 1 + NP		/* a hint */
		fi;
		r = 0;
#ifdef MPENQUEUE
		/* As ck_ring does: reserve, write, wait for the earlier ones, publish. */
		atomic {
			if
			:: producers[0] - head[0] < CAP -> t = producers[0]; producers[0]++
			:: else -> r = 2
			fi
		};
		if
		:: r == 0 ->
			slot[t % CAP] = message;
			MAY_FREEZE;
			tail[0] == t;
			tail[0] = t + 1;
			done = true
		:: r == 2 -> skip
		fi;
#else
		do
		:: r < NR ->
#ifndef NOTRY
#ifdef WAITTRY
			atomic { !try[r] -> try[r] = true };
			taken = false;
#else
			atomic { taken = try[r]; try[r] = true };	/* exchange */
#endif
			if
			:: taken -> taken = false; r++; goto again
			:: !taken -> skip
			fi;
#endif
			d_step {
				producers[r]++;
				CHECK(two_producers, producers[r] != 1);
				t = tail[r]
			};
			if
			:: t - head[r] < CAP ->
#ifdef EARLYTAIL
				tail[r] = t + 1;
#endif
				slot[r * CAP + t % CAP] = message;
				MAY_FREEZE;
#ifndef EARLYTAIL
				tail[r] = t + 1;
#endif
				done = true
			:: else -> skip
			fi;
			atomic { producers[r]--; t = 0 };
			MAY_FREEZE;
			try[r] = false;
			if
			:: done -> break
			:: !done -> r++
			fi;
again:			skip
		:: r == NR -> break
		od;
#endif
		if
		:: !done && message <= NP ->
#ifdef BITMAPSTORE
			b = bitmap;
			bitmap = b | (1 << id);
			b = 0;
#else
			bitmap = bitmap | (1 << id);
#endif
			done = true
		:: else -> skip
		fi;
		atomic {
			if
			:: done && message <= NP -> sent = sent | (1 << id)
			:: else -> skip
			fi;
			message = 0;
			r = 0;
			t = 0;
			done = false
		}
	:: rounds == 0 -> break
	od;
stop:	skip;
	d_step { rounds = 0; r = 0; t = 0; message = 0; taken = false; done = false; finished++ }
}

#define RECEIVE(r) \
	head[r] != tail[r] -> \
		d_step { \
			message = slot[r * CAP + head[r] % CAP]; \
			CHECK(torn, message == 0); \
			if \
			:: message <= NP -> got = got | (1 << (message - 1)) \
			:: else -> skip \
			fi; \
			slot[r * CAP + head[r] % CAP] = 0; \
			message = 0 \
		}; \
		d_step { head[r]++; CHECK(overrun, tail[r] - head[r] > CAP) }

active proctype receiver()
{
	byte message;

	do
	:: RECEIVE(0)
	:: RECEIVE(1)
	:: atomic { bitmap != 0 -> got = got | bitmap; bitmap = 0 }
	:: atomic { finished == NP && bitmap == 0 && head[0] == tail[0] && head[1] == tail[1] ->
		CHECK(lost, (sent & got) != sent); break }
	od
}

init {
	atomic {
#ifdef ROUNDS2
		run sender(0, 2);
		run sender(1, 2)
#else
		run sender(0, 1);
		run sender(1, 1);
		run sender(2, 1)
#endif
	}
}

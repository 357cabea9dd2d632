/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * SHM_COPY: what applications do that have no DMA. A producer copies messages into a ring in shared
 * memory, and a consumer, another process on another core, copies them out into its own memory.
 *
 * The ring is as good as such a ring can be. Each side's index has a cache line of its own and is
 * written once for a batch; each side reads the other's only when what it last saw is used up. A
 * message longer than a slot goes through several of them, so that both sides copy at the same time
 * and the ring as a whole stays in the caches.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_memcpy.h>
#include <rte_pause.h>

#include "bench.h"

#define MAX_SLOT 16384
/* What is in flight between two cores should fit into the second cache of each. */
#define MAX_RING_BYTES (512 * 1024)
#define POLLS 65536

struct shm_ring {
	/* Slots that the producer has filled, and a sign of the end. */
	uint64_t head __rte_cache_aligned;
	uint32_t ended;
	/* Slots that the consumer has emptied. */
	uint64_t tail __rte_cache_aligned;
	uint8_t slots[] __rte_cache_aligned;
};

/* What both sides know without asking. */
struct shape {
	uint32_t slot;    /* most bytes in it */
	uint32_t stride;  /* from one to the next */
	uint32_t mask;
	uint32_t batch;   /* slots that are handed over at once */
};

static struct shm_ring *ring;
static size_t ring_len;

static void
get_shape(const struct bench *b, struct shape *h)
{
	uint32_t nb = b->s.ring_size;

	h->slot = RTE_MIN(b->s.buf_size, (uint32_t)MAX_SLOT);
	h->stride = RTE_ALIGN_CEIL(h->slot, RTE_CACHE_LINE_SIZE);
	while (nb > 2 && nb * h->stride > MAX_RING_BYTES)
		nb /= 2;
	h->mask = nb - 1;
	/* Half a ring at most, or the sides would wait for each other. */
	h->batch = RTE_MIN(b->s.kick_batch, nb / 2);
}

static inline uint8_t *
slot_at(const struct shape *h, uint64_t index)
{
	return ring->slots + (index & h->mask) * h->stride;
}

/* --- The consumer ----------------------------------------------------------------------------- */

static void
consume(struct bench *b, int sock)
{
	const uint32_t size = b->s.buf_size;
	uint64_t tail = 0, given = 0, head, at = 0;
	uint32_t in_message = 0, len;
	struct shape h;

	RTE_SET_USED(sock);
	get_shape(b, &h);
	for (;;) {
		/* Acquire: pairs with the release in publish(); what is in the slots is there. */
		head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		if (head == tail) {
			if (__atomic_load_n(&ring->ended, __ATOMIC_ACQUIRE))
				return;
			rte_pause();
			continue;
		}
		while (tail != head) {
			len = RTE_MIN(size - in_message, h.slot);
			rte_memcpy(b->dst + at + in_message, slot_at(&h, tail), len);
			in_message += len;
			tail++;
			if (in_message == size) {
				in_message = 0;
				at += size;
				if (at == b->layout.part)
					at = 0;
			}
			if (tail - given == h.batch || tail == head) {
				/* Release: the slots have been read; pairs with room(). */
				__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
				given = tail;
			}
		}
	}
}

static int
start(struct bench *b)
{
	struct shape h;

	get_shape(b, &h);
	ring_len = sizeof(*ring) + (size_t)(h.mask + 1) * h.stride;
	ring = mmap(NULL, ring_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		-1, 0);
	if (ring == MAP_FAILED)
		return bench_fail(b, "no memory for a ring of %zu bytes: %s", ring_len,
			strerror(errno));

	return bench_process_start(b, b->c->peer_core, consume);
}

static int
stop(struct bench *b)
{
	int ret;

	/* Release: after the last head. */
	__atomic_store_n(&ring->ended, 1, __ATOMIC_RELEASE);
	ret = bench_process_stop(b);
	munmap(ring, ring_len);

	return ret == 0 ? bench_verify_workers(b) : ret;
}

/* --- The producer ----------------------------------------------------------------------------- */

struct producer {
	struct shape h;
	uint64_t head;
	uint64_t published;
	uint64_t tail; /* as last seen */
	uint64_t at;
};

static inline void
publish(struct producer *p)
{
	/* Release: the slots are filled; pairs with the acquire in consume(). */
	__atomic_store_n(&ring->head, p->head, __ATOMIC_RELEASE);
	p->published = p->head;
}

/* Waits until the consumer has emptied all but so many slots. */
static inline int
wait_room(struct bench *b, struct producer *p, uint32_t in_use)
{
	unsigned int polls = 0;

	while (p->head - p->tail > in_use) {
		/* Acquire: pairs with the release in consume(); the slots may be written. */
		p->tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
		if (unlikely(++polls % POLLS == 0) && !bench_process_lives(b))
			return bench_fail(b, "the consumer is gone");
		if (p->head - p->tail > in_use)
			rte_pause();
	}

	return 0;
}

static inline int
produce(struct bench *b, struct producer *p)
{
	const uint32_t size = b->s.buf_size;
	uint32_t done, len;

	for (done = 0; done < size; done += len) {
		if (unlikely(p->head - p->tail > p->h.mask)) {
			publish(p);
			if (wait_room(b, p, p->h.mask) != 0)
				return -1;
		}
		len = RTE_MIN(size - done, p->h.slot);
		rte_memcpy(slot_at(&p->h, p->head), b->src + p->at + done, len);
		p->head++;
		if (p->head - p->published >= p->h.batch)
			publish(p);
	}
	p->at += size;
	if (p->at == b->layout.part)
		p->at = 0;

	return 0;
}

static int
throughput(struct bench_worker *w)
{
	struct producer p = { .head = 0 };
	struct bench *b = w->b;
	uint32_t slots_per_op;
	uint64_t done;

	get_shape(b, &p.h);
	slots_per_op = (b->s.buf_size + p.h.slot - 1) / p.h.slot;
	bench_watch_start(&w->watch, b->c->seconds);
	do {
		if (produce(b, &p) != 0)
			return -1;
		w->total++;
		/* Messages that came out again, not those that went in. */
		done = p.tail / slots_per_op;
	} while (!bench_watch_ended(&w->watch, done));
	publish(&p);

	return wait_room(b, &p, 0);
}

/* From before a message is copied in until the consumer has copied it out. */
static int
latency(struct bench_worker *w)
{
	struct producer p = { .head = 0 };
	struct bench *b = w->b;
	uint64_t begin;

	get_shape(b, &p.h);
	bench_watch_start(&w->watch, b->c->seconds);
	do {
		begin = rte_rdtsc_precise();
		if (produce(b, &p) != 0)
			return -1;
		publish(&p);
		if (wait_room(b, &p, 0) != 0)
			return -1;
		bench_latency_add(w, rte_rdtsc_precise() - begin);
		w->total++;
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}

const struct bench_type bench_shm_type = {
	.start = start,
	.stop = stop,
	.throughput = throughput,
	.latency = latency,
};

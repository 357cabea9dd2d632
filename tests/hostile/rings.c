/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: any content of any ring. Random and half-valid descriptors, lists that change while they
 * are executed, indexes that jump, a ring's memory and eventfd abused: each operation ends with a
 * status, nothing moves but in the attacker's own memory, and others go on.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "good_pair.h"
#include "testing.h"

#define RANDOM_DESCS   4000000u
#define SCRIBBLE_MS    1000
#define RING           1024u
#define MEM            (1u << 20)
#define CANARY         0xc5

static struct controller ctl;
static uid_t attacker;
/* A victim that grants nothing to anybody: no byte of it may ever change or be seen. */
static struct sw_client victim;
static struct sw_mem victim_mem;

static void
victim_check(void)
{
	const size_t i = first_other(victim_mem.p, victim_mem.len, CANARY);

	CHECK(i == victim_mem.len, "byte %zu of the victim became 0x%x", i, victim_mem.p[i]);
}

/* Nothing of the victim in the attacker's memory: it holds no run of the canary by itself. */
static void
leak_check(const struct sw_mem *m)
{
	static const uint8_t canary[16] = { CANARY, CANARY, CANARY, CANARY, CANARY, CANARY, CANARY,
		CANARY, CANARY, CANARY, CANARY, CANARY, CANARY, CANARY, CANARY, CANARY };
	const uint8_t *at = memmem(m->p, m->len, canary, sizeof(canary));

	CHECK(at == NULL, "the victim's bytes are at %td of the attacker's memory", at - m->p);
}

static bool
known_status(uint8_t st)
{
	return st == SW_ST_OK || st == SW_ST_BAD_SRC || st == SW_ST_BAD_DST ||
		st == SW_ST_BAD_LENGTH || st == SW_ST_BAD_OPCODE || st == SW_ST_BAD_HANDLER ||
		st == SW_ST_DENIED;
}

/* An address that is often right, or nearly so. */
static uint64_t
rnd_addr(const struct sw_mem *m)
{
	const uint64_t base = (uintptr_t)m->p;

	switch (rnd_below(8)) {
	case 0:
		return rnd();
	case 1:
		return (uintptr_t)victim_mem.p + rnd_below(victim_mem.len);
	case 2:
		return base + m->len - rnd_below(64);
	case 3:
		return base - rnd_below(64);
	case 4:
		return UINT64_MAX - rnd_below(256);
	default:
		return base + rnd_below(m->len);
	}
}

static uint32_t
rnd_len(void)
{
	switch (rnd_below(64)) {
	case 0:
		return rnd();
	case 1:
		return rnd_below(MEM);
	case 2:
		return 0;
	default:
		return 1 + rnd_below(256);
	}
}

static uint64_t
rnd_flags(void)
{
	static const uint64_t ends[] = { 0, 0, SW_FLAG_SRC_HANDLER, SW_FLAG_DST_HANDLER,
		SW_FLAG_SRC_HANDLER | SW_FLAG_DST_HANDLER };
	uint64_t flags = ends[rnd_below(5)];

	if (rnd_below(64) == 0)
		return rnd();
	if (flags != 0 || rnd_below(16) == 0) {
		const uint16_t handlers[] = { SW_HANDLER_SELF, victim.handler, rnd(),
			rnd_below(16) };

		flags |= (uint64_t)handlers[rnd_below(4)] << SW_FLAG_HANDLER_SHIFT;
	}

	return flags | rnd_below(8);
}

static void
rnd_desc(struct sw_chan *ch, const struct sw_mem *m)
{
	struct sw_sg_list *list = &ch->sg[ch->tail & (ch->nb - 1)];
	struct sw_desc d = { .op = 1 + rnd_below(3) };
	uint8_t i, nb_src;

	if (rnd_below(32) == 0) {
		rnd_fill(&d, sizeof(d));
		rnd_fill(list, sizeof(*list));
		sw_chan_put(ch, &d);
		return;
	}
	d.flags = rnd_flags();
	d.src = rnd_addr(m);
	d.dst = rnd_addr(m);
	d.len = rnd_len();
	if (d.op == SW_OP_COPY_SG) {
		d.len = 0;
		nb_src = rnd_below(SW_MAX_SGES + 2);
		d.op = SW_OP_SG(nb_src, rnd_below(2) != 0 ? nb_src : rnd_below(SW_MAX_SGES + 2));
		for (i = 0; i < SW_MAX_SGES; i++) {
			list->src[i] = (struct sw_sge){ rnd_addr(m), rnd_len(),
				rnd_below(512) == 0 };
			list->dst[i] = (struct sw_sge){ rnd_addr(m), list->src[i].len, 0 };
		}
	}
	if (rnd_below(64) == 0)
		((uint8_t *)&d)[rnd_below(sizeof(d))] = rnd();
	sw_chan_put(ch, &d);
}

static void
random_descriptors(struct sw_client *c, const struct sw_mem *m)
{
	const uint32_t nb = sanitized() ? RANDOM_DESCS / 16 : RANDOM_DESCS;
	uint32_t i, n, done, ends[256] = { 0 };
	struct sw_chan ch;
	int ret;

	test_say("%u random descriptors", nb);
	ret = sw_chan_open(c, RING, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch);
	CHECK(ret == 0, "no ring: %s", strerror(-ret));
	for (done = 0; done < nb; done += n) {
		n = 1 + rnd_below(RING);
		memset(ch.status, 0xee, RING);
		for (i = 0; i < n; i++)
			rnd_desc(&ch, m);
		sw_chan_submit(&ch);
		ret = sw_chan_wait(&ch, SW_CLIENT_MS);
		CHECK(ret == 0, "%u of %u operations did not end in %u ms",
			ch.tail - (uint32_t)ch.hdr->done, n, SW_CLIENT_MS);
		for (i = 0; i < n; i++) {
			const uint8_t st = ch.status[(ch.tail - n + i) & (RING - 1)];

			CHECK(known_status(st), "an operation ended with 0x%x", st);
			ends[st]++;
		}
	}
	for (i = 0; i < 256; i++)
		if (ends[i] != 0)
			test_say("  status 0x%02x: %u", i, ends[i]);
	CHECK(ends[SW_ST_OK] > 1000 && ends[SW_ST_BAD_HANDLER] > 1000 &&
		ends[SW_ST_BAD_SRC] > 1000 &&
		ends[SW_ST_BAD_OPCODE] > 100 && ends[SW_ST_BAD_LENGTH] > 100,
		"the descriptors were not various enough");
	victim_check();
	leak_check(m);
	sw_chan_free(&ch);
	CHECK(sw_chan_destroy(c, &ch) == 0, "the ring cannot be destroyed");
}

struct scribbler {
	struct sw_chan *ch;
	const struct sw_mem *m;
	_Atomic bool stop;
};

/* Writes over descriptors and lists while they are executed. */
static void *
scribble(void *arg)
{
	struct scribbler *s = arg;
	struct sw_sg_list *list;
	volatile struct sw_desc *d;
	uint32_t slot;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		slot = rnd_below(s->ch->nb);
		list = &s->ch->sg[slot];
		d = &s->ch->desc[slot];
		list->src[rnd_below(SW_MAX_SGES)].len = rnd_len();
		list->dst[rnd_below(SW_MAX_SGES)].len = rnd_len();
		list->src[rnd_below(SW_MAX_SGES)].addr = rnd_addr(s->m);
		list->dst[rnd_below(SW_MAX_SGES)].addr = rnd_addr(s->m);
		d->len = rnd_len();
		d->op = rnd_below(2) != 0 ? 1 + rnd_below(3) :
			SW_OP_SG(rnd_below(SW_MAX_SGES + 2), rnd_below(SW_MAX_SGES + 2));
		d->src = rnd_addr(s->m);
		d->dst = rnd_addr(s->m);
		d->flags = rnd_flags();
		s->ch->status[slot] = rnd();
		s->ch->hdr->asleep = rnd_below(2);
	}

	return NULL;
}

static void
changed_while_executed(struct sw_client *c, const struct sw_mem *m)
{
	const uint64_t end = now_ms() + SCRIBBLE_MS;
	struct scribbler s = { .m = m };
	const uint64_t one = 1;
	struct sw_chan ch;
	uint32_t i, ops = 0;
	pthread_t thread;

	test_say("descriptors and lists that change while they are executed");
	CHECK(sw_chan_open(c, RING, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "no ring");
	s.ch = &ch;
	CHECK(pthread_create(&thread, NULL, scribble, &s) == 0, "no thread");
	while (now_ms() < end) {
		for (i = 0; i < RING; i++)
			rnd_desc(&ch, m);
		sw_chan_submit(&ch);
		/* The scribbler writes asleep, too, so it says nothing. */
		CHECK(write(ch.eventfd, &one, sizeof(one)) == sizeof(one), "eventfd");
		CHECK(sw_chan_wait(&ch, SW_CLIENT_MS) == 0, "operations did not end");
		ops += RING;
	}
	atomic_store(&s.stop, true);
	pthread_join(thread, NULL);
	test_say("  %u operations", ops);
	victim_check();
	leak_check(m);
	sw_chan_free(&ch);
	CHECK(sw_chan_destroy(c, &ch) == 0, "the ring cannot be destroyed");
}

/* The index of a ring jumps: this ring is served no more, all others are. */
static void
index_jumps(struct sw_client *c, const struct sw_mem *m)
{
	const uint32_t jumps[] = { RING + 1, RING + 2, 1u << 31, UINT32_MAX, UINT32_MAX - RING };
	struct sw_chan bad, other;
	const uint64_t one = 1;
	uint32_t i;
	int st;

	test_say("indexes that jump");
	CHECK(sw_chan_open(c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &other) == 0,
		"no ring");
	for (i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		CHECK(sw_chan_open(c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &bad) == 0,
			"no ring");
		bad.hdr->tail = jumps[i];
		CHECK(write(bad.eventfd, &one, sizeof(one)) == sizeof(one), "eventfd");
		st = sw_chan_copy(&other, (uintptr_t)m->p, (uintptr_t)m->p + 4096, 512, 0);
		CHECK(st == SW_ST_OK, "another ring of the same client: 0x%x", st);
		CHECK((uint32_t)bad.hdr->done == 0, "index %u: the engine did %u operations",
			jumps[i],
			(uint32_t)bad.hdr->done);
		sw_chan_free(&bad);
		CHECK(sw_chan_destroy(c, &bad) == 0, "the ring cannot be destroyed");
	}
	sw_chan_free(&other);
	CHECK(sw_chan_destroy(c, &other) == 0, "the ring cannot be destroyed");
}

/* Each reserved bit of a descriptor or a list is refused, and nothing is done. */
static void
reserved_bits(struct sw_client *c, const struct sw_mem *m)
{
	const uint32_t hints_end = 8 * offsetof(struct sw_desc, flags) + 3;
	const uint32_t addresses_end = 8 * sizeof(struct sw_desc);
	const uint64_t src = (uintptr_t)m->p, dst = src + 4096;
	struct sw_desc d;
	struct sw_chan ch;
	uint32_t i;
	int st;

	test_say("reserved bits");
	CHECK(sw_chan_open(c, RING, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "no ring");
	memset(m->p, 1, 4096);
	memset(m->p + 4096, 2, 4096);
	for (i = 0; i < 8 * sizeof(d); i++) {
		d = (struct sw_desc){ .op = SW_OP_COPY, .len = 64, .src = src, .dst = dst };
		((uint8_t *)&d)[i / 8] ^= 1 << i % 8;
		/* Fields that mean something else then, but nothing that is refused. */
		if (i < 8 ||
		    (i >= 8 * offsetof(struct sw_desc, len) && i < hints_end) ||
		    (i >= 8 * offsetof(struct sw_desc, src) && i < addresses_end))
			continue;
		st = sw_chan_run(&ch, &d);
		CHECK(st != SW_ST_OK, "bit %u of a descriptor changed, and still it is done", i);
		CHECK(m->p[4096] == 2, "bit %u: refused with 0x%x, and still it moved data", i, st);
	}
	d = (struct sw_desc){ .op = SW_OP_SG(1, 1) };
	for (i = 0; i < 32; i++) {
		ch.sg[ch.tail & (RING - 1)].src[0] = (struct sw_sge){ src, 64, 0 };
		ch.sg[ch.tail & (RING - 1)].dst[0] = (struct sw_sge){ dst, 64, 1u << i };
		st = sw_chan_run(&ch, &d);
		CHECK(st != SW_ST_OK && m->p[4096] == 2, "bit %u of an entry: 0x%x", i, st);
	}
	sw_chan_free(&ch);
	CHECK(sw_chan_destroy(c, &ch) == 0, "the ring cannot be destroyed");
}

static struct sw_rep_status_client
counters_of(const struct sw_client *c)
{
	struct sw_req_status req = {
		.hdr = { .type = SW_MSG_STATUS_CLIENT }, .index = c->handler,
	};
	struct sw_rep_status_client rep;
	struct sw_client status;
	int ret;

	CHECK(sw_open_status(&status, ctl.dir, geteuid()) == 0, "no status connection");
	ret = sw_call(&status, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
	CHECK(ret == 0 && rep.handler == c->handler, "counters of %u: %d", c->handler, ret);
	sw_close(&status);

	return rep;
}

/* Counters are what was done, of every kind of operation, and in one turn as well as in many. */
static void
counted(struct sw_client *c, const struct sw_mem *m)
{
	const uint64_t src = (uintptr_t)m->p, dst = src + MEM / 2;
	const uint64_t handler = SW_FLAG_DST_HANDLER | UINT64_C(999) << SW_FLAG_HANDLER_SHIFT;
	const struct sw_desc descs[] = {
		{ .op = SW_OP_COPY, .len = 64, .src = src, .dst = dst },
		{ .op = SW_OP_SG(2, 1), .flags = 0 },
		{ .op = SW_OP_FILL, .len = 100, .src = 1, .dst = dst },
		{ .op = SW_OP_COPY, .len = 200000, .src = src, .dst = dst },
		{ .op = SW_OP_COPY, .len = 64, .src = src, .dst = dst, .flags = handler },
		{ .op = SW_OP_COPY, .len = 64, .src = 8, .dst = dst },
	};
	const uint32_t nb = sizeof(descs) / sizeof(descs[0]);
	const uint64_t bytes = 64 + 3000 + 100 + 200000;
	struct sw_rep_status_client before, after;
	struct sw_chan ch;
	uint32_t i, k;

	test_say("counters");
	CHECK(sw_chan_open(c, RING, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "no ring");
	before = counters_of(c);
	for (k = 0; k < 20; k++) {
		for (i = 0; i < nb; i++) {
			ch.sg[ch.tail & (RING - 1)].src[0] = (struct sw_sge){ src, 1000, 0 };
			ch.sg[ch.tail & (RING - 1)].src[1] = (struct sw_sge){ src + 4096, 2000, 0 };
			ch.sg[ch.tail & (RING - 1)].dst[0] = (struct sw_sge){ dst, 3000, 0 };
			sw_chan_put(&ch, &descs[i]);
		}
		if (k % 5 == 4) {
			sw_chan_submit(&ch);
			CHECK(sw_chan_wait(&ch, SW_CLIENT_MS) == 0, "operations are not done");
		}
	}
	/* They are counted when the engine's turn is over, which it is before a ring goes. */
	sw_chan_free(&ch);
	CHECK(sw_chan_destroy(c, &ch) == 0, "the ring cannot be destroyed");
	after = counters_of(c);
	CHECK(after.ops - before.ops == k * nb, "%lu operations, not %u",
		(unsigned long)(after.ops - before.ops), k * nb);
	CHECK(after.bytes - before.bytes == k * bytes, "%lu bytes, not %lu",
		(unsigned long)(after.bytes - before.bytes), (unsigned long)(k * bytes));
	CHECK(after.errors - before.errors == 2 * k && after.denied - before.denied == k,
		"%lu errors, %lu denied", (unsigned long)(after.errors - before.errors),
		(unsigned long)(after.denied - before.denied));
}

/* What a client can do with the two descriptors of its ring. */
static void
ring_descriptors_abused(struct sw_client *c, const struct sw_mem *m)
{
	const struct sw_desc d = {
		.op = SW_OP_COPY, .len = 512, .src = (uintptr_t)m->p, .dst = (uintptr_t)m->p + 4096,
	};
	const uint64_t full = UINT64_MAX - 1;
	struct sw_chan ch;
	uint64_t drained;
	int i, st, fds[64];

	test_say("a ring's memory punched, its eventfd filled, drained and made blocking");
	CHECK(sw_chan_open(c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "no ring");
	CHECK(ftruncate(ch.memfd, 0) != 0 && errno == EPERM, "a ring's memory can be truncated");
	CHECK(ftruncate(ch.memfd, 1 << 30) != 0 && errno == EPERM, "a ring's memory can grow");
	CHECK(fcntl(ch.memfd, F_ADD_SEALS, F_SEAL_WRITE) != 0, "a ring's memory can be sealed");
	CHECK(write(ch.eventfd, &full, sizeof(full)) == sizeof(full), "eventfd: %s",
		strerror(errno));
	CHECK(fcntl(ch.eventfd, F_SETFL, 0) == 0, "eventfd: %s", strerror(errno));
	for (i = 0; i < 64; i++)
		fds[i] = dup(ch.eventfd);
	for (i = 0; i < 20; i++) {
		CHECK(fallocate(ch.memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096,
			ch.size & ~4095ul) == 0, "cannot punch: %s", strerror(errno));
		sw_chan_put(&ch, &d);
		/* Not as sw_chan_submit() does: to write to a full eventfd would block. */
		__atomic_store_n(&ch.hdr->tail, ch.tail, __ATOMIC_RELEASE);
		CHECK(read(fds[i], &drained, sizeof(drained)) == sizeof(drained), "eventfd");
		CHECK(write(fds[i], &full, sizeof(full)) == sizeof(full), "eventfd");
		CHECK(sw_chan_wait(&ch, SW_CLIENT_MS) == 0, "round %d: no end", i);
		st = ch.status[(ch.tail - 1) & (RING - 1)];
		CHECK(st == SW_ST_OK, "round %d: 0x%x", i, st);
	}
	for (i = 0; i < 64; i++)
		close(fds[i]);
	sw_chan_free(&ch);
	CHECK(sw_chan_destroy(c, &ch) == 0, "the ring cannot be destroyed");
}

/* A ring destroyed, or its client gone, with operations under way. */
static void
destroyed_under_way(const struct sw_mem *m)
{
	const struct sw_desc d = {
		.op = SW_OP_COPY, .len = MEM / 2, .src = (uintptr_t)m->p,
		.dst = (uintptr_t)m->p + MEM / 2,
	};
	struct sw_client c;
	struct sw_chan ch;
	int i, k;

	test_say("rings and clients that go with operations under way");
	for (i = 0; i < 50; i++) {
		CHECK(sw_open(&c, ctl.dir, attacker) == 0 && sw_mem_register(&c, m) == 0,
			"no client");
		CHECK(sw_chan_open(&c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0,
			"no ring");
		for (k = 0; k < (int)RING; k++)
			sw_chan_put(&ch, &d);
		sw_chan_submit(&ch);
		if (i % 2 == 0)
			CHECK(sw_chan_destroy(&c, &ch) == 0, "the ring cannot be destroyed");
		sw_close(&c);
		sw_chan_free(&ch);
	}
}

int
main(int argc, char **argv)
{
	struct good_pair good;
	struct sw_client c;
	int fds_before, fds_after;
	long kib_before;
	struct sw_mem m;

	test_start("hostile-rings", 240);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	rnd_init();
	controller_start(&ctl, argv[1], true);
	attacker = am_root() ? UID_ATTACKER : geteuid();
	good_pair_start(&good, ctl.dir, am_root() ? UID_VICTIM : geteuid());
	CHECK(sw_open(&victim, ctl.dir, am_root() ? UID_VICTIM : geteuid()) == 0, "no victim");
	sw_mem_make(&victim_mem, MEM, CANARY);
	CHECK(sw_mem_register(&victim, &victim_mem) == 0, "victim's memory");
	sw_mem_make(&m, MEM, 0x11);

	destroyed_under_way(&m);
	sw_wait_clients(ctl.dir, 3);
	fds_before = controller_fds(&ctl);
	kib_before = controller_kib(&ctl, "VmRSS");

	CHECK(sw_open(&c, ctl.dir, attacker) == 0 && sw_mem_register(&c, &m) == 0, "no client");
	random_descriptors(&c, &m);
	good_pair_check(&good);
	changed_while_executed(&c, &m);
	good_pair_check(&good);
	index_jumps(&c, &m);
	reserved_bits(&c, &m);
	counted(&c, &m);
	ring_descriptors_abused(&c, &m);
	sw_close(&c);
	destroyed_under_way(&m);

	controller_check_alive(&ctl);
	good_pair_check(&good);
	sw_wait_clients(ctl.dir, 3);
	fds_after = controller_fds_settled(&ctl, fds_before);
	test_say("descriptors of the controller: %d -> %d", fds_before, fds_after);
	CHECK(fds_after <= fds_before, "descriptors before %d, after %d", fds_before, fds_after);
	controller_check_kib(&ctl, kib_before, 4096);
	victim_check();
	good_pair_stop(&good);
	sw_close(&victim);
	sw_mem_free(&victim_mem);
	sw_mem_free(&m);
	controller_stop(&ctl);

	return test_end();
}

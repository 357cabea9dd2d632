/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promises: isolation and revocation. A client that guesses tags, takes others' names, uses
 * handlers without a grant, or beyond windows, reaches nothing; windows are the union that they
 * should be; once a right is withdrawn no later byte moves under it.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "good_pair.h"
#include "testing.h"

#define MEM       (1u << 20)
#define CANARY    0xc5
#define QUIET_MS  200
#define MODEL_OPS 20000

static struct controller ctl;
static uid_t attacker_uid, victim_uid;

/* A client in a group, with memory and a ring. */
struct party {
	struct sw_client c;
	struct sw_mem m;
	struct sw_chan ch;
	uint8_t id[SW_UUID_LEN];
};

static void
party_make(struct party *p, uid_t uid)
{
	memset(p, 0, sizeof(*p));
	rnd_fill(p->id, sizeof(p->id));
	sw_mem_make(&p->m, MEM, CANARY);
	CHECK(sw_open(&p->c, ctl.dir, uid) == 0, "no connection");
	CHECK(sw_mem_register(&p->c, &p->m) == 0, "memory is not taken");
	CHECK(sw_chan_open(&p->c, 64, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &p->ch) == 0,
		"no ring");
}

static void
party_end(struct party *p)
{
	sw_close(&p->c);
	sw_chan_free(&p->ch);
	sw_mem_free(&p->m);
}

static void
enter(struct party *p, const uint8_t *tag, const struct sw_window *win, uint16_t nb)
{
	int ret = sw_group_set(&p->c, SW_MSG_GROUP_ENTER, tag, p->id, win, nb);

	CHECK(ret == 0, "cannot enter a group: %s", strerror(-ret));
}

static uint16_t
grant(struct party *from, const uint8_t *tag, const struct party *to)
{
	uint16_t handler = 0;
	int ret = sw_grant(&from->c, tag, to->id, &handler);

	CHECK(ret == 0 && handler == to->c.handler, "grant: %d, handler %u, expected %u", ret,
		handler,
		to->c.handler);

	return handler;
}

static void
untouched(const struct party *p, const char *what)
{
	const size_t i = first_other(p->m.p, p->m.len, CANARY);

	CHECK(i == p->m.len, "%s: byte %zu became 0x%x", what, i, p->m.p[i]);
}

/* All that a client can do to another's memory by its handler must end with a status of these. */
static void
cannot_reach(struct party *from, const struct party *to, uint16_t handler, const char *what)
{
	const uint64_t own = (uintptr_t)from->m.p, far = (uintptr_t)to->m.p;
	const struct sw_desc fill = {
		.op = SW_OP_FILL, .len = 256, .src = 0, .dst = far, .flags = sw_dst(handler),
	};
	const struct sw_desc list = {
		.op = SW_OP_SG(1, 1), .flags = sw_src(handler),
	};
	struct sw_sg_list *sg;
	int st;

	memset(from->m.p, 0x11, 4096);
	st = sw_chan_copy(&from->ch, far, own, 256, sw_src(handler));
	CHECK(st == SW_ST_BAD_HANDLER || st == SW_ST_DENIED, "%s: reading ended with 0x%x", what,
		st);
	st = sw_chan_copy(&from->ch, own, far, 256, sw_dst(handler));
	CHECK(st == SW_ST_BAD_HANDLER || st == SW_ST_DENIED, "%s: writing ended with 0x%x", what,
		st);
	st = sw_chan_copy(&from->ch, far, far + 512, 64, sw_dst(handler) | sw_src(handler));
	CHECK(st == SW_ST_BAD_HANDLER || st == SW_ST_DENIED, "%s: moving ended with 0x%x", what,
		st);
	st = sw_chan_run(&from->ch, &fill);
	CHECK(st == SW_ST_BAD_HANDLER || st == SW_ST_DENIED, "%s: filling ended with 0x%x", what,
		st);
	sg = &from->ch.sg[from->ch.tail & (from->ch.nb - 1)];
	sg->src[0] = (struct sw_sge){ far, 64, 0 };
	sg->dst[0] = (struct sw_sge){ own, 64, 0 };
	st = sw_chan_run(&from->ch, &list);
	CHECK(st == SW_ST_BAD_HANDLER || st == SW_ST_DENIED, "%s: a list ended with 0x%x", what,
		st);
	CHECK(memchr(from->m.p, CANARY, 4096) == NULL, "%s: the other's bytes arrived", what);
	untouched(to, what);
}

static void
without_a_grant(void)
{
	uint8_t tag[SW_TAG_LEN], other_tag[SW_TAG_LEN];
	struct party v, m, x;
	uint32_t i;
	int ret, st;

	test_say("a stranger, one who takes a member's name, and a member without a grant");
	rnd_fill(tag, sizeof(tag));
	rnd_fill(other_tag, sizeof(other_tag));
	party_make(&v, victim_uid);
	party_make(&m, victim_uid);
	party_make(&x, attacker_uid);
	enter(&v, tag, NULL, 0);
	enter(&m, tag, NULL, 0);
	grant(&v, tag, &m);

	cannot_reach(&x, &v, v.c.handler, "a stranger");
	for (i = 0; i < 1000; i++) {
		rnd_fill(other_tag, sizeof(other_tag));
		ret = sw_grant(&x.c, other_tag, v.id, NULL);
		CHECK(ret == -ENOENT, "grant under a guessed tag: %d", ret);
	}
	/* Under a tag of its own it may call itself what it wants. */
	memcpy(x.id, m.id, sizeof(x.id));
	enter(&x, other_tag, NULL, 0);
	cannot_reach(&x, &v, v.c.handler, "one with a member's name in another group");
	ret = sw_grant(&x.c, other_tag, v.id, NULL);
	CHECK(ret == -ENOENT, "a grant to a domain of another group: %d", ret);
	ret = sw_grant(&x.c, other_tag, x.id, NULL);
	CHECK(ret == -EINVAL, "a grant to oneself: %d", ret);
	ret = sw_revoke(&x.c, tag, m.id);
	CHECK(ret == -ENOENT, "revoking what another granted: %d", ret);
	ret = sw_group_exit(&x.c, tag);
	CHECK(ret == -ENOENT, "leaving for another: %d", ret);
	ret = sw_group_set(&x.c, SW_MSG_GROUP_ENTER, tag, m.id, NULL, 0);
	CHECK(ret == -EEXIST, "a member's name under its tag: %d", ret);
	/* It knows the tag and is in, but the victim did not grant; the victim's friend does. */
	rnd_fill(x.id, sizeof(x.id));
	enter(&x, tag, NULL, 0);
	grant(&m, tag, &x);
	cannot_reach(&x, &v, v.c.handler, "a member without a grant");
	/* A grant is no right for who gives it. */
	grant(&x, tag, &v);
	cannot_reach(&x, &v, v.c.handler, "a member who granted, but was not granted");
	/* One whom it was granted is not refused all the while. */
	st = sw_chan_copy(&m.ch, (uintptr_t)m.m.p, (uintptr_t)v.m.p, 256, sw_dst(v.c.handler));
	CHECK(st == SW_ST_OK, "the member with a grant: 0x%x", st);
	party_end(&x);
	party_end(&m);
	party_end(&v);
}

/* Every handler that can be named, against a victim that granted nothing. */
static void
all_handlers(void)
{
	struct party v, x;
	uint32_t h;
	int st;

	test_say("all 65535 handlers");
	party_make(&v, victim_uid);
	party_make(&x, attacker_uid);
	for (h = 0; h < SW_HANDLER_SELF; h++) {
		st = sw_chan_copy(&x.ch, (uintptr_t)v.m.p, (uintptr_t)x.m.p, 64, sw_src(h));
		CHECK(st == SW_ST_BAD_HANDLER, "handler %u: 0x%x", h, st);
	}
	untouched(&v, "all handlers");
	party_end(&x);
	party_end(&v);
}

/*
 * A handler is not given to another while somebody who granted to its last owner may still use
 * it.
 */
static void
handler_not_reused(void)
{
	uint8_t tag[SW_TAG_LEN];
	struct party a, b;
	struct sw_client c;
	uint16_t handler;
	uint32_t i;
	int st;

	test_say("a handler is not reused while somebody imports it");
	rnd_fill(tag, sizeof(tag));
	party_make(&a, victim_uid);
	party_make(&b, victim_uid);
	enter(&a, tag, NULL, 0);
	enter(&b, tag, NULL, 0);
	handler = grant(&a, tag, &b);
	grant(&b, tag, &a);
	party_end(&b);
	sw_wait_clients(ctl.dir, 3);
	for (i = 0; i < 2 * SW_MAX_DOMAINS; i++) {
		CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
		CHECK(c.handler != handler, "handler %u was given again", handler);
		sw_close(&c);
	}
	st = sw_chan_copy(&a.ch, (uintptr_t)a.m.p, (uintptr_t)a.m.p, 64, sw_dst(handler));
	CHECK(st == SW_ST_BAD_HANDLER, "the handler of one who is gone: 0x%x", st);
	party_end(&a);
}

/* Random sets of windows in several groups, against a model that asks for each byte. */
static void
windows_are_their_union(void)
{
	static uint8_t model[4096];
	struct sw_window win[3][SW_MAX_WINDOWS];
	uint8_t tags[3][SW_TAG_LEN], want;
	struct party v, m;
	uint32_t g, i, k, at, len, nb, ok = 0;
	uint16_t h = 0;
	int st;

	test_say("%u operations against random windows", MODEL_OPS);
	party_make(&v, victim_uid);
	party_make(&m, victim_uid);
	for (g = 0; g < 3; g++) {
		rnd_fill(tags[g], sizeof(tags[g]));
		enter(&v, tags[g], win[g], 0);
		enter(&m, tags[g], NULL, 0);
		h = grant(&v, tags[g], &m) == m.c.handler ? v.c.handler : 0;
	}
	for (i = 0; i < MODEL_OPS; i++) {
		if (i % 200 == 0) {
			memset(model, 0, sizeof(model));
			for (g = 0; g < 3; g++) {
				nb = rnd_below(SW_MAX_WINDOWS + 1);
				for (k = 0; k < nb; k++) {
					at = rnd_below(sizeof(model));
					len = 1 + rnd_below(sizeof(model) - at < 90 ?
						sizeof(model) - at : 90);
					want = 1 + rnd_below(3);
					win[g][k] = (struct sw_window){ (uintptr_t)v.m.p + at, len,
						want, 0 };
					for (; len != 0; len--)
						model[at++] |= want;
				}
				st = sw_group_set(&v.c, SW_MSG_GROUP_WINDOWS, tags[g], NULL, win[g],
					nb);
				CHECK(st == 0, "%u windows: %s", nb, strerror(-st));
			}
		}
		at = rnd_below(sizeof(model));
		len = 1 + rnd_below(sizeof(model) - at < 200 ? sizeof(model) - at : 200);
		want = SW_PROT_READ | SW_PROT_WRITE;
		for (k = 0; k < len; k++)
			want &= model[at + k];
		st = sw_chan_copy(&m.ch, (uintptr_t)m.m.p, (uintptr_t)v.m.p + at, len, sw_dst(h));
		CHECK(st == ((want & SW_PROT_WRITE) ? SW_ST_OK : SW_ST_DENIED),
			"writing %u bytes at %u where all have rights %u: 0x%x", len, at, want, st);
		ok += st == SW_ST_OK;
		st = sw_chan_copy(&m.ch, (uintptr_t)v.m.p + at, (uintptr_t)m.m.p, len, sw_src(h));
		CHECK(st == ((want & SW_PROT_READ) ? SW_ST_OK : SW_ST_DENIED),
			"reading %u bytes at %u where all have rights %u: 0x%x", len, at, want, st);
	}
	test_say("  %u writes were allowed", ok);
	CHECK(ok > MODEL_OPS / 20 && ok < MODEL_OPS / 20 * 19, "%u of %u allowed", ok, MODEL_OPS);
	party_end(&m);
	party_end(&v);
}

static void
windows_refused(void)
{
	static const struct sw_window bad[] = {
		{ 0x1000, 0, SW_PROT_READ, 0 }, { UINT64_MAX, 2, SW_PROT_READ, 0 },
		{ 0x1000, UINT64_MAX, SW_PROT_READ, 0 }, { 0x1000, 1, 0, 0 }, { 0x1000, 1, 4, 0 },
		{ 0x1000, 1, SW_PROT_READ, 1 },
	};
	struct sw_req_group req = { .hdr = { .type = SW_MSG_GROUP_ENTER },
		.nb = SW_MAX_WINDOWS + 1 };
	struct sw_window top = { UINT64_MAX, 1, SW_PROT_READ, 0 };
	uint8_t tag[SW_TAG_LEN];
	struct sw_msg_hdr rep;
	struct party p;
	uint32_t i;
	int ret;

	test_say("windows that wrap, are empty, or have no or unknown rights");
	party_make(&p, attacker_uid);
	rnd_fill(tag, sizeof(tag));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ret = sw_group_set(&p.c, SW_MSG_GROUP_ENTER, tag, p.id, &bad[i], 1);
		CHECK(ret == -EINVAL, "window %u: %d", i, ret);
	}
	ret = sw_call(&p.c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
	CHECK(ret == -EINVAL, "too many windows: %d", ret);
	req.nb = 1;
	req.all = 1;
	ret = sw_call(&p.c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
	CHECK(ret == -EINVAL, "all memory and a window: %d", ret);
	ret = sw_group_set(&p.c, SW_MSG_GROUP_ENTER, tag, p.id, &top, 1);
	CHECK(ret == 0, "a window at the end of all addresses: %d", ret);
	party_end(&p);
}

/* One who writes into another's memory as fast as it can, until it is told to stop. */
struct writer {
	struct party *from;
	const struct party *to;
	_Atomic bool stop;
	_Atomic uint64_t ok, refused;
};

static void *
write_on(void *arg)
{
	struct writer *w = arg;
	uint32_t i, n;
	int st;

	while (!atomic_load(&w->stop)) {
		n = rnd_below(2) != 0 ? 256 : MEM;
		for (i = 0; i < 32; i++) {
			const struct sw_desc d = {
				.op = SW_OP_COPY, .len = n, .flags = sw_dst(w->to->c.handler),
				.src = (uintptr_t)w->from->m.p, .dst = (uintptr_t)w->to->m.p,
			};
			sw_chan_put(&w->from->ch, &d);
		}
		sw_chan_submit(&w->from->ch);
		CHECK(sw_chan_wait(&w->from->ch, SW_CLIENT_MS) == 0, "operations did not end");
		for (i = 0; i < 32; i++) {
			st = w->from->ch.status[(w->from->ch.tail - 1 - i) & (w->from->ch.nb - 1)];
			if (st == SW_ST_OK)
				atomic_fetch_add(&w->ok, 1);
			else
				atomic_fetch_add(&w->refused, 1);
			CHECK(st == SW_ST_OK || st == SW_ST_DENIED || st == SW_ST_BAD_HANDLER ||
				st == SW_ST_BAD_DST, "a write ended with 0x%x", st);
		}
	}

	return NULL;
}

enum how { REVOKE, NARROW, READ_ONLY, EXIT, REGION, GONE, NB_HOW };

static int
withdraw(struct party *v, const struct party *m, const uint8_t *tag, enum how how)
{
	const struct sw_window narrow = { (uintptr_t)v->m.p + MEM - 4096, 4096, SW_PROT_WRITE, 0 };
	const struct sw_window read = { (uintptr_t)v->m.p, MEM, SW_PROT_READ, 0 };

	switch (how) {
	case REVOKE:
		return sw_revoke(&v->c, tag, m->id);
	case NARROW:
		return sw_group_set(&v->c, SW_MSG_GROUP_WINDOWS, tag, NULL, &narrow, 1);
	case READ_ONLY:
		return sw_group_set(&v->c, SW_MSG_GROUP_WINDOWS, tag, NULL, &read, 1);
	case EXIT:
		return sw_group_exit(&v->c, tag);
	case REGION:
		return sw_region_del(&v->c, (uintptr_t)v->m.p, MEM);
	default:
		/* The controller hangs up when all is withdrawn. */
		shutdown(v->c.fd, SHUT_WR);
		return sw_hangs_up(v->c.fd) ? 0 : -ETIMEDOUT;
	}
}

static void
withdrawn_is_withdrawn(enum how how, const char *name)
{
	uint8_t tag[SW_TAG_LEN], pattern;
	struct writer w = { .ok = 0 };
	uint64_t end, ok, looks = 0;
	struct party v, m;
	pthread_t thread;
	size_t i;

	rnd_fill(tag, sizeof(tag));
	party_make(&v, victim_uid);
	party_make(&m, attacker_uid);
	memset(m.m.p, 0x11, MEM);
	enter(&v, tag, NULL, 0);
	enter(&m, tag, NULL, 0);
	grant(&v, tag, &m);
	w.from = &m;
	w.to = &v;
	CHECK(pthread_create(&thread, NULL, write_on, &w) == 0, "no thread");
	end = now_ms() + SW_CLIENT_MS;
	while (atomic_load(&w.ok) < 100)
		CHECK(now_ms() < end, "the writer does not come on");
	CHECK(withdraw(&v, &m, tag, how) == 0, "%s failed", name);
	ok = atomic_load(&w.ok);
	end = now_ms() + QUIET_MS;
	for (pattern = 0x80; now_ms() < end; looks++, pattern = 0x80 | (pattern + 1)) {
		memset(v.m.p, pattern, MEM - 4096);
		i = first_other(v.m.p, MEM - 4096, pattern);
		CHECK(i == MEM - 4096, "after %s byte %zu became 0x%x", name, i, v.m.p[i]);
	}
	/* It went on to try. Its counter lags behind by a burst. */
	end = now_ms() + SW_CLIENT_MS;
	while (atomic_load(&w.refused) < 100)
		CHECK(now_ms() < end, "after %s: %lu writes refused", name,
			(unsigned long)w.refused);
	CHECK(atomic_load(&w.ok) <= ok + 64, "after %s %lu writes were done", name,
		(unsigned long)(w.ok - ok));
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	test_say("  %s: %lu writes before, %lu refused after, the memory was looked at %lu times",
		name,
		(unsigned long)ok, (unsigned long)w.refused, (unsigned long)looks);
	party_end(&m);
	party_end(&v);
}

int
main(int argc, char **argv)
{
	static const char *const names[NB_HOW] = { "revoking the grant", "narrowing the windows",
		"taking the right to write", "leaving the group", "removing the region",
		"hanging up" };
	struct good_pair good;
	enum how how;
	int repeat;

	test_start("hostile-rights", 240);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	rnd_init();
	controller_start(&ctl, argv[1], true);
	attacker_uid = am_root() ? UID_ATTACKER : geteuid();
	victim_uid = am_root() ? UID_VICTIM : geteuid();
	good_pair_start(&good, ctl.dir, victim_uid);

	without_a_grant();
	all_handlers();
	sw_wait_clients(ctl.dir, 2);
	handler_not_reused();
	windows_refused();
	windows_are_their_union();
	test_say("rights withdrawn while another writes");
	for (repeat = 0; repeat < 3; repeat++)
		for (how = 0; how < NB_HOW; how++)
			withdrawn_is_withdrawn(how, names[how]);

	good_pair_check(&good);
	good_pair_stop(&good);
	controller_stop(&ctl);

	return test_end();
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Windows: what a process shows of its memory is what others reach, from the moment it says so
 * until it says otherwise. Peer 0 shows, this process reaches.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include "test_dma_access.h"

#define OK RTE_DMA_STATUS_SUCCESSFUL
#define DENIED da.kind->denied
#define PAGE 4096u
#define LEN (64 * PAGE)
/* An operation that takes milliseconds, and the end of it, which it reaches last. */
#define LONG_LEN (24u << 20)
#define TAIL_LEN (64u << 10)
#define SEED_TAIL 3
#define SEED_SRC 1
#define SEED_DST 2

static uint8_t *own;   /* ours, of LEN bytes */
static uint8_t *image; /* what the peer's should be */
static uint64_t base;  /* the peer's, of LEN bytes */

static int
shown_buffer(unsigned int nb_peers)
{
	DA_TRY(da_group_with(nb_peers));
	DA_CHECK(own != NULL && image != NULL, true, "whether there is memory");
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &base));
	da_pattern(own, LEN, SEED_SRC);
	da_pattern(image, LEN, SEED_DST);

	return TEST_SUCCESS;
}

static int
window_setup(void)
{
	own = da_alloc(LEN);
	image = da_alloc(LEN);

	return da_setup();
}

static void
window_teardown(void)
{
	rte_free(own);
	rte_free(image);
	da_teardown();
}

/* Whether a push to the peer ends so, and what is then there. */
static int
push(uint64_t off, uint32_t len, int expected, const char *what)
{
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, base + off, len,
		DA_DST(da.handler[0])), expected, "writing %u bytes at %" PRId64 ", %s", len,
		(int64_t)off, what);
	if (expected == OK)
		memcpy(image + off, own, len);

	return da_peer_expect_bytes(0, base, image, LEN);
}

static int
pull(uint64_t off, uint32_t len, int expected, const char *what)
{
	uint8_t *to = own + LEN / 2;

	da_pattern(own, LEN, SEED_SRC + off);
	DA_CHECK(da_copy(&da.dev, DA_INTER, base + off, (uintptr_t)to, len, DA_SRC(da.handler[0])),
		expected, "reading %u bytes at %" PRId64 ", %s", len, (int64_t)off, what);
	if (expected == OK)
		DA_CHECK(memcmp(to, image + off, len) != 0, false, "whether bytes read differ");

	return TEST_SUCCESS;
}

/* Windows of peer 0 at offsets of its buffer. */
static int
show(int16_t group, const struct rte_dma_access_window *win, unsigned int nb)
{
	char cmd[1024];
	size_t len = snprintf(cmd, sizeof(cmd), "windows %d", group);
	unsigned int i;

	for (i = 0; i < nb; i++)
		len += snprintf(cmd + len, sizeof(cmd) - len, " 0x%" PRIx64 " %" PRIu64 " %u",
			base + win[i].base, win[i].len, win[i].prot);
	DA_CHECK(da_ask(0, "%s", cmd), 0, "peer 0 setting %u windows", nb);

	return group == RTE_DMA_ACCESS_GROUP_NONE ? TEST_SUCCESS : da_follow(0);
}

/* How many windows a group can have. */
static unsigned int
max_windows(void)
{
	struct rte_dma_info info = { 0 };

	rte_dma_info_get(da.dev.id, &info);

	return info.max_access_windows;
}

static int
test_window_is_reached_and_nothing_around_it(void)
{
	const struct rte_dma_access_window win = { 3 * PAGE + 5, 2 * PAGE + 1, DA_RW };
	const uint64_t first = win.base, end = win.base + win.len;

	DA_TRY(shown_buffer(1));
	DA_TRY(push(0, PAGE, OK, "before there are windows"));
	DA_TRY(show(da.group, &win, 1));
	DA_TRY(push(first, win.len, OK, "all of the window"));
	DA_TRY(pull(first, win.len, OK, "all of the window"));
	DA_TRY(push(first, 1, OK, "its first byte"));
	DA_TRY(push(end - 1, 1, OK, "its last byte"));
	DA_TRY(push(first - 1, 1, DENIED, "the byte before"));
	DA_TRY(pull(first - 1, 1, DENIED, "the byte before"));
	DA_TRY(push(end, 1, DENIED, "the byte after"));
	DA_TRY(pull(end, 1, DENIED, "the byte after"));
	DA_TRY(push(first - 1, 2, DENIED, "across its start"));
	DA_TRY(pull(first - 1, 2, DENIED, "across its start"));
	DA_TRY(push(end - 1, 2, DENIED, "across its end"));
	DA_TRY(pull(end - 1, 2, DENIED, "across its end"));
	DA_TRY(push(first - 1, win.len + 2, DENIED, "around it"));
	DA_TRY(pull(0, PAGE, DENIED, "far before"));
	DA_TRY(push(LEN - PAGE, PAGE, DENIED, "far after"));
	DA_TRY(pull(-base, 1, DENIED, "address 0"));

	return TEST_SUCCESS;
}

static int
test_read_only_refuses_writes_and_write_only_reads(void)
{
	const struct rte_dma_access_window rd = { 0, LEN, DA_RD }, wr = { 0, LEN, DA_WR };

	DA_TRY(shown_buffer(1));
	DA_TRY(show(da.group, &rd, 1));
	DA_TRY(pull(100, 1000, OK, "read only"));
	DA_TRY(push(100, 1000, DENIED, "read only"));
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, base, 64, DA_DST(da.handler[0])), DENIED,
		"filling what is read only");
	DA_TRY(show(da.group, &wr, 1));
	DA_TRY(push(100, 1000, OK, "write only"));
	DA_TRY(pull(100, 1000, DENIED, "write only"));
	DA_CHECK(da_copy(&da.dev, DA_INTER, base, base + PAGE, 64, DA_BOTH(da.handler[0])), DENIED,
		"copying within what is write only");

	return TEST_SUCCESS;
}

static int
test_windows_are_one_where_they_touch(void)
{
	/* In no order; 2 and 3 touch, 3 and 4 overlap, 0 is within 4, there is a gap after 1. */
	const struct rte_dma_access_window win[] = {
		{ 9 * PAGE, 10, DA_RW },
		{ 0, PAGE, DA_RW },
		{ 2 * PAGE, PAGE, DA_RW },
		{ 3 * PAGE, 2 * PAGE, DA_RW },
		{ 4 * PAGE, 8 * PAGE, DA_RW },
	};

	DA_NEED(max_windows() >= RTE_DIM(win), "%u windows with %s", max_windows(), da.dev.name);
	DA_TRY(shown_buffer(1));
	DA_TRY(show(da.group, win, RTE_DIM(win)));
	DA_TRY(push(0, PAGE, OK, "the first window"));
	DA_TRY(push(0, PAGE + 1, DENIED, "across the end of the first"));
	DA_TRY(push(0, 3 * PAGE, DENIED, "across a gap"));
	DA_TRY(pull(2 * PAGE - 1, 2, DENIED, "out of a gap"));
	DA_TRY(push(3 * PAGE - 1, 2, OK, "across the border of two that touch"));
	DA_TRY(push(2 * PAGE, 10 * PAGE, OK, "all that hang together"));
	DA_TRY(pull(2 * PAGE, 10 * PAGE, OK, "all that hang together"));
	DA_TRY(push(9 * PAGE, 20, OK, "across the end of a window within another"));
	DA_TRY(push(12 * PAGE - 1, 2, DENIED, "across the end of the last"));

	return TEST_SUCCESS;
}

static int
test_permissions_of_overlapping_windows_add_up(void)
{
	const struct rte_dma_access_window win[] = {
		{ 0, 2 * PAGE, DA_RD },
		{ PAGE, 2 * PAGE, DA_WR },
		{ 3 * PAGE, PAGE, DA_RW },
	};

	DA_NEED(max_windows() >= RTE_DIM(win), "%u windows with %s", max_windows(), da.dev.name);
	DA_TRY(shown_buffer(1));
	DA_TRY(show(da.group, win, RTE_DIM(win)));
	DA_TRY(pull(0, 2 * PAGE, OK, "two pages for reading"));
	DA_TRY(pull(0, 2 * PAGE + 1, DENIED, "into the third page"));
	DA_TRY(push(PAGE, 3 * PAGE, OK, "three pages for writing"));
	DA_TRY(push(PAGE - 1, 2, DENIED, "from the first page"));
	DA_TRY(push(PAGE, PAGE, OK, "the page that two windows share"));
	DA_TRY(pull(PAGE, PAGE, OK, "the page that two windows share"));
	DA_TRY(pull(2 * PAGE, 2 * PAGE, DENIED, "across permissions"));

	return TEST_SUCCESS;
}

/* As many windows as there are; here we show, the peer reaches. */
static int
test_most_windows_are_all_found(void)
{
	struct rte_dma_access_window win[256];
	uint64_t buf, handler;
	uint8_t *shown;
	unsigned int i, n;

	DA_TRY(shown_buffer(1));
	n = RTE_MIN(max_windows(), RTE_DIM(win));
	/* Every other 64 bytes, the last first. */
	shown = own;
	for (i = 0; i < n; i++)
		win[i] = (struct rte_dma_access_window){ (uintptr_t)shown + (n - 1 - i) * 128, 64,
			DA_RD };
	DA_CHECK(rte_dma_access_window_set(da.dev.id, da.group, win, n), 0, "%u windows", n);
	DA_TRY(da_peer_expect_event(0, da.group, da.kind->windows_event, DA_SELF));
	DA_TRY(da_peer_buffer(0, PAGE, 0, &buf));
	DA_CHECK(da_ask(0, "handler %d %u", da.group, DA_SELF), 0, "our handler");
	handler = da_peer(0)->val[0];
	for (i = 0; i < n; i++) {
		DA_CHECK(da_ask(0, "copy %" PRIu64 " %" PRIu64 " 64 %" PRIu64,
			(uint64_t)((uintptr_t)shown + i * 128), buf, DA_SRC(handler)), OK,
			"reading window %u", i);
		DA_CHECK(da_ask(0, "copy %" PRIu64 " %" PRIu64 " 1 %" PRIu64,
			(uint64_t)((uintptr_t)shown + i * 128 + 64), buf, DA_SRC(handler)), DENIED,
			"reading after window %u", i);
	}

	return TEST_SUCCESS;
}

static int
test_windows_set_before_join_expose_nothing_else(void)
{
	const struct rte_dma_access_window win = { PAGE, PAGE, DA_RD };

	DA_TRY(da_peers_start(1));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &base));
	da_pattern(image, LEN, SEED_DST);
	DA_TRY(show(RTE_DMA_ACCESS_GROUP_NONE, &win, 1));
	DA_TRY(da_group_with(1));
	DA_TRY(pull(PAGE, PAGE, OK, "the window"));
	DA_TRY(pull(0, PAGE, DENIED, "what is not"));
	DA_TRY(push(PAGE, 1, DENIED, "what is read only"));
	/* That was for one group: the next starts with everything. */
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "leaving");
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_group_with(1));
	DA_TRY(push(0, LEN / 2, OK, "in the next group"));

	return TEST_SUCCESS;
}

static int
test_creator_starts_with_its_windows_too(void)
{
	uint64_t buf;

	DA_CHECK(rte_dma_access_window_set(da.dev.id, RTE_DMA_ACCESS_GROUP_NONE, NULL, 0), 0,
		"no windows for the next group");
	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, PAGE, 0, &buf));
	DA_CHECK(da_ask(0, "table %d", da.group), 2, "the peer's table");
	DA_CHECK(da_peer(0)->val[0], DA_SELF, "its first entry");
	DA_CHECK(da_peer(0)->val[2], 0, "permissions at the creator");
	DA_CHECK(da_ask(0, "copy %" PRIu64 " %" PRIu64 " 64 %" PRIu64, (uint64_t)(uintptr_t)own,
		buf,
		DA_SRC(da_peer(0)->val[1])), DENIED, "the peer reading from the creator");

	return TEST_SUCCESS;
}

/* What peer 0 lets us do, by our table. */
static int
check_prot(uint16_t expected)
{
	struct rte_dma_access_entry table[2];

	DA_TRY(da_expect_event(&da.dev.events, da.group, da.kind->windows_event, DA_PEER(0)));
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, table, 2), 2, "our table");
	DA_CHECK(table[1].prot, expected, "permissions at peer 0");

	return TEST_SUCCESS;
}

static int
test_windows_are_replaced_while_in_use(void)
{
	const struct rte_dma_access_window a = { 0, PAGE, DA_RW }, b = { PAGE, PAGE, DA_RD };
	const struct rte_dma_access_window all = { 0, LEN, DA_RW };
	unsigned int i;

	DA_TRY(shown_buffer(1));
	for (i = 0; i < 20; i++) {
		DA_TRY(show(da.group, &a, 1));
		DA_TRY(check_prot(DA_RW));
		DA_TRY(push(0, PAGE, OK, "in the first set"));
		DA_TRY(pull(PAGE, PAGE, DENIED, "not in the first set"));
		DA_TRY(show(da.group, &b, 1));
		DA_TRY(check_prot(DA_RD));
		DA_TRY(pull(PAGE, PAGE, OK, "in the second set"));
		DA_TRY(push(0, PAGE, DENIED, "not in the second set"));
	}
	DA_TRY(show(da.group, NULL, 0));
	DA_TRY(check_prot(0));
	DA_TRY(pull(PAGE, 1, DENIED, "without windows"));
	DA_TRY(show(da.group, &all, 1));
	DA_TRY(check_prot(DA_RW));
	DA_TRY(push(0, LEN / 2, OK, "with all again"));

	return TEST_SUCCESS;
}

/* Windows restrict what others do at home, not what the owner does, nor what others show. */
static int
test_windows_concern_their_owner_alone(void)
{
	uint64_t second;

	DA_TRY(shown_buffer(2));
	DA_TRY(da_peer_buffer(1, LEN, SEED_DST, &second));
	DA_TRY(show(da.group, NULL, 0));
	DA_CHECK(da_copy(&da.dev, DA_INTER, second, (uintptr_t)own, PAGE, DA_SRC(da.handler[1])),
		OK, "reading from a peer that shows everything");
	DA_CHECK(da_ask(0, "handler %d %u", da.group, DA_SELF), 0, "our handler");
	DA_CHECK(da_ask(0, "copy %" PRIu64 " %" PRIu64 " 4096 %" PRIu64, (uint64_t)(uintptr_t)own,
		base, DA_SRC(da_peer(0)->val[0])), OK, "the peer that shows nothing reading");
	DA_CHECK(da_ask(0, "copy %" PRIu64 " %" PRIu64 " 4096 0", base, base + PAGE), OK,
		"the same copying in its own memory");

	return TEST_SUCCESS;
}

/* A list with one piece that is not allowed moves nothing. */
static int
test_denied_list_moves_nothing(void)
{
	const struct rte_dma_access_window win = { 0, 4 * PAGE, DA_RW };
	struct rte_dma_sge from = { (uintptr_t)own, 3 * PAGE }, to[3];
	struct rte_dma_info info;

	rte_dma_info_get(da.dev.id, &info);
	DA_NEED((info.dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) != 0, "no lists with %s", da.dev.name);
	DA_TRY(shown_buffer(1));
	DA_TRY(show(da.group, &win, 1));
	to[0] = (struct rte_dma_sge){ base, PAGE };
	to[1] = (struct rte_dma_sge){ base + 2 * PAGE, PAGE };
	to[2] = (struct rte_dma_sge){ base + 4 * PAGE, PAGE };
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, &from, 1, to, 3, DA_DST(da.handler[0])), DENIED,
		"a list whose last piece is outside");
	DA_TRY(da_peer_expect_bytes(0, base, image, LEN));
	to[2].addr = base + 3 * PAGE;
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, &from, 1, to, 3, DA_DST(da.handler[0])), OK,
		"a list within the window");

	return TEST_SUCCESS;
}

/* Between the same two domains what counts is the union over their groups. */
static int
test_rights_of_two_groups_add_up(void)
{
	const struct rte_dma_access_window rd = { 0, PAGE, DA_RD }, wr = { PAGE, PAGE, DA_WR };
	uint16_t handler;
	int16_t first;

	DA_TRY(shown_buffer(1));
	first = da.group;
	DA_TRY(show(first, &rd, 1));
	handler = da.handler[0];
	DA_TRY(pull(0, PAGE, OK, "by the first group"));
	DA_TRY(push(PAGE, PAGE, DENIED, "not by the first group"));
	DA_TRY(show(RTE_DMA_ACCESS_GROUP_NONE, &wr, 1));
	/* The event of the first windows is still there. */
	DA_TRY(da_expect_event(&da.dev.events, first, da.kind->windows_event, DA_PEER(0)));
	DA_TRY(da_group_with(1));
	DA_TRY(push(PAGE, PAGE, OK, "by the second group"));
	DA_CHECK(da_copy(&da.dev, DA_INTER, base, (uintptr_t)own, PAGE, DA_SRC(handler)), OK,
		"reading by the first group's handler");
	DA_TRY(push(0, PAGE, DENIED, "by none of the groups"));
	DA_CHECK(da_ask(0, "leave %d", first), 0, "leaving the first group");
	DA_CHECK(da_copy(&da.dev, DA_INTER, base, (uintptr_t)own, PAGE, DA_SRC(handler)), DENIED,
		"reading after the first group");
	DA_TRY(push(PAGE, PAGE, OK, "by the second group alone"));
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "leaving the second group");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, base + PAGE, PAGE,
		DA_DST(da.handler[0])), da.kind->bad_handler, "writing after both");

	return TEST_SUCCESS;
}

/* What the operations of a test ended with so far. */
struct outcome {
	unsigned int pending, done, refused;
	uint64_t next; /* bytes of the next operation */
	int expected;  /* status of those that are refused */
};

/* Take over what has ended: those that are refused come after those that are done. */
static int
collect(struct outcome *o, uint16_t nb)
{
	enum rte_dma_status_code status[DA_NB_DESC];
	uint16_t i, last;

	if (nb > 0)
		DA_CHECK(da_wait(&da.dev, DA_INTER, nb, status), 0, "waiting for %u fills", nb);
	else
		nb = rte_dma_completed_status(da.dev.id, DA_INTER, DA_NB_DESC, &last, status);
	for (i = 0; i < nb; i++) {
		if (status[i] == OK && o->refused == 0)
			o->done++;
		else
			o->refused++;
		DA_CHECK(status[i], o->refused == 0 ? (int)OK : o->expected,
			"status of a fill after %u done, %u refused", o->done, o->refused);
	}
	o->pending -= nb;

	return TEST_SUCCESS;
}

static void
fill_channel(struct outcome *o, uint64_t buf)
{
	while (rte_dma_fill(da.dev.id, DA_INTER, UINT64_C(0x0101010101010101) * (o->next & 0xff),
		buf,
			LONG_LEN, DA_DST(da.handler[0]) | RTE_DMA_OP_FLAG_SUBMIT) >= 0) {
		o->next++;
		o->pending++;
	}
}

/*
 * Keep writing to the peer while it withdraws the right. As soon as it has, it writes to the end of
 * the memory itself, and that stays, whatever was under way and is still to come.
 */
static int
check_revocation(const char *how, int expected)
{
	const uint64_t end = da_now_ms() + 2 * DA_WAIT_MS;
	struct outcome o = { .expected = expected };
	uint64_t buf, tail;

	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, LONG_LEN, SEED_DST, &buf));
	tail = buf + LONG_LEN - TAIL_LEN;
	fill_channel(&o, buf);
	DA_TRY(collect(&o, 1));
	DA_CHECK(o.done, 1, "fills done before");
	DA_TRY(da_send(0, "%s %d", how, da.group));
	while (!da_answered(0) && da_now_ms() < end) {
		fill_channel(&o, buf);
		DA_TRY(collect(&o, 0));
	}
	DA_CHECK(da_answer(0), 0, "the peer: %s", how);
	DA_CHECK(da_ask(0, "pattern %" PRIu64 " %u %u", tail, TAIL_LEN, SEED_TAIL), 0, "writing");
	fill_channel(&o, buf);
	DA_TRY(collect(&o, o.pending));
	DA_CHECK(o.refused > 0, true, "whether fills were refused");
	da_pattern(own, TAIL_LEN, SEED_TAIL);
	DA_TRY(da_peer_expect_bytes(0, tail, own, TAIL_LEN));

	return TEST_SUCCESS;
}

static int
test_no_byte_moves_after_windows_were_narrowed(void)
{
	return check_revocation("windows", DENIED);
}

static int
test_no_byte_moves_after_leave(void)
{
	return check_revocation("leave", da.kind->bad_handler);
}

#define WINDOW_CASE(test) TEST_CASE_ST(window_setup, window_teardown, test)

struct unit_test_suite da_window_suite = {
	.suite_name = "windows and rights",
	.unit_test_cases = {
		WINDOW_CASE(test_window_is_reached_and_nothing_around_it),
		WINDOW_CASE(test_read_only_refuses_writes_and_write_only_reads),
		WINDOW_CASE(test_windows_are_one_where_they_touch),
		WINDOW_CASE(test_permissions_of_overlapping_windows_add_up),
		WINDOW_CASE(test_most_windows_are_all_found),
		WINDOW_CASE(test_windows_set_before_join_expose_nothing_else),
		WINDOW_CASE(test_creator_starts_with_its_windows_too),
		WINDOW_CASE(test_windows_are_replaced_while_in_use),
		WINDOW_CASE(test_windows_concern_their_owner_alone),
		WINDOW_CASE(test_denied_list_moves_nothing),
		WINDOW_CASE(test_rights_of_two_groups_add_up),
		WINDOW_CASE(test_no_byte_moves_after_windows_were_narrowed),
		WINDOW_CASE(test_no_byte_moves_after_leave),
		TEST_CASES_END(),
	},
};

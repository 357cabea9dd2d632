/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Talking to the other side: letters and counters by DMA, and every wait of the program.
 *
 * Memory that a device of somebody else writes to rings no bell, so waiting is looking again and
 * again: first without a pause, then ever more politely.
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "dma_access.h"

volatile sig_atomic_t session_stop;

uint64_t
cycles_after_ms(uint64_t ms)
{
	return rte_get_timer_cycles() + ms * rte_get_timer_hz() / 1000;
}

void
session_init(struct session *s, const struct options *opt)
{
	s->opt = opt;
	s->in = (struct mailbox *)s->mem.shared.ptr;
	s->out = (struct mailbox *)s->mem.private.ptr;
	s->out_iova = s->mem.private.iova;
}

static bool
has_mail(struct session *s, uint64_t mail)
{
	/* Acquire of the letter; pairs with the fence in session_post() of the other side. */
	return __atomic_load_n(&s->in->flag[mail], __ATOMIC_ACQUIRE) == MAIL_READY;
}

static void
idle(uint32_t tries)
{
	const struct timespec pause = { .tv_nsec = 50000 };

	if (tries < 64)
		rte_pause();
	else if (tries < 256)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

/* What else can happen while we wait for something. */
static int
check(struct session *s)
{
	int ret;

	/* Whatever has happened before, all that is left to wait for is the other side to leave. */
	if (s->leaving)
		return group_look(&s->group);
	if (session_stop)
		return -EINTR;
	ret = dma_poll(&s->dma);
	/* A side that gives up leaves soon, and then our operations fail: its reason tells more. */
	if (has_mail(s, MAIL_RESULT))
		ret = -ECANCELED;
	if (ret == 0)
		ret = group_look(&s->group);

	return ret;
}

/* What the other side gives as its reason, which is untrusted like all that it writes. */
static const char *
gave_up_text(const struct session *s)
{
	const int32_t status =
		__atomic_load_n(&s->in->letter[MAIL_RESULT].result.status, __ATOMIC_RELAXED);

	switch (status) {
	case -EINTR:
		return "it was interrupted";
	case -EBADMSG:
		return "the checksum is wrong there";
	case -EPROTO:
		return "it does not understand us";
	default:
		return status < 0 && status > -4096 ? strerror(-status) : "it does not say why";
	}
}

/* Print why waiting for something has ended without it. */
static void
explain(const struct session *s, int ret, uint32_t ms, const char *what)
{
	switch (ret) {
	case -EINTR:
		error("interrupted while waiting for %s", what);
		break;
	case -EIO:
		error("a DMA operation failed: %s (status 0x%x)", dma_status_str(s->dma.status),
			s->dma.status);
		break;
	case -ECANCELED:
		error("the other side gave up: %s", gave_up_text(s));
		break;
	case -ENOTCONN:
		error("%s is gone while we wait for %s",
			__atomic_load_n(&s->group.reason, __ATOMIC_RELAXED) ==
				RTE_DMA_ACCESS_REASON_CONTROLLER_LOST ?
				"the DMA controller" : "the other side", what);
		break;
	case -EMLINK:
		error("a third process joined the group; only two take part in this");
		break;
	case -EPERM:
		error("the other side shares no memory for writing");
		break;
	case -ETIMEDOUT:
		error("gave up after %u.%u s of waiting for %s", ms / 1000, ms % 1000 / 100, what);
		break;
	default:
		error("waiting for %s failed: %s", what, strerror(-ret));
	}
}

/*
 * Wait until done() says so, or for at most ms milliseconds. The order matters: what the other side
 * wrote before it left the group is there when the event is, so done() is asked after the check.
 * All other reasons to end count at once, even if nothing ever makes us wait.
 */
int
session_wait(struct session *s, session_done_t done, uint64_t arg, uint32_t ms, const char *what)
{
	const uint64_t end = cycles_after_ms(ms);
	uint32_t tries;
	bool late;
	int ret;

	for (tries = 0; ; tries++) {
		late = rte_get_timer_cycles() > end;
		ret = check(s);
		if ((ret == 0 || ret == -ENOTCONN || ret == -ECANCELED) && done(s, arg))
			return 0;
		if (ret == 0 && late)
			ret = -ETIMEDOUT;
		if (ret != 0) {
			explain(s, ret, ms, what);
			return ret;
		}
		idle(tries);
	}
}

static int
wait_peer(struct session *s, session_done_t done, uint64_t arg, const char *what)
{
	return session_wait(s, done, arg, s->opt->timeout_s * 1000, what);
}

/*
 * Send the letter that was prepared in our own mailbox. The device may carry out operations in any
 * order, so the flag needs the fence: it is written after the letter is.
 */
int
session_post(struct session *s, enum mail mail)
{
	const size_t letter = offsetof(struct mailbox, letter) + mail * sizeof(union letter);
	const size_t flag = offsetof(struct mailbox, flag) + mail * sizeof(uint64_t);
	const uint16_t handler = s->group.handler;
	int ret;

	s->out->flag[mail] = MAIL_READY;
	ret = dma_push(&s->dma, s->out_iova + letter, s->peer_mailbox + letter,
		sizeof(union letter), handler, 0);
	if (ret == 0)
		ret = dma_push(&s->dma, s->out_iova + flag, s->peer_mailbox + flag,
			sizeof(uint64_t), handler, RTE_DMA_OP_FLAG_FENCE | RTE_DMA_OP_FLAG_SUBMIT);

	return ret;
}

/* Wait for a letter and copy it: where it is the other side could change it after our checks. */
int
session_read(struct session *s, enum mail mail, union letter *letter)
{
	static const char *const what[MAIL_NB] = {
		[MAIL_HELLO] = "the other side to introduce itself",
		[MAIL_OFFER] = "the name and size of the file",
		[MAIL_END] = "the checksum of the sender",
		[MAIL_RESULT] = "the receiver to finish",
	};
	int ret;

	ret = wait_peer(s, has_mail, mail, what[mail]);
	if (ret == 0)
		memcpy(letter, &s->in->letter[mail], sizeof(*letter));

	return ret;
}

static bool
slot_free(struct session *s, uint64_t slot)
{
	return s->dma.completed >= s->slot_busy[slot];
}

/* The memory from which a chunk and its word are sent was used before, depth chunks ago. */
int
session_slot_wait(struct session *s, uint64_t chunk)
{
	return wait_peer(s, slot_free, chunk % s->depth, "the DMA device");
}

/* Tell the other side that a chunk was sent or taken; what was pushed for it comes first. */
int
session_chunk_post(struct session *s, uint64_t chunk)
{
	const uint32_t slot = chunk % s->depth;
	const size_t word = offsetof(struct mailbox, chunks[slot]);
	int ret;

	s->out->chunks[slot] = chunk + 1;
	ret = dma_push(&s->dma, s->out_iova + word, s->peer_mailbox + word, sizeof(uint64_t),
		s->group.handler, RTE_DMA_OP_FLAG_FENCE | RTE_DMA_OP_FLAG_SUBMIT);
	s->slot_busy[slot] = s->dma.pushed;

	return ret;
}

static uint64_t
chunk_word(const struct session *s, uint64_t chunk)
{
	/* Acquire of the chunk; pairs with the other side's fence in session_chunk_post(). */
	return __atomic_load_n(&s->in->chunks[chunk % s->depth], __ATOMIC_ACQUIRE);
}

static bool
chunk_came(struct session *s, uint64_t chunk)
{
	return chunk_word(s, chunk) > chunk;
}

/* Wait until the other side says that it sent, or took, a chunk; a later one is a lie. */
int
session_chunk_wait(struct session *s, uint64_t chunk)
{
	uint64_t word;
	int ret;

	ret = wait_peer(s, chunk_came, chunk, "the next chunk");
	if (ret != 0)
		return ret;
	word = chunk_word(s, chunk);
	if (word == chunk + 1)
		return 0;
	error("the other side says that it is at chunk %" PRIu64 ", which cannot be", word - 1);

	return -EPROTO;
}

static bool
peer_came(struct session *s, uint64_t arg __rte_unused)
{
	return s->group.has_peer;
}

static int
post_hello(struct session *s)
{
	struct mail_hello *hello = &s->out->letter[MAIL_HELLO].hello;

	hello->version = MAIL_VERSION;
	hello->role = s->opt->role;
	hello->chunk = s->opt->chunk;
	hello->depth = s->opt->depth;
	hello->mailbox = s->mem.shared.iova;
	hello->buffers = s->mem.shared_buffers;

	return session_post(s, MAIL_HELLO);
}

static bool
hello_makes_sense(const struct mail_hello *hello)
{
	const uint64_t buffers_len = (uint64_t)hello->chunk * hello->depth;

	/* Addresses are not checked beyond this: the device refuses what was not shared. */
	return (hello->role == ROLE_SEND || hello->role == ROLE_RECV) &&
		hello->chunk >= CHUNK_MIN && hello->chunk <= CHUNK_MAX &&
		hello->depth > 0 && hello->depth <= DEPTH_MAX &&
		hello->mailbox <= UINT64_MAX - sizeof(struct mailbox) &&
		hello->buffers <= UINT64_MAX - buffers_len;
}

static int
take_hello(struct session *s, const struct mail_hello *hello)
{
	if (hello->version != MAIL_VERSION) {
		error("the other side speaks version %u, this is %u", hello->version, MAIL_VERSION);
		return -EPROTO;
	}
	if (!hello_makes_sense(hello)) {
		error("what the other side says of itself makes no sense");
		return -EPROTO;
	}
	/* From here on it can be told if something is wrong. */
	s->peer_mailbox = hello->mailbox;
	if (hello->role == s->opt->role) {
		error("both sides %s; one has to --send and the other to --recv",
			s->opt->role == ROLE_SEND ? "send" : "receive");
		return -EPROTO;
	}
	s->peer_buffers = hello->buffers;
	s->chunk = RTE_MIN(s->opt->chunk, hello->chunk);
	s->depth = RTE_MIN(s->opt->depth, hello->depth);
	s->stride = s->opt->role == ROLE_RECV ? s->opt->chunk : hello->chunk;

	return 0;
}

/* The creator answers once it knows where; the joiner knows from the invitation. */
int
session_hello(struct session *s)
{
	union letter letter;
	int ret;

	ret = wait_peer(s, peer_came, 0, "the other side to join");
	if (ret == 0 && !s->group.creator)
		ret = post_hello(s);
	if (ret == 0)
		ret = session_read(s, MAIL_HELLO, &letter);
	if (ret == 0)
		ret = take_hello(s, &letter.hello);
	if (ret == 0 && s->group.creator)
		ret = post_hello(s);

	return ret;
}

/* Tell the other side that it waits in vain, if it can be told. */
void
session_give_up(struct session *s, int status)
{
	if (s->peer_mailbox == 0 || s->group.ended == -ENOTCONN ||
	    s->out->flag[MAIL_RESULT] != 0)
		return;
	s->out->letter[MAIL_RESULT].result.status = status;
	if (session_post(s, MAIL_RESULT) == 0)
		dma_drain(&s->dma, END_MS / 2);
}

static bool
peer_left(struct session *s, uint64_t arg __rte_unused)
{
	return !s->group.has_peer || s->group.ended != 0;
}

/*
 * The creator is the last: it can destroy the group once it is alone in it. Before that is the time to
 * see that the other side's memory is out of reach, for nothing but its leaving can be the reason.
 */
int
session_leave(struct session *s, bool try_after_leave)
{
	int ret = 0;

	if (!s->group.in)
		return 0;
	s->leaving = true;
	if (s->group.creator) {
		session_wait(s, peer_left, 0, END_MS, "the other side to leave");
		if (try_after_leave)
			ret = send_try_after_leave(s);
	}
	group_end(&s->group);
	if (try_after_leave && !s->group.creator)
		ret = send_try_after_leave(s);

	return ret;
}

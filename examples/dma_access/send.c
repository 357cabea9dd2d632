/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The sending side: pushes a file into the receiver's buffers, chunk by chunk. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include "dma_access.h"

static bool
time_came(struct session *s __rte_unused, uint64_t cycles)
{
	return rte_get_timer_cycles() >= cycles;
}

/* Waits as all others do, so that even a slow sender sees at once when the receiver is gone. */
static int
keep_limit(struct session *s, const struct progress *p, uint64_t sent)
{
	const double seconds = (double)sent / s->opt->limit;
	const uint64_t due = p->start + seconds * rte_get_timer_hz();
	const uint64_t now = rte_get_timer_cycles();

	if (now >= due)
		return 0;

	return session_wait(s, time_came, due, UINT32_MAX, "the time to send more");
}

static int
post_offer(struct session *s)
{
	struct mail_offer *offer = &s->out->letter[MAIL_OFFER].offer;
	const char *name = file_name(s->opt->file);

	if (strlen(name) >= sizeof(offer->name)) {
		error("%s: the name has more than %zu bytes", name, sizeof(offer->name) - 1);
		return -ENAMETOOLONG;
	}
	offer->size = s->size;
	/* What follows the name is zero, as all of the memory was. */
	memcpy(offer->name, name, strlen(name));

	return session_post(s, MAIL_OFFER);
}

/*
 * Both ends of the copy must be free: the receiver says that it has taken what was in its buffer,
 * and our device says that it has read what was in ours.
 */
static int
wait_buffers(struct session *s, uint64_t chunk)
{
	int ret;

	if (chunk < s->depth)
		return 0;
	ret = session_chunk_wait(s, chunk - s->depth);
	if (ret == 0)
		ret = session_slot_wait(s, chunk);

	return ret;
}

static int
send_chunk(struct session *s, uint64_t chunk, uint32_t len, struct digest *digest)
{
	const uint64_t buffer = chunk % s->depth;
	/* Our own buffers lie apart by what we asked for, the receiver's by what it asked for. */
	const size_t from = s->mem.buffers_offset + buffer * s->opt->chunk;
	int ret;

	ret = wait_buffers(s, chunk);
	if (ret == 0)
		ret = file_read(s->fd, s->opt->file, s->mem.private.ptr + from, len);
	if (ret == 0)
		ret = digest_add(digest, s->mem.private.ptr + from, len);
	if (ret == 0)
		ret = dma_push(&s->dma, s->mem.private.iova + from,
			s->peer_buffers + buffer * s->stride, len, s->group.handler, 0);
	/* Submits both. */
	if (ret == 0)
		ret = session_chunk_post(s, chunk);

	return ret;
}

static int
send_chunks(struct session *s, struct digest *digest, struct progress *p)
{
	uint64_t chunk, sent;
	uint32_t len;
	int ret = 0;

	for (chunk = 0, sent = 0; sent < s->size && ret == 0; chunk++, sent += len) {
		len = RTE_MIN((uint64_t)s->chunk, s->size - sent);
		if (s->opt->limit != 0)
			ret = keep_limit(s, p, sent);
		if (ret == 0)
			ret = send_chunk(s, chunk, len, digest);
		if (ret == 0)
			progress_step(p, sent + len);
	}

	return ret;
}

/* Say that this was all, and hear what became of it. */
static int
finish(struct session *s, const uint8_t *sha256)
{
	union letter letter;
	int ret;

	memcpy(s->out->letter[MAIL_END].end.sha256, sha256, MAIL_SHA256_LEN);
	ret = session_post(s, MAIL_END);
	if (ret == 0)
		ret = session_read(s, MAIL_RESULT, &letter);
	if (ret != 0)
		return ret;
	if (letter.result.status != 0) {
		error("the receiver could not keep the file: %s",
			strerror(letter.result.status < 0 && letter.result.status > -4096 ?
				-letter.result.status : EPROTO));
		return -ECANCELED;
	}
	if (memcmp(letter.result.sha256, sha256, MAIL_SHA256_LEN) != 0) {
		error("the receiver has another checksum than we");
		return -EBADMSG;
	}

	return dma_drain(&s->dma, END_MS);
}

static int
send_all(struct session *s, struct digest *digest)
{
	uint8_t sha256[MAIL_SHA256_LEN];
	struct progress p;
	int ret;

	ret = post_offer(s);
	if (ret != 0)
		return ret;
	progress_start(&p, "sent", s->size);
	ret = send_chunks(s, digest, &p);
	if (ret == 0)
		ret = digest_end(digest, sha256);
	if (ret == 0)
		ret = finish(s, sha256);
	progress_end(&p, ret == 0, sha256);

	return ret;
}

int
send_file(struct session *s)
{
	struct digest digest;
	int ret;

	printf("sending %s, %" PRIu64 " bytes, in chunks of %u, %u in flight\n", s->opt->file,
		s->size, s->chunk, s->depth);
	ret = digest_init(&digest);
	if (ret == 0) {
		ret = send_all(s, &digest);
		digest_free(&digest);
	}

	return ret;
}

/*
 * Not all devices can tell a refusal from other failures. One that still does the same copy into
 * our own memory works, and so has refused.
 */
static bool
is_refusal(struct session *s, enum rte_dma_status_code status)
{
	enum rte_dma_status_code own;

	if (status == RTE_DMA_STATUS_INVALID_HANDLER || status == RTE_DMA_STATUS_ACCESS_DENIED)
		return true;

	return status == RTE_DMA_STATUS_ERROR_UNKNOWN &&
		dma_try(&s->dma, s->mem.private.iova + s->mem.buffers_offset, s->out_iova,
			CHUNK_MIN, RTE_DMA_HANDLER_SELF, &own) == 0 &&
		own == RTE_DMA_STATUS_SUCCESSFUL;
}

/*
 * What a handler and an address are worth when one of both has left: nothing. Whoever kept them can
 * still put them into an operation, and the device refuses it.
 */
int
send_try_after_leave(struct session *s)
{
	enum rte_dma_status_code status;
	int ret;

	ret = dma_try(&s->dma, s->mem.private.iova + s->mem.buffers_offset, s->peer_buffers,
		CHUNK_MIN, s->group.handler, &status);
	if (ret != 0) {
		error("the copy after the leave did not complete: %s", strerror(-ret));
		return ret;
	}
	if (!is_refusal(s, status)) {
		error("the copy after the leave was not refused: %s (status 0x%x)",
			dma_status_str(status), status);
		return -EPROTO;
	}
	printf("a copy after the leave was refused: %s (status 0x%x)\n", dma_status_str(status),
		status);

	return 0;
}

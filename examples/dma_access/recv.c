/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The receiving side: takes chunks out of its buffers as they arrive.
 *
 * The sender can write to the buffers at any time. So each chunk is first copied to where the
 * sender cannot reach it, and that copy is what goes to the file and what the checksum is of.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dma_access.h"

/*
 * Bytes of the UTF-8 character at c; 0 if there is none, or one that controls terminals: U+0000 to
 * U+001F, U+007F to U+009F.
 */
static unsigned int
char_len(const unsigned char *c)
{
	const unsigned int len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 :
		c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
	unsigned int i;

	if (c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0))
		return 0;
	for (i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;

	return len;
}

/*
 * A name that stays in the directory it is put into, does no harm to a terminal, and is seen where
 * files are listed: hidden files are what other programs are configured by.
 */
static bool
name_is_safe(const char *name)
{
	const char *c;
	unsigned int len;

	if (memchr(name, '\0', MAIL_NAME_LEN) == NULL || name[0] == '\0' || name[0] == '.')
		return false;
	for (c = name; *c != '\0'; c += len) {
		len = char_len((const unsigned char *)c);
		if (len == 0 || *c == '/')
			return false;
	}

	return true;
}

/* What our user named is replaced; the sender must not choose a file of ours to be. */
static int
check_target(const struct session *s, const struct out_file *f)
{
	struct stat st;

	if (strcmp(f->path, s->opt->file) == 0 || lstat(f->path, &st) != 0)
		return 0;
	error("%s exists; to replace it, give its name to --recv", f->path);

	return -EEXIST;
}

static int
read_offer(struct session *s, struct mail_offer *offer)
{
	union letter letter;
	int ret;

	ret = session_read(s, MAIL_OFFER, &letter);
	if (ret != 0)
		return ret;
	*offer = letter.offer;
	if (!name_is_safe(offer->name) || offer->size > INT64_MAX) {
		error("the name or the size of the file that is offered makes no sense");
		return -EPROTO;
	}

	return 0;
}

static int
take_chunk(struct session *s, uint64_t chunk, uint32_t len, struct out_file *f,
	struct digest *digest)
{
	const uint8_t *buffer = s->mem.shared.ptr + s->mem.buffers_offset +
		chunk % s->depth * s->stride;
	int ret;

	ret = session_chunk_wait(s, chunk);
	if (ret == 0)
		ret = session_slot_wait(s, chunk);
	if (ret != 0)
		return ret;
	memcpy(s->mem.bounce, buffer, len);
	/* The sender may use the buffer again while we write. */
	ret = session_chunk_post(s, chunk);
	if (ret == 0)
		ret = digest_add(digest, s->mem.bounce, len);
	if (ret == 0)
		ret = out_file_write(f, s->mem.bounce, len);

	return ret;
}

static int
take_chunks(struct session *s, uint64_t size, struct out_file *f, struct digest *digest,
	struct progress *p)
{
	const uint64_t chunks = size / s->chunk + (size % s->chunk != 0);
	uint64_t chunk, done;
	uint32_t len;
	int ret = 0;

	for (chunk = 0, done = 0; chunk < chunks && ret == 0; chunk++, done += len) {
		len = RTE_MIN((uint64_t)s->chunk, size - done);
		ret = take_chunk(s, chunk, len, f, digest);
		if (ret == 0)
			progress_step(p, done + len);
	}

	return ret;
}

/* Only a file that is what the sender has gets its name. */
static int
finish(struct session *s, struct out_file *f, const uint8_t *sha256)
{
	union letter letter;
	int ret;

	ret = session_read(s, MAIL_END, &letter);
	if (ret != 0)
		return ret;
	if (memcmp(letter.end.sha256, sha256, MAIL_SHA256_LEN) != 0) {
		error("the checksum is not the sender's: something was lost on the way");
		return -EBADMSG;
	}

	return out_file_commit(f);
}

/* The file is there; that the sender may not hear of it does not change that. */
static void
post_result(struct session *s, const uint8_t *sha256)
{
	struct mail_result *result = &s->out->letter[MAIL_RESULT].result;
	int ret;

	result->status = 0;
	memcpy(result->sha256, sha256, MAIL_SHA256_LEN);
	ret = session_post(s, MAIL_RESULT);
	if (ret == 0)
		ret = dma_drain(&s->dma, END_MS);
	if (ret != 0)
		error("the file is complete but the sender could not be told: %s",
			ret == -EIO ? dma_status_str(s->dma.status) : strerror(-ret));
}

static int
recv_opened(struct session *s, uint64_t size, struct out_file *f, struct digest *digest)
{
	uint8_t sha256[MAIL_SHA256_LEN];
	struct progress p;
	int ret;

	progress_start(&p, "received", size);
	ret = take_chunks(s, size, f, digest, &p);
	if (ret == 0)
		ret = digest_end(digest, sha256);
	if (ret == 0)
		ret = finish(s, f, sha256);
	if (ret == 0)
		post_result(s, sha256);
	progress_end(&p, ret == 0, sha256);

	return ret;
}

int
recv_file(struct session *s)
{
	struct mail_offer offer;
	struct digest digest;
	struct out_file f;
	int ret;

	ret = read_offer(s, &offer);
	if (ret == 0)
		ret = out_file_open(&f, s->opt->file, offer.name);
	if (ret != 0)
		return ret;
	ret = check_target(s, &f);
	if (ret != 0) {
		out_file_drop(&f);
		return ret;
	}
	printf("receiving %s, %" PRIu64 " bytes, in chunks of %u, %u in flight, as %s\n",
		offer.name, offer.size, s->chunk, s->depth, f.path);
	ret = digest_init(&digest);
	if (ret == 0) {
		ret = recv_opened(s, offer.size, &f, &digest);
		digest_free(&digest);
	}
	out_file_drop(&f);

	return ret;
}

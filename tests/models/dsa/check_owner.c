/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Inter-domain operations, and another process that owns windows for them. */

#include <errno.h>
#include <string.h>

#include "check.h"
#include "check_owner.h"

struct dsa_completion_record inter_rec __attribute__((aligned(32)));
uint8_t *owned;

/* For the owner, who is a copy of this process. */
static const struct wish *wishes;
static unsigned int nb_wishes;

int
window_make(const struct wq *wq, const void *base, size_t size, uint32_t type, uint16_t flags,
		uint16_t *handle)
{
	const int fd = win_create(wq, base, size, type, flags, handle);

	CHECK(fd >= 0, "a window of %zu bytes, type %u, flags 0x%x: %s", size, type, flags,
		strerror(errno));
	return fd;
}

uint8_t
inter(struct wq *wq, uint32_t opcode, uint64_t src, int src_handle, uint64_t dst, int dst_handle,
		uint32_t size)
{
	struct dsa_hw_desc desc = desc_make(opcode, (void *)src, (void *)dst, size, &inter_rec);

	desc_handles(&desc, src_handle, dst_handle);
	return wq_do(wq, &desc);
}

static void
own_windows(int sock)
{
	uint16_t handle;
	unsigned int i;
	struct wq wq;
	int fd;

	wq_open(&wq, "wq0.1");
	for (i = 0; i < nb_wishes; i++) {
		const struct wish *w = &wishes[i];

		fd = window_make(&wq, (w->flags & IDXD_WIN_FLAG_CHECK) != 0 ? owned + w->base :
			NULL, w->size, w->type, w->flags, &handle);
		tell(sock, handle, fd);
	}
	/* Asked for its memory it tells each byte; or it is asked to end. */
	while (hear(sock, NULL) != 0)
		for (i = 0; i < OWNED_SIZE; i++)
			tell(sock, owned[i], -1);
}

void
owner_start(struct peer *owner, struct wq *wq, const struct wish *list, unsigned int nb,
		uint16_t *handles)
{
	unsigned int i;
	uint16_t given;
	int fd;

	wishes = list;
	nb_wishes = nb;
	owned = pages(OWNED_SIZE / 4096, 0xaa);
	peer_start(owner, own_windows);
	for (i = 0; i < nb; i++) {
		given = hear(owner->sock, &fd);
		EXPECT(0, win_attach(wq, fd, &handles[i]));
		EXPECT(given, handles[i]);
	}
}

void
owner_end(struct peer *owner)
{
	tell(owner->sock, 0, -1);
	peer_end(owner);
}

void
expect_owned(struct peer *owner, unsigned int at, unsigned int len, uint8_t byte)
{
	unsigned int i;
	uint8_t seen;

	tell(owner->sock, 1, -1);
	for (i = 0; i < OWNED_SIZE; i++) {
		seen = hear(owner->sock, NULL);
		CHECK(seen == (i >= at && i < at + len ? byte : 0xaa),
			"byte %u is 0x%02x; written: 0x%02x from %u, %u bytes", i, seen, byte, at,
			len);
	}
}

void
try_fill(struct wq *wq, uint16_t handle, uint64_t addr, uint32_t size, const char *refused)
{
	const unsigned long before = refused == NULL ? 0 : check_stat(refused);
	const uint8_t status = inter(wq, DSA_OPCODE_INTER_FILL, UINT64_C(0xaaaaaaaaaaaaaaaa), -1,
		addr, handle, size);

	CHECK(status == (refused == NULL ? DSA_COMP_SUCCESS : DSA_MODEL_REFUSED),
		"status 0x%02x of %u bytes at 0x%llx", status, size, (unsigned long long)addr);
	if (refused == NULL)
		return;
	EXPECT(before + 1, check_stat(refused));
	EXPECT(addr, inter_rec.fault_addr);
	EXPECT(0, inter_rec.bytes_completed);
}

int
page_window(const struct wq *wq, uint8_t *mem, uint16_t *handle)
{
	return window_make(wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, IDXD_WIN_FLAG_READ |
		IDXD_WIN_FLAG_WRITE | IDXD_WIN_FLAG_CHECK, handle);
}

void
submit_fill(struct wq *wq, uint8_t byte, uint8_t *dst, uint32_t size, uint16_t handle,
		struct dsa_completion_record *rec)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_INTER_FILL, NULL, dst, size, rec);

	desc.pattern = byte * UINT64_C(0x0101010101010101);
	desc_handles(&desc, -1, handle);
	wq_submit(wq, &desc);
}

uint8_t
fill_word(struct wq *wq, uint8_t *dst, uint16_t handle)
{
	submit_fill(wq, 0x55, dst, 8, handle, &inter_rec);
	return record_wait(&inter_rec);
}

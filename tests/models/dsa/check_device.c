/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A work queue as a driver uses it, and windows: the tests' own, without DPDK. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define PORTAL_SIZE 4096

const char *
wq_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("DSA_DEV_PATH"), name);
	return path;
}

void
wq_open(struct wq *wq, const char *name)
{
	wq->fd = open(wq_path(name), O_RDWR | O_CLOEXEC);
	CHECK(wq->fd >= 0, "%s: %s", name, strerror(errno));
	wq->portal = mmap(NULL, PORTAL_SIZE, PROT_WRITE, MAP_SHARED, wq->fd, 0);
	CHECK(wq->portal != MAP_FAILED, "the portal of %s: %s", name, strerror(errno));
	wq->next = 0;
}

void
wq_close(struct wq *wq)
{
	EXPECT(0, munmap(wq->portal, PORTAL_SIZE));
	EXPECT(0, close(wq->fd));
}

void
wq_submit(struct wq *wq, const struct dsa_hw_desc *desc)
{
	const unsigned int at = __atomic_fetch_add(&wq->next, sizeof(*desc), __ATOMIC_RELAXED);

	__asm__ volatile(".byte 0x66, 0x0f, 0x38, 0xf8, 0x02" :
		: "a" (wq->portal + at % PORTAL_SIZE), "d" (desc) : "memory");
}

uint8_t
record_wait(const struct dsa_completion_record *rec)
{
	/* The device writes the status last; what follows it is read after it. */
	WAIT_FOR(__atomic_load_n(&rec->status, __ATOMIC_ACQUIRE) != 0);
	return rec->status;
}

struct dsa_hw_desc
desc_make(uint32_t opcode, const void *src, void *dst, uint32_t size,
		struct dsa_completion_record *rec)
{
	struct dsa_hw_desc desc = { .opcode = opcode, .xfer_size = size };

	desc.src_addr = (uintptr_t)src;
	desc.dst_addr = (uintptr_t)dst;
	if (rec != NULL) {
		memset((void *)rec, 0, sizeof(*rec));
		desc.completion_addr = (uintptr_t)rec;
		desc.flags = IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR;
	}

	return desc;
}

void
desc_handles(struct dsa_hw_desc *desc, int src, int dst)
{
	if (src >= 0) {
		desc->flags |= DSA_FLAG_SRC_HANDLE;
		memcpy(&desc->op_specific[DSA_AT_SRC_HANDLE], &(uint16_t){ src }, 2);
	}
	if (dst >= 0) {
		desc->flags |= DSA_FLAG_DST_HANDLE;
		memcpy(&desc->op_specific[DSA_AT_DST_HANDLE], &(uint16_t){ dst }, 2);
	}
}

uint8_t
wq_do(struct wq *wq, struct dsa_hw_desc *desc)
{
	wq_submit(wq, desc);
	return record_wait((void *)(uintptr_t)desc->completion_addr);
}

uint8_t
do_op(struct wq *wq, uint32_t opcode, const void *src, void *dst, uint32_t size,
		struct dsa_completion_record *rec)
{
	struct dsa_hw_desc desc = desc_make(opcode, src, dst, size, rec);

	return wq_do(wq, &desc);
}

uint8_t
do_batch(struct wq *wq, const struct dsa_hw_desc *list, uint32_t nb,
		struct dsa_completion_record *rec)
{
	return do_op(wq, DSA_OPCODE_BATCH, list, NULL, nb, rec);
}

int
win_create(const struct wq *wq, const void *base, size_t size, uint32_t type, uint16_t flags,
		uint16_t *handle)
{
	struct idxd_win_create create = { .base = (uintptr_t)base, .size = size, .type = type,
		.flags = flags, .handle = UINT16_MAX };
	const int fd = ioctl(wq->fd, IDXD_WIN_CREATE, &create);

	if (handle != NULL)
		*handle = create.handle;
	return fd;
}

int
win_attach(const struct wq *wq, int fd, uint16_t *handle)
{
	struct idxd_win_attach attach = { .fd = fd, .handle = UINT16_MAX };
	const int ret = ioctl(wq->fd, IDXD_WIN_ATTACH, &attach);

	if (handle != NULL)
		*handle = attach.handle;
	return ret;
}

int
win_fault(int fd, uint64_t offset, uint64_t len, bool write)
{
	struct idxd_win_fault fault = { .offset = offset, .len = len, .write_fault = write };

	return ioctl(fd, IDXD_WIN_FAULT, &fault);
}

uint8_t *
pages(unsigned int nb, uint8_t byte)
{
	uint8_t *p = mmap(NULL, nb * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);

	CHECK(p != MAP_FAILED, "%u pages: %s", nb, strerror(errno));
	memset(p, byte, nb * 4096ul);

	return p;
}

size_t
first_other(const uint8_t *p, size_t len, uint8_t byte)
{
	size_t i;

	for (i = 0; i < len && p[i] == byte; i++)
		;

	return i;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The memory of clients. A client announces areas, ranges of its addresses in which memory may come
 * and go, and adds regions to them. An area is reserved here once, without access, so that addresses
 * are translated by one subtraction and what spans two regions is contiguous here, too; a region is
 * a shared mapping in it.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "controller.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/* Areas keep the alignment of the client's address within this, so that the largest huge pages fit. */
#define AREA_ALIGN (UINT64_C(1) << 30)

struct region {
	uint64_t base;
	uint64_t len;
	uint64_t offset;
};

/* userfaultfd under which all regions are; -1: the kernel has none for us. */
static int guard = -1;

/*
 * Without a guard a hole that a client punched into its memory is filled by the access of whoever
 * comes first, at the cost of this process. With it such an access raises SIGBUS.
 */
void
memory_guard_init(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MISSING_SHMEM |
			UFFD_FEATURE_MISSING_HUGETLBFS,
	};

	guard = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (guard >= 0 && ioctl(guard, UFFDIO_API, &api) != 0) {
		close(guard);
		guard = -1;
	}
	if (guard < 0)
		log_msg("no userfaultfd here: clients that punch holes into their memory can make this process pay for pages");
}

bool
memory_guarded(void)
{
	return guard >= 0;
}

/* Reserve address space that agrees with base modulo AREA_ALIGN. */
static uint8_t *
area_reserve(uint64_t base, uint64_t len)
{
	uint64_t whole = len + AREA_ALIGN, skip;
	uint8_t *p;

	p = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	skip = (base - (uintptr_t)p) & (AREA_ALIGN - 1);
	if (skip != 0)
		munmap(p, skip);
	if (whole - skip - len != 0)
		munmap(p + skip + len, whole - skip - len);

	return p + skip;
}

static bool
area_overlaps(const struct area_table *t, uint64_t base, uint64_t len)
{
	uint32_t i;

	for (i = 0; t != NULL && i < t->nb; i++)
		if (base < t->area[i].base + t->area[i].len && t->area[i].base < base + len)
			return true;

	return false;
}

int
memory_area_add(struct client *c, uint64_t base, uint64_t len)
{
	struct area_table *old = atomic_load_explicit(&c->areas, memory_order_relaxed), *t;
	const uint64_t page = sysconf(_SC_PAGESIZE);
	uint32_t nb = old == NULL ? 0 : old->nb;
	uint8_t *map;

	if (len == 0 || ((base | len) & (page - 1)) != 0 || base + len < base)
		return -EINVAL;
	if (area_overlaps(old, base, len))
		return -EEXIST;
	if (nb == MAX_AREAS || len > MAX_AREA_BYTES - c->area_bytes)
		return -ENOSPC;
	t = malloc(sizeof(*t) + (nb + 1) * sizeof(t->area[0]));
	map = t == NULL ? NULL : area_reserve(base, len);
	if (map == NULL) {
		free(t);
		return -ENOMEM;
	}
	if (old != NULL)
		memcpy(t->area, old->area, nb * sizeof(t->area[0]));
	t->area[nb] = (struct area){ .base = base, .len = len, .map = map };
	t->nb = nb + 1;
	c->area_bytes += len;
	/* Release of the table; pairs with the load-acquire in client_memory(). */
	atomic_store_explicit(&c->areas, t, memory_order_release);
	if (old != NULL) {
		engines_sync();
		free(old);
	}

	return 0;
}

/* Regions that overlap compare as equal, so that a search for one finds what stands in its way. */
static int
region_cmp(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	if (x->base + x->len <= y->base)
		return -1;

	return y->base + y->len <= x->base ? 1 : 0;
}

static uint8_t *
region_address(const struct client *c, uint64_t base, uint64_t len)
{
	const struct area_table *t = atomic_load_explicit(&c->areas, memory_order_relaxed);
	uint64_t off;
	uint32_t i;

	for (i = 0; t != NULL && i < t->nb; i++) {
		off = base - t->area[i].base;
		if (off < t->area[i].len && len <= t->area[i].len - off)
			return t->area[i].map + off;
	}

	return NULL;
}

/*
 * Whether a descriptor is memory of the kernel's own, and large enough. F_GET_SEALS is answered without
 * calling a file system, for shmem and hugetlbfs alone; what is neither (a FUSE file could make any
 * other call hang) is refused before another call is made. fstat comes before mmap, for mapping a hugetlbfs
 * file beyond its end makes it grow.
 */
static int
region_check_file(int fd, uint64_t offset, uint64_t len)
{
	struct stat st;

	if (fcntl(fd, F_GET_SEALS) < 0)
		return -EBADF;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	if (st.st_size < 0 || offset > (uint64_t)st.st_size || len > (uint64_t)st.st_size - offset)
		return -ERANGE;

	return 0;
}

static int
region_guard(void *p, uint64_t len)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)p, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (guard < 0)
		return 0;

	return ioctl(guard, UFFDIO_REGISTER, &reg) != 0 ? -errno : 0;
}

/* Take the mapping out again; what an engine is copying there meanwhile fails. */
static int
region_unmap(void *p, uint64_t len)
{
	void *q = mmap(p, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		-1, 0);

	return q == MAP_FAILED ? -errno : 0;
}

static int
region_map(uint8_t *at, const struct region *reg, int fd)
{
	int ret;

	if (mmap(at, reg->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			reg->offset) == MAP_FAILED)
		return -errno;
	ret = region_guard(at, reg->len);
	if (ret != 0)
		region_unmap(at, reg->len);

	return ret;
}

static int
region_allowed(const struct client *c, const struct region *reg)
{
	if (c->nb_regions >= MAX_REGIONS || ctl.nb_regions >= MAX_REGIONS_TOTAL ||
	    reg->len > MAX_REGION_BYTES - c->account->region_bytes) {
		log_msg("client %u: no more memory: it has %u of %u regions, all have %u of %u, uid %u has %lu bytes",
			c->handler, c->nb_regions, MAX_REGIONS, ctl.nb_regions, MAX_REGIONS_TOTAL,
			c->account->uid, (unsigned long)c->account->region_bytes);
		return -ENOSPC;
	}

	return 0;
}

int
memory_region_add(struct client *c, const struct sw_req_region *req, int fd)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	struct region *reg;
	uint8_t *at;
	int ret;

	/* That huge pages are aligned to their size is checked by mmap. */
	at = region_address(c, req->base, req->len);
	if (at == NULL || req->len == 0 || ((req->base | req->len | req->offset) & (page - 1)) != 0)
		return -EINVAL;
	ret = region_check_file(fd, req->offset, req->len);
	if (ret != 0)
		return ret;
	reg = malloc(sizeof(*reg));
	if (reg == NULL)
		return -ENOMEM;
	*reg = (struct region){ .base = req->base, .len = req->len, .offset = req->offset };
	ret = region_allowed(c, reg);
	if (ret == 0 && tfind(reg, &c->regions, region_cmp) != NULL)
		ret = -EEXIST;
	if (ret == 0)
		ret = region_map(at, reg, fd);
	if (ret == 0 && tsearch(reg, &c->regions, region_cmp) == NULL) {
		region_unmap(at, reg->len);
		ret = -ENOMEM;
	}
	if (ret != 0) {
		free(reg);
		return ret;
	}
	c->nb_regions++;
	ctl.nb_regions++;
	c->region_bytes += reg->len;
	c->account->region_bytes += reg->len;

	return 0;
}

static void
region_forget(struct client *c, struct region *reg)
{
	c->nb_regions--;
	ctl.nb_regions--;
	c->region_bytes -= reg->len;
	c->account->region_bytes -= reg->len;
	free(reg);
}

/* Keep what is left of a region before or after a range that went away. */
static int
region_keep(struct client *c, uint64_t base, uint64_t end)
{
	struct region *reg;

	if (base >= end)
		return 0;
	reg = malloc(sizeof(*reg));
	if (reg == NULL)
		return -ENOMEM;
	*reg = (struct region){ .base = base, .len = end - base };
	if (tsearch(reg, &c->regions, region_cmp) == NULL) {
		free(reg);
		return -ENOMEM;
	}
	c->nb_regions++;
	ctl.nb_regions++;
	c->region_bytes += reg->len;
	c->account->region_bytes += reg->len;

	return 0;
}

/*
 * The range may hold several regions, or a part of one: EAL frees pages in other pieces than it
 * allocated them. The pages are gone when this returns, whatever the bookkeeping says.
 */
int
memory_region_del(struct client *c, const struct sw_req_region *req)
{
	const uint64_t page = sysconf(_SC_PAGESIZE), end = req->base + req->len;
	uint8_t *at = region_address(c, req->base, req->len);
	struct region key = { .base = req->base, .len = req->len }, *reg, **found;
	int ret;

	if (at == NULL || req->len == 0 || ((req->base | req->len) & (page - 1)) != 0 ||
	    req->offset != 0)
		return -EINVAL;
	ret = region_unmap(at, req->len);
	if (ret != 0)
		return ret;
	while ((found = tfind(&key, &c->regions, region_cmp)) != NULL) {
		reg = *found;
		key = *reg;
		tdelete(reg, &c->regions, region_cmp);
		region_forget(c, reg);
		if (region_keep(c, key.base, req->base) != 0 ||
		    region_keep(c, end, key.base + key.len) != 0)
			ret = -ENOMEM;
		key = (struct region){ .base = req->base, .len = req->len };
	}

	return ret;
}

/* The client is gone, and no engine knows it any more. */
void
memory_free(struct client *c)
{
	struct area_table *t = atomic_load_explicit(&c->areas, memory_order_relaxed);
	struct region *reg;
	uint32_t i;

	while (c->regions != NULL) {
		reg = *(struct region **)c->regions;
		tdelete(reg, &c->regions, region_cmp);
		region_forget(c, reg);
	}
	for (i = 0; t != NULL && i < t->nb; i++)
		munmap(t->area[i].map, t->area[i].len);
	free(t);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The memory of clients. A client announces areas, ranges of its addresses in which memory may come
 * and go, and adds regions to them. An area is reserved here once, without access, so that
 * addresses are translated by one subtraction and what spans two regions is contiguous here, too; a
 * region is a shared mapping in it.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/userfaultfd.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "controller.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/*
 * Areas keep the alignment of the client's address within this, so that the largest huge pages fit.
 */
#define AREA_ALIGN (UINT64_C(1) << 30)

/* Mappings that a region and an area can cost: themselves and what they leave on one side. */
#define MAPS_EACH 2

struct region {
	uint64_t base;
	uint64_t len;
	bool small; /* of pages that are not huge */
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

/* Whether the kernel has room for one more mapping, and then some for taking others away. */
static bool
maps_allowed(void)
{
	return ctl.nb_maps + MAPS_EACH <= MAX_MAPS;
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
	struct account *a = c->account;
	uint8_t *map;

	if (len == 0 || ((base | len) & (page - 1)) != 0 || base + len < base)
		return -EINVAL;
	if (area_overlaps(old, base, len))
		return -EEXIST;
	if (nb == MAX_AREAS || a->areas >= MAX_AREAS_PER_UID || !maps_allowed() ||
	    len > MAX_AREA_BYTES - a->area_bytes) {
		log_msg("client %u: no more areas: it has %u of %u, uid %u has %u of %u and %lu GiB",
			c->handler, nb, MAX_AREAS, a->uid, a->areas, MAX_AREAS_PER_UID,
			(unsigned long)(a->area_bytes >> 30));
		return -ENOSPC;
	}
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
	ctl.nb_maps += MAPS_EACH;
	a->areas++;
	a->area_bytes += len;
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
 * Whether a descriptor is memory of the kernel's own, and large enough. F_GET_SEALS is answered
 * without calling a file system, for shmem and hugetlbfs alone; what is neither (a FUSE file could
 * make any other call hang) is refused before another call is made. Sizes come before mmap: mapping
 * a hugetlbfs file beyond its end makes it grow, and a length that is no multiple of its pages is
 * rounded up, over what comes behind.
 */
static int
region_check_file(int fd, const struct sw_req_region *req, bool *small)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct statfs fs;
	struct stat st;

	if (fcntl(fd, F_GET_SEALS) < 0)
		return -EBADF;
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	*small = fs.f_type != HUGETLBFS_MAGIC;
	if (!*small)
		page = fs.f_bsize;
	if (page == 0 || ((req->base | req->len | req->offset) & (page - 1)) != 0)
		return -EINVAL;
	if (st.st_size < 0 || req->offset > (uint64_t)st.st_size ||
	    req->len > (uint64_t)st.st_size - req->offset)
		return -ERANGE;
	if (*small && req->len > MAX_SMALL_REGION)
		return -EFBIG;

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

/*
 * Map without access first: an engine must not touch the pages before they are guarded. NORESERVE:
 * huge pages that the client does not have are not taken from the pool for it.
 */
static int
region_map(uint8_t *at, uint64_t len, uint64_t offset, int fd)
{
	int ret;

	ret = mmap(at, len, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd,
		offset) == MAP_FAILED ? -errno : region_guard(at, len);
	if (ret == 0 && mprotect(at, len, PROT_READ | PROT_WRITE) != 0)
		ret = -errno;
	/*
	 * The kernel can refuse when it has already taken away what was there. A gap must not stay:
	 * the next mapping of this process could come to be in it, in this client's reach. With the
	 * client the whole area goes.
	 */
	if (ret != 0 && region_unmap(at, len) != 0)
		return -ENOTRECOVERABLE;

	return ret;
}

static uint32_t
max_regions(const struct account *a)
{
	return account_trusted(a) ? MAX_REGIONS_TRUSTED : MAX_REGIONS_PER_UID;
}

/* Whether the client may have one more region. */
static int
region_allowed(const struct client *c, const struct region *reg)
{
	const struct account *a = c->account;
	const uint64_t small = account_trusted(a) ? MAX_SMALL_TRUSTED : MAX_SMALL_BYTES;

	if (c->nb_regions >= MAX_REGIONS || a->regions >= max_regions(a) ||
	    ctl.nb_regions >= MAX_REGIONS_TOTAL || !maps_allowed() ||
	    a->region_bytes + reg->len > MAX_REGION_BYTES ||
	    (reg->small && a->small_bytes + reg->len > small)) {
		log_msg("client %u: no more memory: it has %u of %u regions, uid %u has %u of %u and %lu MiB, of those %lu of %lu in small pages, all have %u of %u regions",
			c->handler, c->nb_regions, MAX_REGIONS, a->uid, a->regions, max_regions(a),
			(unsigned long)(a->region_bytes >> 20), (unsigned long)(a->small_bytes >> 20),
			(unsigned long)(small >> 20), ctl.nb_regions, MAX_REGIONS_TOTAL);
		return -ENOSPC;
	}

	return 0;
}

/* Put a region into the books. */
static int
region_note(struct client *c, const struct region *like)
{
	struct region *reg = malloc(sizeof(*reg));

	if (reg == NULL)
		return -ENOMEM;
	*reg = *like;
	if (tsearch(reg, &c->regions, region_cmp) == NULL) {
		free(reg);
		return -ENOMEM;
	}
	c->nb_regions++;
	ctl.nb_regions++;
	ctl.nb_maps += MAPS_EACH;
	c->account->regions++;
	c->region_bytes += reg->len;
	c->account->region_bytes += reg->len;
	if (reg->small) {
		c->small_bytes += reg->len;
		c->account->small_bytes += reg->len;
	}

	return 0;
}

static void
region_forget(struct client *c, struct region *reg)
{
	tdelete(reg, &c->regions, region_cmp);
	c->nb_regions--;
	ctl.nb_regions--;
	ctl.nb_maps -= MAPS_EACH;
	c->account->regions--;
	c->region_bytes -= reg->len;
	c->account->region_bytes -= reg->len;
	if (reg->small) {
		c->small_bytes -= reg->len;
		c->account->small_bytes -= reg->len;
	}
	free(reg);
}

int
memory_region_add(struct client *c, const struct sw_req_region *req, int fd)
{
	struct region reg = { .base = req->base, .len = req->len };
	uint8_t *at = region_address(c, req->base, req->len);
	int ret;

	if (at == NULL || req->len == 0)
		return -EINVAL;
	ret = region_check_file(fd, req, &reg.small);
	if (ret == 0)
		ret = region_allowed(c, &reg);
	if (ret == 0 && tfind(&reg, &c->regions, region_cmp) != NULL)
		ret = -EEXIST;
	if (ret == 0)
		ret = region_map(at, req->len, req->offset, fd);
	if (ret != 0)
		return ret;
	ret = region_note(c, &reg);
	if (ret != 0 && region_unmap(at, req->len) != 0)
		ret = -ENOTRECOVERABLE;

	return ret;
}

/* Strike a range out of the books; what is left of a region before and after it stays in them. */
static int
region_strike(struct client *c, uint64_t base, uint64_t end)
{
	const struct region key = { .base = base, .len = end - base };
	struct region **found, whole, part;
	int ret = 0;

	while (ret == 0 && (found = tfind(&key, &c->regions, region_cmp)) != NULL) {
		whole = **found;
		region_forget(c, *found);
		part = whole;
		if (whole.base < base) {
			part.len = base - whole.base;
			ret = region_note(c, &part);
		}
		if (ret == 0 && whole.base + whole.len > end) {
			part.base = end;
			part.len = whole.base + whole.len - end;
			ret = region_note(c, &part);
		}
	}

	return ret;
}

/*
 * The range may hold several regions, or a part of one: EAL frees pages in other pieces than it
 * allocated them. Taking away is never refused for what others have. If it cannot be done
 * otherwise, or if the pieces become too many, the client loses all of it by being cut off.
 */
int
memory_region_del(struct client *c, const struct sw_req_region *req)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	uint8_t *at = region_address(c, req->base, req->len);
	int ret;

	if (at == NULL || req->len == 0 || ((req->base | req->len) & (page - 1)) != 0 ||
	    req->offset != 0)
		return -EINVAL;
	if (req->len > MAX_SMALL_REGION && c->small_bytes != 0)
		return -EFBIG;
	ret = region_unmap(at, req->len);
	/* The kernel does not split huge pages, and has left all as it was. */
	if (ret == -EINVAL)
		return ret;
	if (ret == 0)
		ret = region_strike(c, req->base, req->base + req->len);
	if (ret != 0 || c->nb_regions > MAX_REGIONS + MAX_SPLITS ||
	    c->account->regions > max_regions(c->account) + MAX_SPLITS)
		return -ENOTRECOVERABLE;

	return 0;
}

/* The client is gone, and no engine knows it any more. */
void
memory_free(struct client *c)
{
	struct area_table *t = atomic_load_explicit(&c->areas, memory_order_relaxed);
	uint32_t i;

	while (c->regions != NULL)
		region_forget(c, *(struct region **)c->regions);
	for (i = 0; t != NULL && i < t->nb; i++) {
		discard_mapping(t->area[i].map, t->area[i].len);
		ctl.nb_maps -= MAPS_EACH;
		c->account->areas--;
		c->account->area_bytes -= t->area[i].len;
	}
	free(t);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Windows: what the kernel does for IDXD_WIN_*, and the entries of the permissions table that go
 * with them. A window's descriptor is an end of a pipe that carries nothing; its inode tells which.
 *
 * What the facts leave open is the model's own: a second submitter of a single-submitter window
 * gets EBUSY, a full table ENOSPC; the lowest free handle is given; a window's descriptor is closed
 * by exec; exec ends the address space and with it all that it owned or was attached to.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

#define PAGE 4096

static uint64_t last_id;

struct window *
window_of_handle(const struct device *dev, uint16_t handle)
{
	return handle < model.opt.idpt_entries ? dev->table[handle] : NULL;
}

/* The first window for which match says so. */
static struct window *
find(bool (*match)(const struct window *w, uint64_t key), uint64_t key)
{
	unsigned int d, h;
	struct window *w;

	for (d = 0; d < model.opt.devices; d++)
		for (h = 0; h < model.opt.idpt_entries; h++) {
			w = model.devices[d].table[h];
			if (w != NULL && match(w, key))
				return w;
		}

	return NULL;
}

static bool
has_id(const struct window *w, uint64_t id)
{
	return w->id == id;
}

static bool
has_inode(const struct window *w, uint64_t inode)
{
	return w->inode == inode;
}

struct window *
window_of_id(uint64_t id)
{
	return find(has_id, id);
}

/* Inodes of pipes are unique among those that live, and ours does as long as the window. */
struct window *
window_of_fd(int fd)
{
	struct window *w = NULL;
	struct stat st, ours;

	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		w = find(has_inode, st.st_ino);
	/* A named pipe is of another file system, where the same number means nothing. */
	if (w != NULL && (fstat(w->watch.fd, &ours) != 0 || ours.st_dev != st.st_dev))
		w = NULL;

	return w;
}

unsigned int
windows_live(void)
{
	unsigned int d, h, nb = 0;

	for (d = 0; d < model.opt.devices; d++)
		for (h = 0; h < model.opt.idpt_entries; h++)
			nb += model.devices[d].table[h] != NULL;

	return nb;
}

bool
window_has_submitter(const struct window *w, const struct process *p)
{
	const struct submitter *s;

	LIST_FOREACH(s, &w->submitters, next)
		if (s->proc == p)
			return true;

	return false;
}

void
window_detach(struct window *w, const struct process *p)
{
	struct submitter *s;

	LIST_FOREACH(s, &w->submitters, next)
		if (s->proc == p)
			break;
	if (s == NULL)
		return;
	LIST_REMOVE(s, next);
	process_put(s->proc);
	free(s);
}

void
window_free(struct window *w)
{
	while (!LIST_EMPTY(&w->submitters))
		window_detach(w, LIST_FIRST(&w->submitters)->proc);
	w->dev->table[w->handle] = NULL;
	process_put(w->owner);
	close(w->watch.fd);
	free(w);
}

void
windows_process_gone(const struct process *p)
{
	unsigned int d, h;
	struct window *w;

	for (d = 0; d < model.opt.devices; d++)
		for (h = 0; h < model.opt.idpt_entries; h++) {
			w = model.devices[d].table[h];
			if (w != NULL && w->owner == p)
				window_free(w);
			else if (w != NULL)
				window_detach(w, p);
		}
}

/* Nobody has the descriptor any more, though nobody closed it in a way that we were told of. */
static void
all_copies_gone(struct watch *watch)
{
	window_free((struct window *)watch);
}

/* The rules for windows, new ones and changed ones. */
int
window_check(uint64_t base, uint64_t size, uint32_t flags)
{
	if ((flags & ~IDXD_WIN_FLAGS) != 0)
		return EINVAL;
	if ((flags & IDXD_WIN_FLAG_OFFSET) != 0 && model.opt.no_offset_mode)
		return EOPNOTSUPP;
	if ((flags & IDXD_WIN_FLAG_CHECK) == 0 &&
			((flags & IDXD_WIN_FLAG_OFFSET) != 0 || base != 0 || size != 0))
		return EINVAL;
	if (base + size < base)
		return EINVAL;

	return 0;
}

static bool
type_supported(uint32_t type)
{
	return type == IDXD_WIN_TYPE_SA_SS ||
		(type == IDXD_WIN_TYPE_SA_MS && !model.opt.single_submitter);
}

/* Our end is watched for the end of the others; theirs never blocks anybody. */
static int
make_pipe(struct window *w, int *fd)
{
	struct stat st;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return errno;
	if (fstat(fds[1], &st) != 0) {
		close(fds[0]);
		close(fds[1]);
		return EIO;
	}
	*fd = fds[0];
	w->watch = (struct watch){ .fd = fds[1], .ready = all_copies_gone };
	w->inode = st.st_ino;
	watch_add(&w->watch, false);

	return 0;
}

int
window_create(struct queue *q, const struct dsa_wire_request *req, uint16_t *handle, int *fd)
{
	int ret = model.opt.no_inter_domain || !type_supported(req->create.type) ? EOPNOTSUPP : 0;
	unsigned int h = model.opt.first_handle;
	struct window *w;

	if (ret == 0)
		ret = window_check(req->create.base, req->create.size, req->create.flags);
	if (ret != 0)
		return ret;
	while (h < model.opt.idpt_entries && q->dev->table[h] != NULL)
		h++;
	if (h == model.opt.idpt_entries)
		return ENOSPC;
	w = calloc(1, sizeof(*w));
	ret = w == NULL ? ENOMEM : make_pipe(w, fd);
	if (ret != 0) {
		free(w);
		return ret;
	}
	w->dev = q->dev;
	w->handle = *handle = h;
	w->id = ++last_id;
	w->owner = q->proc;
	w->owner->refs++;
	w->type = req->create.type;
	w->flags = req->create.flags;
	w->base = req->create.base;
	w->size = req->create.size;
	LIST_INIT(&w->submitters);
	q->dev->table[h] = w;
	model.counters[COUNT_WINDOWS_CREATED]++;

	return 0;
}

int
window_attach(struct queue *q, int fd, uint16_t *handle)
{
	struct window *w = window_of_fd(fd);
	struct submitter *s;

	if (w == NULL || w->dev != q->dev || w->closing || !process_alive(w->owner))
		return EINVAL;
	*handle = w->handle;
	if (window_has_submitter(w, q->proc))
		return 0;
	if (w->type == IDXD_WIN_TYPE_SA_SS && !LIST_EMPTY(&w->submitters))
		return EBUSY;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ENOMEM;
	s->proc = q->proc;
	s->proc->refs++;
	LIST_INSERT_HEAD(&w->submitters, s, next);
	model.counters[COUNT_ATTACHES]++;

	return 0;
}

/* Of a window of the whole address space the offset is the address. */
int
window_fault(int fd, const struct dsa_wire_request *req)
{
	const struct window *w = window_of_fd(fd);
	const uint64_t offset = req->fault.offset, len = req->fault.len;
	uint64_t addr, last;
	uint8_t byte;

	/* What the kernel says of a pipe. */
	if (w == NULL)
		return ENOTTY;
	addr = w->base + offset;
	last = addr + len - 1;
	if (w->closing || len == 0 || offset + len < offset || last < addr)
		return EINVAL;
	if ((w->flags & IDXD_WIN_FLAG_CHECK) != 0 && offset + len > w->size)
		return EINVAL;
	if (req->fault.write != 0 && (w->flags & IDXD_WIN_FLAG_WRITE) == 0)
		return EINVAL;
	if (req->fault.write != 0 && !process_writable(w->owner, addr, len))
		return EFAULT;
	for (; addr <= last; addr = (addr | (PAGE - 1)) + 1)
		if (process_read(w->owner, addr, &byte, 1) != 1)
			return EFAULT;

	return 0;
}

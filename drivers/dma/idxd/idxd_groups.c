/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The hooks by which the library's broker of access groups uses the windows of a DSA instance:
 *
 *	export		one window for each group; its descriptor is what the others get
 *	renew		another window of the same memory, since the kernel cannot take a single
 *			submitter its right
 *	import		attach to a peer's window; the peer's handler stands for its handle
 *	unexport,	close the descriptor: the kernel waits until nothing uses the right any
 *	unimport	more before it returns
 *
 * No call of the kernel changes what a window permits, so new windows come with another one. It is
 * made before the old one is closed, and nobody has it until then. (The device has a descriptor that
 * changes a window. It would have to go through the work queue that the application uses, and is not
 * known to wait for operations that are under way.)
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_memory.h>

#include "idxd_access.h"

/* How often a port says of each error why it could not attach: peers may send what they like. */
#define ATTACH_LOG_S 10

/* How long a handle is not wanted again, in s: far longer than operations are under way. */
#define RETIRED_S 10

/* Windows that are held at most to get another handle: some more than a group has. */
#define HELD_MAX 128

/* What a member sends besides the descriptor. */
struct export_blob {
	uint16_t version;
	uint16_t handle;
};
#define EXPORT_VERSION 1

/* Any work queue of the port will do: a window belongs to the process and the device. */
static const struct idxd_wq_file *
port_wq(const struct idxd_port *port)
{
	const struct idxd_access *user = TAILQ_FIRST(&port->users);

	return user != NULL ? &user->wq : NULL;
}

static struct idxd_export *
export_find(const struct idxd_port *port, const struct rte_dma_broker_group *group)
{
	struct idxd_export *e;

	TAILQ_FOREACH(e, &port->exports, next)
		if (rte_uuid_compare(e->instance, group->instance) == 0)
			break;
	return e;
}

static time_t
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* A window of this handle is closed, as far as this process is concerned. */
static void
handle_retire(struct idxd_port *port, uint16_t handle)
{
	port->retired[port->next_retired].handle = handle;
	port->retired[port->next_retired].at = now_s();
	port->next_retired = (port->next_retired + 1) % RTE_DIM(port->retired);
}

static void
export_close(struct idxd_port *port, struct idxd_export *e)
{
	if (e->fd < 0)
		return;
	close(e->fd);
	e->fd = -1;
	handle_retire(port, e->win.handle);
}

/* Whether a new window must not have this handle: 0 is what a forgotten field holds, and the other
 * one is no handler to dmadev.
 */
static bool
handle_is_special(uint16_t handle)
{
	return handle == 0 || handle == RTE_DMA_HANDLER_SELF;
}

/* Whether it had better not: other members have it still in operations that are under way, for a
 * window that was closed, and would reach the new one.
 */
static bool
handle_is_warm(const struct idxd_port *port, uint16_t handle)
{
	const time_t now = now_s();
	const struct idxd_import *i;
	unsigned int r;

	TAILQ_FOREACH(i, &port->imports, next)
		if (i->handle == handle)
			return true;
	for (r = 0; r < RTE_DIM(port->retired); r++)
		if (port->retired[r].handle == handle && port->retired[r].at != 0 &&
				now - port->retired[r].at <= RETIRED_S)
			return true;
	return false;
}

/* Create a window of a handle that the group has not had lately: those that are held meanwhile make
 * the next one another. If there are no more to be had, a warm one has to do.
 */
static int
window_create(struct idxd_port *port, const struct idxd_wq_file *wq, struct idxd_win_create *req)
{
	const struct idxd_win_create asked = *req;
	struct idxd_win_create warm_req;
	int fd, warm = -1, nb = 0;
	int held[HELD_MAX];

	while ((fd = idxd_window_create(wq, req)) >= 0 && nb < HELD_MAX) {
		if (handle_is_special(req->handle)) {
			held[nb++] = fd;
		} else if (handle_is_warm(port, req->handle)) {
			if (warm >= 0)
				held[nb++] = warm;
			warm = fd;
			warm_req = *req;
		} else {
			break;
		}
		*req = asked;
	}
	if (fd >= 0 && nb == HELD_MAX) {
		close(fd);
		fd = -ENOSPC;
	}
	if (fd < 0 && warm >= 0) {
		fd = warm;
		*req = warm_req;
	} else if (warm >= 0) {
		close(warm);
	}
	while (nb > 0)
		close(held[--nb]);
	return fd;
}

static int
span_add(const struct rte_memseg_list *msl, void *arg)
{
	const uint64_t first = (uintptr_t)msl->base_va, end = first + msl->len;
	struct idxd_win_create *win = arg;
	uint64_t win_end = win->base + win->size;

	if (msl->external || msl->len == 0)
		return 0;
	if (win->size == 0) {
		win->base = first;
		win_end = end;
	}
	win->base = RTE_MIN(win->base, first);
	win->size = RTE_MAX(win_end, end) - win->base;
	return 0;
}

/* The window of the memory that a set of windows shares; all of DPDK's if win is NULL. */
static int
window_of(const struct rte_dma_access_window *win, uint16_t nb, struct idxd_win_create *req)
{
	uint32_t prot = RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE;

	memset(req, 0, sizeof(*req));
	if (win == NULL) {
		/* the span reserved for memory that EAL may still add is in it */
		rte_memseg_list_walk(span_add, req);
		if (req->size == 0)
			return -ENOMEM;
	} else if (nb == 0) {
		req->size = IDXD_WIN_NOTHING_SIZE;
		prot = 0;
	} else if (nb == 1) {
		req->base = win->base;
		req->size = win->len;
		prot = win->prot;
	} else {
		return -ENOSPC;
	}
	req->flags = IDXD_WIN_FLAG_CHECK;
	if (prot & RTE_DMA_ACCESS_PROT_READ)
		req->flags |= IDXD_WIN_FLAG_READ;
	if (prot & RTE_DMA_ACCESS_PROT_WRITE)
		req->flags |= IDXD_WIN_FLAG_WRITE;
	return 0;
}

/* Make a window, close the one that it replaces, and say how the others reach it. */
static int
export_replace(struct idxd_port *port, struct idxd_export *e,
	const struct idxd_win_create *win, struct rte_dma_broker_export *exp)
{
	struct export_blob blob = { .version = EXPORT_VERSION };
	const struct idxd_wq_file *wq = port_wq(port);
	struct idxd_win_create req = *win;
	int fd;

	if (wq == NULL)
		return -ENODEV;
	req.type = port->type;
	fd = window_create(port, wq, &req);
	if (fd < 0)
		return fd;
	export_close(port, e);
	e->fd = fd;
	e->win = req;
	blob.handle = req.handle;
	exp->fd = fd;
	exp->len = sizeof(blob);
	memcpy(exp->blob, &blob, sizeof(blob));
	return 0;
}

static bool
permits_nothing(const struct idxd_win_create *win)
{
	return (win->flags & (IDXD_WIN_FLAG_READ | IDXD_WIN_FLAG_WRITE)) == 0;
}

/* Whether a window permits nothing that another one does not. */
static bool
only_narrows(const struct idxd_win_create *win, const struct idxd_win_create *old)
{
	const uint32_t prot = IDXD_WIN_FLAG_READ | IDXD_WIN_FLAG_WRITE;

	if (permits_nothing(win))
		return true;
	return (win->flags & prot & ~old->flags) == 0 && win->base >= old->base &&
			win->size <= old->size && win->base - old->base <= old->size - win->size;
}

/* The kernel refused a window, and its owner must not depend on it to take rights back. Without the
 * old window there is room for another one in a full table.
 */
static int
export_narrow(struct idxd_port *port, struct idxd_export *e, const struct idxd_win_create *win,
	struct rte_dma_broker_export *exp)
{
	int ret;

	export_close(port, e);
	e->win = *win;
	ret = export_replace(port, e, win, exp);
	if (ret == 0 || permits_nothing(win))
		return 0;
	exp->lost = true;
	return ret;
}

static int
export_locked(struct idxd_port *port, const struct rte_dma_broker_group *group,
	const struct idxd_win_create *win, struct rte_dma_broker_export *exp)
{
	struct idxd_export *e = export_find(port, group), *made = NULL;
	int ret;

	if (e == NULL) {
		e = made = calloc(1, sizeof(*e));
		if (e == NULL)
			return -ENOMEM;
		rte_uuid_copy(e->instance, group->instance);
		e->fd = -1;
	}
	ret = export_replace(port, e, win, exp);
	if (ret < 0 && made == NULL && only_narrows(win, &e->win))
		return export_narrow(port, e, win, exp);
	if (made != NULL && ret == 0)
		TAILQ_INSERT_TAIL(&port->exports, made, next);
	else if (made != NULL)
		free(made);
	return ret;
}

static int
renew_locked(struct idxd_port *port, const struct rte_dma_broker_group *group,
	struct rte_dma_broker_export *exp)
{
	struct idxd_export *e = export_find(port, group);
	int ret;

	if (e == NULL)
		return -ENOENT;
	ret = export_replace(port, e, &e->win, exp);
	if (ret == 0 || e->fd < 0)
		return ret;
	/* who is out must not keep it, whatever it costs the others; in a full table, that makes
	 * room for the new one
	 */
	export_close(port, e);
	return export_replace(port, e, &e->win, exp);
}

static int
unexport_locked(struct idxd_port *port, const struct rte_dma_broker_group *group)
{
	struct idxd_export *e = export_find(port, group);

	if (e == NULL)
		return 0;
	export_close(port, e);
	TAILQ_REMOVE(&port->exports, e, next);
	free(e);
	return 0;
}

static int
attach(struct idxd_port *port, int fd, uint16_t *handle)
{
	int error, ret = idxd_window_attach(port_wq(port), fd, handle);
	time_t *logged;
	bool quiet;

	if (ret == 0)
		return 0;
	error = RTE_MIN(-ret, (int)RTE_DIM(port->attach_logged) - 1);
	logged = &port->attach_logged[error];
	quiet = *logged != 0 && now_s() - *logged < ATTACH_LOG_S;
	if (!quiet)
		*logged = now_s();
	return idxd_attach_failed(port_wq(port), ret, quiet);
}

/* The data path looks a handle up for each operation; it may see the old one for a moment. */
static void
handle_set(struct idxd_port *port, uint16_t handler, uint16_t handle)
{
	__atomic_store_n(&port->handles[handler], handle, __ATOMIC_RELAXED);
}

/* Also that of a closed window, which leads nowhere, is used until its import is removed. */
static bool
handler_is_used(const struct idxd_port *port, uint16_t handler)
{
	const struct idxd_import *i;

	TAILQ_FOREACH(i, &port->imports, next)
		if (i->handler == handler)
			return true;
	return false;
}

/* A handler that was not used for as long as possible: an application that missed that it is over
 * is refused, rather than sent to another member. 0: none is free.
 */
static uint16_t
handler_take(struct idxd_port *port)
{
	uint16_t i;

	for (i = 1; i < IDXD_HANDLERS; i++) {
		port->last_handler = port->last_handler % (IDXD_HANDLERS - 1) + 1;
		if (!handler_is_used(port, port->last_handler))
			return port->last_handler;
	}
	return 0;
}

static void
import_remove(struct idxd_port *port, struct idxd_import *i)
{
	handle_set(port, i->handler, 0);
	close(i->fd);
	handle_retire(port, i->handle);
	TAILQ_REMOVE(&port->imports, i, next);
	free(i);
}

/* Forget windows of a peer: one of them, or all if handler is 0. */
static void
imports_remove(struct idxd_port *port, const struct rte_dma_broker_group *group,
	const rte_uuid_t peer, uint16_t handler)
{
	struct idxd_import *i, *next;

	for (i = TAILQ_FIRST(&port->imports); i != NULL; i = next) {
		next = TAILQ_NEXT(i, next);
		if ((handler == 0 || i->handler == handler) &&
				rte_uuid_compare(i->peer, peer) == 0 &&
				rte_uuid_compare(i->instance, group->instance) == 0)
			import_remove(port, i);
	}
}

/* The own window of a handle that was just attached to; NULL: it is another's. */
static struct idxd_export *
export_of_handle(const struct idxd_port *port, uint16_t handle)
{
	struct idxd_export *e;

	TAILQ_FOREACH(e, &port->exports, next)
		if (e->fd >= 0 && e->win.handle == handle)
			break;
	return e;
}

/* The import of the window of a handle that was just attached to, or NULL. One with this handle
 * whose owner has closed it is another window.
 */
static struct idxd_import *
import_of_handle(const struct idxd_port *port, uint16_t handle)
{
	struct idxd_import *i;
	uint16_t again;

	TAILQ_FOREACH(i, &port->imports, next)
		if (i->handle == handle &&
				idxd_window_attach(port_wq(port), i->fd, &again) != -EINVAL)
			break;
	return i;
}

static int
blob_read(const struct rte_dma_broker_export *exp, struct export_blob *blob)
{
	/* a member without a window, for its kernel refused one */
	if (exp->len == 0 && exp->fd < 0)
		return -ESTALE;
	if (exp->len != sizeof(*blob) || exp->fd < 0)
		return -EPROTO;
	memcpy(blob, exp->blob, sizeof(*blob));
	return blob->version == EXPORT_VERSION && blob->handle != 0 &&
			blob->handle != RTE_DMA_HANDLER_SELF ? 0 : -EPROTO;
}

/* Have no handler lead to a window that its owner has closed: the one that is attached to next can
 * have its handle.
 */
static void
closed_forget(struct idxd_port *port)
{
	struct idxd_import *i;
	uint16_t handle;

	TAILQ_FOREACH(i, &port->imports, next)
		if (port->handles[i->handler] != 0 &&
				idxd_window_attach(port_wq(port), i->fd, &handle) == -EINVAL)
			handle_set(port, i->handler, 0);
}

/* Attach to what a peer sent, if it is a window that we do not have. */
static int
window_take(struct idxd_port *port, const struct rte_dma_broker_export *exp, uint16_t *handle)
{
	struct export_blob blob;
	int ret;

	ret = blob_read(exp, &blob);
	if (ret == 0 && port_wq(port) == NULL)
		ret = -ENODEV;
	if (ret == 0) {
		closed_forget(port);
		ret = attach(port, exp->fd, handle);
	}
	/* it is the kernel's word that counts */
	if (ret == 0 && (*handle != blob.handle || export_of_handle(port, *handle) != NULL ||
			import_of_handle(port, *handle) != NULL))
		ret = -EPROTO;
	return ret;
}

static int
import_locked(struct idxd_port *port, const struct rte_dma_broker_group *group,
	const rte_uuid_t peer, const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	struct idxd_import *i = NULL;
	uint16_t handle = 0;
	int ret;

	ret = window_take(port, exp, &handle);
	if (ret == 0) {
		*handler = handler_take(port);
		ret = *handler != 0 ? 0 : -ENOSPC;
	}
	if (ret == 0) {
		i = calloc(1, sizeof(*i));
		ret = i != NULL ? 0 : -ENOMEM;
	}
	if (ret < 0) {
		imports_remove(port, group, peer, 0);
		return ret;
	}
	rte_uuid_copy(i->instance, group->instance);
	rte_uuid_copy(i->peer, peer);
	i->handler = *handler;
	i->handle = handle;
	i->fd = exp->fd;
	TAILQ_INSERT_TAIL(&port->imports, i, next);
	handle_set(port, i->handler, handle);
	return 0;
}

/* Peers can send a descriptor back that we gave them, or gave us: its close takes our right. */
static int
refuse_locked(struct idxd_port *port, int fd)
{
	struct idxd_export *e;
	struct idxd_import *i;
	uint16_t handle;

	if (port_wq(port) == NULL || idxd_window_attach(port_wq(port), fd, &handle) < 0)
		return 0;
	e = export_of_handle(port, handle);
	if (e != NULL) {
		export_close(port, e);
		close(fd);
		return RTE_DMA_BROKER_EXPORT_LOST;
	}
	i = import_of_handle(port, handle);
	if (i == NULL)
		return 0;
	close(fd);
	idxd_window_attach(port_wq(port), i->fd, &handle);
	return 1;
}

/* From here on they take the lock. */

static int
idxd_export(void *ctx, const struct rte_dma_broker_group *group,
	const struct rte_dma_access_window *win, uint16_t nb, struct rte_dma_broker_export *exp)
{
	struct idxd_win_create req;
	int ret;

	/* not under the lock: it takes one of EAL, whose holders may call us */
	ret = window_of(win, nb, &req);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&idxd_access_lock);
	ret = export_locked(ctx, group, &req, exp);
	pthread_mutex_unlock(&idxd_access_lock);
	return ret;
}

static int
idxd_renew(void *ctx, const struct rte_dma_broker_group *group, struct rte_dma_broker_export *exp)
{
	int ret;

	pthread_mutex_lock(&idxd_access_lock);
	ret = renew_locked(ctx, group, exp);
	pthread_mutex_unlock(&idxd_access_lock);
	return ret;
}

static int
idxd_unexport(void *ctx, const struct rte_dma_broker_group *group)
{
	int ret;

	pthread_mutex_lock(&idxd_access_lock);
	ret = unexport_locked(ctx, group);
	pthread_mutex_unlock(&idxd_access_lock);
	return ret;
}

static int
idxd_import(void *ctx, const struct rte_dma_broker_group *group, const rte_uuid_t peer,
	const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	int ret;

	pthread_mutex_lock(&idxd_access_lock);
	ret = import_locked(ctx, group, peer, exp, handler);
	pthread_mutex_unlock(&idxd_access_lock);
	return ret;
}

static int
idxd_unimport(void *ctx, const struct rte_dma_broker_group *group, const rte_uuid_t peer,
	uint16_t handler)
{
	pthread_mutex_lock(&idxd_access_lock);
	imports_remove(ctx, group, peer, handler);
	pthread_mutex_unlock(&idxd_access_lock);
	return 0;
}

static int
idxd_refuse_fd(void *ctx, int fd)
{
	int ret;

	pthread_mutex_lock(&idxd_access_lock);
	ret = refuse_locked(ctx, fd);
	pthread_mutex_unlock(&idxd_access_lock);
	return ret;
}

const struct rte_dma_broker_ops idxd_broker_ops = {
	.export_fd = true,
	.export = idxd_export,
	.renew = idxd_renew,
	.refuse_fd = idxd_refuse_fd,
	.unexport = idxd_unexport,
	.import = idxd_import,
	.unimport = idxd_unimport,
};

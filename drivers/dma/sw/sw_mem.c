/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Telling the controller where our memory is: all of EAL's segments that have a descriptor, at the
 * start and as they come and go. Runs under EAL's memory lock, so it uses none of DPDK's memory.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_memory.h>

#include "sw_dmadev.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define SW_MEM_CALLBACK "dma_sw"

/* The controller takes no longer region of small pages: others would wait when it goes. */
#define SW_MEM_RUN_MAX (UINT64_C(1) << 30)

/* A run of segments, contiguous in memory and in their file. */
struct run {
	struct sw_port *port;
	const struct rte_memseg_list *msl;
	uint64_t base;
	uint64_t len;
	uint64_t offset;
	int fd;
	uint64_t page;
};

static bool
area_announced(const struct sw_conn *conn, uint64_t base)
{
	uint32_t i;

	for (i = 0; i < conn->areas_nb; i++)
		if (conn->areas[i] == base)
			return true;

	return false;
}

static int
area_announce(struct sw_conn *conn, const struct rte_memseg_list *msl)
{
	struct sw_req_area req = {
		.hdr = { .type = SW_MSG_AREA_ADD },
		.base = (uintptr_t)msl->base_va,
		.len = msl->len,
	};
	struct sw_msg_hdr rep;
	int ret;

	if (area_announced(conn, req.base))
		return 0;
	if (conn->areas_nb == RTE_DIM(conn->areas))
		return -ENOSPC;
	ret = sw_conn_call(conn, &req.hdr, sizeof(req), -1, &rep, sizeof(rep), NULL);
	if (ret == 0)
		conn->areas[conn->areas_nb++] = req.base;

	return ret;
}

/*
 * The controller's guard refuses pages that do not exist yet, where the kernel would make one at
 * the first touch: with --no-huge, memory that nobody has written. Make them ours now.
 */
static void
run_populate(const struct run *r)
{
	volatile uint8_t *p = (uint8_t *)(uintptr_t)r->base;
	uint64_t off;

	if (r->page != (uint64_t)sysconf(_SC_PAGESIZE))
		return;
	if (madvise((void *)(uintptr_t)r->base, r->len, MADV_POPULATE_WRITE) == 0)
		return;
	/* Kernels before 5.14. An addition of nothing writes a page without changing it. */
	for (off = 0; off < r->len; off += r->page)
		__atomic_fetch_add(&p[off], 0, __ATOMIC_RELAXED);
}

static int
run_register(const struct run *r)
{
	struct sw_req_region req = {
		.hdr = { .type = SW_MSG_REGION_ADD },
		.base = r->base,
		.len = r->len,
		.offset = r->offset,
	};
	struct sw_conn *conn;
	struct sw_msg_hdr rep;
	int ret;

	run_populate(r);
	pthread_mutex_lock(&r->port->lock);
	conn = r->port->conn;
	ret = conn == NULL ? -ENOTCONN : area_announce(conn, r->msl);
	if (ret == 0)
		ret = sw_conn_call(conn, &req.hdr, sizeof(req), r->fd, &rep, sizeof(rep), NULL);
	pthread_mutex_unlock(&r->port->lock);
	if (ret != 0)
		SW_LOG(ERR, "the controller does not take memory at 0x%" PRIx64 ", %" PRIu64
			" bytes: %s", r->base, r->len, strerror(-ret));

	return ret;
}

/* Add a segment to the run, after registering the run if the segment does not continue it. */
static int
run_add(struct run *r, const struct rte_memseg_list *msl, const struct rte_memseg *ms)
{
	const uint64_t base = (uintptr_t)ms->addr;
	size_t offset;
	int fd, ret;

	fd = rte_memseg_get_fd_thread_unsafe(ms);
	/* Memory of devices and of the application's own has none, and stays out of reach. */
	if (msl->external || fd < 0 || rte_memseg_get_fd_offset_thread_unsafe(ms, &offset) != 0)
		return 0;
	if (r->len != 0 && r->msl == msl && r->fd == fd && r->base + r->len == base &&
	    r->offset + r->len == offset && r->len + ms->len <= SW_MEM_RUN_MAX) {
		r->len += ms->len;
		return 0;
	}
	ret = r->len == 0 ? 0 : run_register(r);
	r->msl = msl;
	r->base = base;
	r->len = ms->len;
	r->offset = offset;
	r->fd = fd;
	r->page = msl->page_sz;

	return ret;
}

static int
walk(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	return run_add(arg, msl, ms);
}

/* The caller holds EAL's memory lock, so that no segment goes away before it is registered. */
int
sw_mem_register(struct sw_port *port)
{
	struct run r = { .port = port };
	int ret;

	ret = rte_memseg_walk_thread_unsafe(walk, &r);
	if (ret == 0 && r.len != 0)
		ret = run_register(&r);

	return ret;
}

static void
port_alloc(struct sw_port *port, const void *addr, size_t len)
{
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(addr);
	struct run r = { .port = port };
	const struct rte_memseg *ms;
	bool connected;
	size_t off;

	pthread_mutex_lock(&port->lock);
	connected = port->conn != NULL && !port->conn->closed;
	pthread_mutex_unlock(&port->lock);
	if (!connected || msl == NULL || msl->external)
		return;
	for (off = 0; off < len; off += msl->page_sz) {
		ms = rte_mem_virt2memseg(RTE_PTR_ADD(addr, off), msl);
		if (ms != NULL && run_add(&r, msl, ms) != 0)
			return;
	}
	if (r.len != 0)
		run_register(&r);
}

/*
 * After this the pages can be given to anybody: the controller must have let go of them. If it does
 * not say so, it must at least have seen that the connection ended.
 */
static void
port_free(struct sw_port *port, const void *addr, size_t len)
{
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(addr);
	struct sw_req_region req = {
		.hdr = { .type = SW_MSG_REGION_DEL },
		.base = (uintptr_t)addr,
		.len = len,
	};
	struct sw_msg_hdr rep;
	int ret = 0;

	if (msl == NULL)
		return;
	pthread_mutex_lock(&port->lock);
	/* Of memory that it never heard of it does not let go either. */
	if (port->conn != NULL && area_announced(port->conn, (uintptr_t)msl->base_va)) {
		ret = sw_conn_call(port->conn, &req.hdr, sizeof(req), -1, &rep, sizeof(rep), NULL);
		if (ret != 0) {
			sw_conn_close(port->conn);
			ret = sw_conn_wait_end(port->conn, SW_TIMEOUT_MS);
		}
	}
	pthread_mutex_unlock(&port->lock);
	if (ret != 0)
		SW_LOG(CRIT, "the controller stands still and did not let go of memory at %p, %zu bytes: operations under way can still write there; end the controller",
			addr, len);
}

struct change {
	enum rte_mem_event event;
	const void *addr;
	size_t len;
};

static void
port_change(struct sw_port *port, void *arg)
{
	const struct change *c = arg;

	if (c->event == RTE_MEM_EVENT_ALLOC)
		port_alloc(port, c->addr, c->len);
	else
		port_free(port, c->addr, c->len);
}

static void
mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg __rte_unused)
{
	struct change c = { .event = event, .addr = addr, .len = len };

	sw_ports_foreach(port_change, &c);
}

/* Once for the process, and for its life: a callback without ports does nothing. */
int
sw_mem_watch(void)
{
	/* Refused where memory never changes: --no-huge and --legacy-mem. */
	if (rte_mem_event_callback_register(SW_MEM_CALLBACK, mem_event, NULL) != 0 &&
	    rte_errno != ENOTSUP && rte_errno != EEXIST)
		return -rte_errno;

	return 0;
}

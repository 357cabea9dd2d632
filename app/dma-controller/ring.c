/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Rings: their memory is this program's, sealed, so that no client can take it away from under an
 * engine; each is served by one engine.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "controller.h"
#include "lookup.h"

static int
ring_map(struct ring *r, uint32_t nb_desc)
{
	uint8_t *p;

	r->size = sw_ring_size(nb_desc);
	r->memfd = memfd_create("dma_sw_ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->memfd < 0 || ftruncate(r->memfd, r->size) != 0 ||
	    fcntl(r->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return -errno;
	p = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->memfd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->map = p;
	r->hdr = (struct sw_ring_hdr *)p;
	r->desc = (const struct sw_desc *)(p + sw_ring_desc_off());
	r->status = p + sw_ring_status_off(nb_desc);
	r->sg = (const struct sw_sg_list *)(p + sw_ring_sg_off(nb_desc));
	r->mask = nb_desc - 1;

	return 0;
}

static void
ring_release(struct ring *r)
{
	if (r->map != NULL)
		munmap(r->map, r->size);
	if (r->memfd >= 0)
		close(r->memfd);
	if (r->eventfd >= 0)
		close(r->eventfd);
	free(r);
}

static struct engine *
engine_least_loaded(void)
{
	struct engine *best = &ctl.engine[0];
	uint32_t i;

	for (i = 1; i < ctl.nb_engines; i++)
		if (ctl.engine[i].nb_rings < best->nb_rings)
			best = &ctl.engine[i];

	return best;
}

/* Put the ring under an engine's eyes. */
static int
ring_attach(struct ring *r, uint16_t src_handler, uint16_t dst_handler)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct engine *e = engine_least_loaded();
	struct queue *q = &r->owner->queues[e->index];

	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, r->eventfd, &ev) != 0)
		return -errno;
	r->engine = e;
	r->src_end = end_make(r, src_handler, false);
	r->dst_end = end_make(r, dst_handler, true);
	engine_hold(e);
	if (q->nb_rings++ == 0) {
		TAILQ_INIT(&q->rings);
		TAILQ_INSERT_TAIL(&e->queues, q, next);
		e->nb_queues++;
	}
	TAILQ_INSERT_TAIL(&q->rings, r, of_queue);
	e->nb_rings++;
	engine_release(e);
	/* A sleeping engine did not mark this ring: let it look, and sleep anew. */
	engine_kick(e);

	return 0;
}

static void
ring_detach(struct ring *r)
{
	struct engine *e = r->engine;
	struct queue *q = &r->owner->queues[e->index];

	epoll_ctl(e->epoll, EPOLL_CTL_DEL, r->eventfd, NULL);
	engine_hold(e);
	TAILQ_REMOVE(&q->rings, r, of_queue);
	if (--q->nb_rings == 0) {
		TAILQ_REMOVE(&e->queues, q, next);
		e->nb_queues--;
	}
	e->nb_rings--;
	engine_release(e);
}

static int
ring_allowed(const struct client *c, const struct sw_req_ring_create *req)
{
	const struct account *a = c->account;
	const bool local = req->src_handler == SW_HANDLER_SELF &&
		req->dst_handler == SW_HANDLER_SELF;

	if (req->nb_desc < SW_MIN_DESC || req->nb_desc > SW_MAX_DESC ||
	    (req->nb_desc & (req->nb_desc - 1)) != 0 || req->inter > 1 || (!req->inter && !local) ||
	    (req->rsvd[0] | req->rsvd[1] | req->rsvd[2]) != 0)
		return -EINVAL;
	if (c->nb_rings >= MAX_RINGS || a->rings >= MAX_RINGS_PER_UID || ctl.nb_maps >= MAX_MAPS ||
	    a->ring_bytes + sw_ring_size(req->nb_desc) > MAX_RING_BYTES) {
		log_msg("client %u: no more rings: it has %u of %u, uid %u has %u of %u and %lu bytes",
			c->handler, c->nb_rings, MAX_RINGS, a->uid, a->rings, MAX_RINGS_PER_UID,
			(unsigned long)a->ring_bytes);
		return -ENOSPC;
	}

	return 0;
}

int
ring_create(struct client *c, const struct sw_req_ring_create *req, struct ring **ring)
{
	struct ring *r;
	int ret;

	ret = ring_allowed(c, req);
	if (ret != 0)
		return ret;
	/* An engine writes ring and client counters: keep them off lines of others. */
	if (posix_memalign((void **)&r, 128, sizeof(*r)) != 0)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->owner = c;
	r->id = c->next_ring++;
	r->inter = req->inter;
	r->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->memfd = -1;
	ret = r->eventfd < 0 ? -errno : ring_map(r, req->nb_desc);
	if (ret == 0)
		ret = ring_attach(r, req->src_handler, req->dst_handler);
	if (ret != 0) {
		ring_release(r);
		return ret;
	}

	LIST_INSERT_HEAD(&c->rings, r, of_client);
	c->nb_rings++;
	ctl.nb_maps++;
	c->account->rings++;
	c->account->ring_bytes += r->size;
	*ring = r;

	return 0;
}

static void
ring_free(struct ring *r)
{
	struct client *c = r->owner;

	ring_detach(r);
	LIST_REMOVE(r, of_client);
	c->nb_rings--;
	ctl.nb_maps--;
	c->account->rings--;
	c->account->ring_bytes -= r->size;
	ring_release(r);
}

int
ring_destroy(struct client *c, uint32_t id)
{
	struct ring *r;

	LIST_FOREACH(r, &c->rings, of_client) {
		if (r->id == id) {
			ring_free(r);
			return 0;
		}
	}

	return -ENOENT;
}

void
ring_free_all(struct client *c)
{
	while (!LIST_EMPTY(&c->rings))
		ring_free(LIST_FIRST(&c->rings));
}

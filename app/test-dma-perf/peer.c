/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A peer: another domain, that is a DPDK process of its own, whose memory a case copies from and
 * to. It does only what it is asked to, before the clock starts and after it stopped.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dma_access.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "peer.h"

struct peer {
	int16_t dev;
	uint8_t *buf;
	rte_iova_t iova;
	uint64_t len;
};

static int
setup(struct peer *p, const struct peer_request *q, uint64_t *iova)
{
	p->dev = rte_dma_get_dev_id_by_name(q->dev);
	if (p->dev < 0)
		return -ENODEV;
	/* Processes that do the same get the same addresses, which would all be in one set of a cache. */
	p->buf = rte_malloc("peer", q->offset + q->len, 4096);
	if (p->buf == NULL)
		return -ENOMEM;
	p->iova = rte_malloc_virt2iova(p->buf) + q->offset;
	p->buf += q->offset;
	p->len = q->len;
	bench_dirty(p->buf, p->len);
	*iova = p->iova;

	return 0;
}

static int
join(const struct peer *p, const struct peer_request *q, uint64_t *ns)
{
	const struct rte_dma_access_window window = {
		.base = p->iova, .len = p->len, .prot = q->prot,
	};
	uint64_t start;
	int ret = 0;

	if (q->prot != 0)
		ret = rte_dma_access_window_set(p->dev, RTE_DMA_ACCESS_GROUP_NONE, &window, 1);
	start = rte_rdtsc_precise();
	if (ret == 0)
		ret = rte_dma_access_group_join(p->dev, q->domain, q->token, q->group);
	*ns = (rte_rdtsc_precise() - start) * 1e9 / rte_get_tsc_hz();

	return ret;
}

static int
answer(struct peer *p, const struct peer_request *q, uint64_t *value)
{
	switch (q->what) {
	case PEER_SETUP:
		return setup(p, q, value);
	case PEER_JOIN:
		return join(p, q, value);
	case PEER_FILL:
		bench_fill(p->buf, q->offset, q->len, q->seed);
		break;
	case PEER_DIRTY:
		bench_dirty(p->buf, q->len);
		break;
	case PEER_VERIFY:
		return bench_verify(p->buf, &q->layout, q->offset, q->ops, q->seed, value) ?
			0 : -EBADMSG;
	}
	if (q->flush)
		bench_flush(p->buf, q->len);

	return 0;
}

int
bench_peer_main(int argc, char **argv)
{
	struct peer p = { .dev = -1 };
	struct peer_reply r = { 0 };
	struct peer_request q;

	/* Not EAL's: the program's name takes the place of the private argument. */
	argv[1] = argv[0];
	if (rte_eal_init(argc - 1, argv + 1) < 0)
		r.ret = rte_errno == 0 ? -EIO : -rte_errno;
	else
		rmdir(rte_eal_get_runtime_dir());
	while (send(PEER_SOCKET, &r, sizeof(r), MSG_NOSIGNAL) == sizeof(r) &&
	       recv(PEER_SOCKET, &q, sizeof(q), 0) == sizeof(q)) {
		r.value = 0;
		r.ret = answer(&p, &q, &r.value);
	}
	if (p.dev >= 0)
		rte_dma_close(p.dev);
	rte_eal_cleanup();

	return EXIT_SUCCESS;
}

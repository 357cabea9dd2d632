/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * DMA_INTER_DOMAIN_COPY: the process of the case makes an access group, starts its peers, lets them
 * join one after the other, and copies to them, from them, or between them.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_dma_access.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "peer.h"

/* From the buffer of a peer to that of the next one, beyond pages: a page and a line. */
#define PEER_STAGGER 4160u

/* Controllers let a user introduce only a few processes at once. */
#define START_AT_ONCE 4
#define ANSWER_MS 60000
#define POLL_MS 100
#define END_MS 10000
/* What EAL and the driver need in a peer besides the buffer. */
#define SPARE_MIB 8
#define MAX_ARGS 12

struct peer_process {
	pid_t pid;
	int sock;
	rte_uuid_t domain;
	rte_iova_t iova;
	uint16_t handler;
};

struct bench_group {
	int16_t id;
	bool created;
	rte_uuid_t token;
	unsigned int nb_peers;
	struct peer_process peers[PERF_MAX_PEERS];
};

/* --- Talking to peers ------------------------------------------------------------------------- */

static int
ask(struct bench *b, unsigned int peer, const struct peer_request *q)
{
	if (send(b->group->peers[peer].sock, q, sizeof(*q), MSG_NOSIGNAL) != sizeof(*q))
		return bench_fail(b, "peer %u cannot be asked: %s", peer, strerror(errno));

	return 0;
}

/* Its answer; what the peer could not do is told with this text. */
static int
hear(struct bench *b, unsigned int peer, struct peer_reply *r, const char *what)
{
	struct pollfd pfd = { .fd = b->group->peers[peer].sock, .events = POLLIN };
	int ret = 0, ms;

	for (ms = 0; ret <= 0 && ms < ANSWER_MS && !perf_told_to_end(); ms += POLL_MS)
		ret = poll(&pfd, 1, POLL_MS);
	if (perf_told_to_end())
		return -1;
	if (ret <= 0)
		return bench_fail(b, "peer %u: no answer in %d s", peer, ANSWER_MS / 1000);
	if (recv(pfd.fd, r, sizeof(*r), 0) != sizeof(*r))
		return bench_fail(b, "peer %u ended", peer);
	if (r->ret != 0 && what != NULL)
		return bench_fail(b, "peer %u cannot %s: %s", peer, what, strerror(-r->ret));

	return 0;
}

/* --- Starting them ---------------------------------------------------------------------------- */

uint64_t
bench_peer_len(const struct perf_case *c, unsigned int peer)
{
	const uint64_t part = bench_part_max(c);

	return c->direction == PERF_THIRD && peer == 0 ? part * perf_nb_targets(c) : part;
}

uint64_t
bench_peer_mib(const struct perf_case *c, unsigned int peer)
{
	return (bench_peer_len(c, peer) + PERF_MIB - 1) / PERF_MIB + SPARE_MIB;
}

static int
spawn(struct bench *b, unsigned int peer, int sock)
{
	char memory[32], prefix[64], dev[256], lcores[280], cpus[256];
	const char *vdev = perf_eal_vdev(b->c, perf_peer_dev(b->c, peer));
	const bool huge = rte_eal_has_hugepages();
	char *argv[MAX_ARGS + 1] = { 0 };
	posix_spawn_file_actions_t actions;
	unsigned int n = 0;
	int ret;

	/* All CPUs that this process was given, for the one lcore of a peer. */
	perf_list_numbers(perf_cpu_is_usable, cpus, sizeof(cpus));
	snprintf(lcores, sizeof(lcores), "--lcores=0@(%s)", cpus);
	snprintf(memory, sizeof(memory), "-m%" PRIu64, bench_peer_mib(b->c, peer));
	snprintf(prefix, sizeof(prefix), "--file-prefix=dma-perf-%d-%u", getpid(), peer);
	/* A virtual one with the same controller as this process has. */
	snprintf(dev, sizeof(dev), "%s=%s", vdev != NULL ? "--vdev" : "--allow",
		vdev != NULL ? vdev : perf_peer_dev(b->c, peer));
	argv[n++] = strdupa("dpdk-test-dma-perf");
	argv[n++] = strdupa(BENCH_PEER_ARG);
	argv[n++] = lcores;
	argv[n++] = memory;
	argv[n++] = prefix;
	argv[n++] = dev;
	argv[n++] = strdupa("--no-pci");
	argv[n++] = strdupa("--no-telemetry");
	argv[n++] = strdupa("--log-level=lib.eal:error");
	argv[n++] = huge ? strdupa("--in-memory") : strdupa("--no-huge");
	if (!huge)
		argv[n++] = strdupa("--no-shconf");
	posix_spawn_file_actions_init(&actions);
	/* Nothing else is inherited; above all not the sockets of the others. */
	ret = posix_spawn_file_actions_adddup2(&actions, sock, PEER_SOCKET);
	if (ret == 0)
		ret = posix_spawn_file_actions_addclosefrom_np(&actions, PEER_SOCKET + 1);
	if (ret == 0)
		ret = posix_spawn(&b->group->peers[peer].pid, "/proc/self/exe", &actions, NULL,
			argv, environ);
	posix_spawn_file_actions_destroy(&actions);

	return ret == 0 ? 0 : bench_fail(b, "peer %u does not start: %s", peer, strerror(ret));
}

static int
start_peer(struct bench *b, unsigned int peer)
{
	struct peer_process *p = &b->group->peers[peer];
	int socks[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) != 0)
		return bench_fail(b, "no socket for peer %u: %s", peer, strerror(errno));
	p->sock = socks[0];
	b->group->nb_peers++;
	ret = spawn(b, peer, socks[1]);
	close(socks[1]);

	return ret;
}

static int
setup_peer(struct bench *b, unsigned int peer)
{
	struct peer_request q = {
		.what = PEER_SETUP, .len = bench_peer_len(b->c, peer), .offset = peer * PEER_STAGGER,
	};
	struct peer_reply r;

	snprintf(q.dev, sizeof(q.dev), "%s", perf_peer_dev(b->c, peer));
	if (hear(b, peer, &r, "start EAL") != 0 || ask(b, peer, &q) != 0 ||
	    hear(b, peer, &r, "set up its device and its buffer") != 0)
		return -1;
	b->group->peers[peer].iova = r.value;

	return 0;
}

static int
start_peers(struct bench *b)
{
	const unsigned int nb = b->c->nb_peers;
	unsigned int started, ready;

	for (started = 0, ready = 0; ready < nb; ready++) {
		for (; started < nb && started < ready + START_AT_ONCE; started++)
			if (start_peer(b, started) != 0)
				return -1;
		if (setup_peer(b, ready) != 0)
			return -1;
	}

	return 0;
}

/* --- The group -------------------------------------------------------------------------------- */

static int
create(struct bench *b)
{
	struct bench_group *g = b->group;
	const int16_t dev = b->workers[0].dev;
	struct rte_dma_info info;
	rte_uuid_t domain;
	int ret;

	ret = rte_dma_info_get(dev, &info);
	/* Nobody has to reach the memory of this process. */
	if (ret == 0 && info.max_access_windows > 0)
		ret = rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, NULL, 0);
	/* Random numbers are as good for a name as for a secret. */
	if (ret == 0)
		ret = rte_dma_access_token_generate(domain);
	if (ret == 0)
		ret = rte_dma_access_token_generate(g->token);
	if (ret == 0)
		ret = rte_dma_access_group_create(dev, domain, g->token, &g->id);
	if (ret != 0)
		return bench_fail(b, "no access group can be created: %s", strerror(-ret));
	g->created = true;

	return 0;
}

static uint32_t
window_prot(const struct bench *b, unsigned int peer)
{
	if (!b->c->narrow)
		return 0;
	if (b->c->direction == PERF_PULL || (b->c->direction == PERF_THIRD && peer == 0))
		return RTE_DMA_ACCESS_PROT_READ;

	return RTE_DMA_ACCESS_PROT_WRITE;
}

static int
let_join(struct bench *b, unsigned int peer)
{
	struct bench_group *g = b->group;
	struct peer_process *p = &g->peers[peer];
	struct peer_request q = { .what = PEER_JOIN, .group = g->id };
	struct peer_reply r;
	int ret;

	if (rte_dma_access_token_generate(p->domain) != 0)
		return bench_fail(b, "no random numbers");
	rte_uuid_copy(q.token, g->token);
	rte_uuid_copy(q.domain, p->domain);
	q.prot = window_prot(b, peer);
	if (ask(b, peer, &q) != 0 || hear(b, peer, &r, "join the group") != 0)
		return -1;
	b->join_us = r.value / 1e3;
	ret = rte_dma_access_group_handler_get(b->workers[0].dev, g->id, p->domain, &p->handler);

	return ret == 0 ? 0 : bench_fail(b, "no handler for peer %u: %s", peer, strerror(-ret));
}

static int
open_group(struct bench *b)
{
	unsigned int i;
	int ret;

	bench_dma_find(b);
	b->group = calloc(1, sizeof(*b->group));
	if (b->group == NULL)
		return bench_fail(b, "out of memory");
	if (create(b) != 0 || start_peers(b) != 0)
		return -1;
	for (i = 0; i < b->c->nb_peers; i++)
		if (let_join(b, i) != 0)
			return -1;
	ret = rte_dma_access_group_size_get(b->workers[0].dev, b->group->id);
	if (ret < 0)
		return bench_fail(b, "the group ended: %s", strerror(-ret));
	b->members = ret;

	return 0;
}

/* A peer ends when its socket is closed; who does not is not waited for. */
static void
end_peer(struct bench *b, unsigned int peer)
{
	struct peer_process *p = &b->group->peers[peer];
	int ms;

	for (ms = 0; p->pid > 0 && waitpid(p->pid, NULL, WNOHANG) == 0; ms++) {
		if (ms == END_MS) {
			bench_fail(b, "peer %u does not end, and is killed", peer);
			kill(p->pid, SIGKILL);
		}
		poll(NULL, 0, 1);
	}
}

static void
close_group(struct bench *b)
{
	unsigned int i;

	if (b->group != NULL) {
		for (i = 0; i < b->group->nb_peers; i++)
			close(b->group->peers[i].sock);
		for (i = 0; i < b->group->nb_peers; i++)
			end_peer(b, i);
	}
	/* Destroys the group. */
	bench_dma_close(b);
	free(b->group);
}

/* --- Measurements ----------------------------------------------------------------------------- */

static int
prepare_peers(struct bench *b)
{
	const bool third = b->c->direction == PERF_THIRD;
	struct peer_request q = { .seed = b->seed, .flush = b->c->cache_flush };
	struct peer_reply r;
	unsigned int i;

	for (i = 0; i < b->c->nb_peers; i++) {
		q.what = b->c->direction == PERF_PULL || (third && i == 0) ? PEER_FILL : PEER_DIRTY;
		q.offset = third ? 0 : i * b->layout.part;
		q.len = b->layout.part * (third && i == 0 ? perf_nb_targets(b->c) : 1);
		if (ask(b, i, &q) != 0)
			return -1;
	}
	for (i = 0; i < b->c->nb_peers; i++)
		if (hear(b, i, &r, "prepare its buffer") != 0)
			return -1;

	return 0;
}

/* Where the first operation of a target is, on the side that all of them share. */
static uint64_t
target_offset(const struct bench *b, unsigned int i)
{
	return i * (b->c->op_handler ? bench_stride(&b->layout) * (uint64_t)b->s.buf_size :
		b->layout.part);
}

/* Where the part of a target begins on both sides, and how its operations name the domains. */
static void
set_target(const struct bench *b, unsigned int i, struct bench_target *t,
	struct rte_dma_inter_domain_param *domain)
{
	const struct peer_process *peers = b->group->peers;
	const struct peer_process *p = &peers[b->c->direction == PERF_THIRD ? i + 1 : i];
	const uint64_t offset = target_offset(b, i);

	domain->src_handler = domain->dst_handler = RTE_DMA_HANDLER_SELF;
	switch (b->c->direction) {
	case PERF_PUSH:
		t->src = rte_malloc_virt2iova(b->src) + offset;
		t->dst = p->iova;
		domain->dst_handler = p->handler;
		break;
	case PERF_PULL:
		t->src = p->iova;
		t->dst = rte_malloc_virt2iova(b->dst) + offset;
		domain->src_handler = p->handler;
		break;
	case PERF_THIRD:
		t->src = peers[0].iova + offset;
		t->dst = p->iova;
		domain->src_handler = peers[0].handler;
		domain->dst_handler = p->handler;
		break;
	}
	t->flags = 0;
	if (!b->c->op_handler)
		return;
	t->flags = RTE_DMA_OP_HANDLER(p->handler) | (b->c->direction == PERF_PULL ?
		RTE_DMA_OP_FLAG_SRC_HANDLER : RTE_DMA_OP_FLAG_DST_HANDLER);
	/* An operation names one domain; the source of a third is the channel's default. */
	if (b->c->direction == PERF_PULL)
		domain->src_handler = RTE_DMA_HANDLER_SELF;
	else
		domain->dst_handler = RTE_DMA_HANDLER_SELF;
}

static int
start(struct bench *b)
{
	struct bench_worker *w = &b->workers[0];
	const unsigned int nb = perf_nb_targets(b->c);
	struct rte_dma_vchan_conf confs[PERF_MAX_PEERS];
	struct bench_lane *lane;
	unsigned int i;

	if (prepare_peers(b) != 0)
		return -1;
	memset(confs, 0, sizeof(confs));
	w->nb_lanes = bench_nb_lanes(b->c);
	for (i = 0; i < nb; i++) {
		confs[i].direction = RTE_DMA_DIR_MEM_TO_MEM;
		confs[i].nb_desc = b->s.ring_size;
		confs[i].domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
		set_target(b, i, &w->targets[i], &confs[i].domain);
	}
	for (i = 0; i < w->nb_lanes; i++) {
		lane = &w->lanes[i];
		*lane = (struct bench_lane){ .vchan = i, .targets = &w->targets[i] };
		lane->nb_targets = nb / w->nb_lanes;
	}

	return bench_dma_setup(b, confs);
}

/* Operations that went to a target. */
static uint64_t
target_ops(const struct bench *b, unsigned int i)
{
	const struct bench_worker *w = &b->workers[0];
	const unsigned int nb = perf_nb_targets(b->c);

	if (w->nb_lanes > 1)
		return w->lanes[i].done;

	/* In turn, from the first one on. */
	return (w->lanes[0].done + nb - 1 - i) / nb;
}

static int
verify_here(struct bench *b)
{
	unsigned int i;
	uint64_t bad;

	for (i = 0; i < perf_nb_targets(b->c); i++)
		if (!bench_verify(b->dst + target_offset(b, i), &b->layout, i * b->layout.part,
				target_ops(b, i), b->seed, &bad))
			return bench_bad_data(b, i, bad);

	return 0;
}

static int
verify_there(struct bench *b)
{
	const unsigned int nb = perf_nb_targets(b->c), first = b->c->nb_peers - nb;
	struct peer_request q = { .what = PEER_VERIFY, .layout = b->layout, .seed = b->seed };
	struct peer_reply r;
	unsigned int i;

	for (i = 0; i < nb; i++) {
		q.offset = target_offset(b, i);
		q.ops = target_ops(b, i);
		if (ask(b, first + i, &q) != 0)
			return -1;
	}
	for (i = 0; i < nb; i++) {
		if (hear(b, first + i, &r, NULL) != 0)
			return -1;
		if (r.ret != 0)
			return bench_bad_data(b, i, r.value);
	}

	return 0;
}

static int
stop(struct bench *b)
{
	if (bench_dma_stop(b) != 0)
		return -1;

	return b->c->direction == PERF_PULL ? verify_here(b) : verify_there(b);
}

const struct bench_type bench_inter_type = {
	.open = open_group,
	.close = close_group,
	.start = start,
	.stop = stop,
	.throughput = bench_dma_throughput,
	.latency = bench_dma_latency,
};

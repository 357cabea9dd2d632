/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What a peer may send as its hosts: anything. The driver's hooks are called as the broker calls
 * them, with lists that are good and lists that are not; from each the driver takes what a
 * reference says, and after a bad one it has nothing of that peer.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_random.h>

#include "cases.h"
#include "hosts.h"
#include "hosts_fake.h"

#define ROUNDS  20000u
#define NAMES   20u /* the first ones are those of hosts that are declared here */
#define PEER    50u
#define PEER2   51u
#define OWN     1000u /* this process */

struct entry {
	unsigned int name;
	uint32_t place;
};

static struct hosts h;

/* What the driver should have of the peer. */
static struct entry taken[RTE_PMD_CNXK_DMA_MAX_HOSTS];
static unsigned int nb_taken;

static void
open_all(enum dpi_chip chip)
{
	fake_open(&h, chip);
	nb_taken = 0;
}

/* Names and places that are used here, and by the peer already, are among them. */
static void
blob_make(struct cnxk_blob *blob)
{
	uint16_t i;

	memset(blob, 0, sizeof(*blob));
	blob->version = FAKE_VERSION;
	blob->nb = rte_rand_max(RTE_PMD_CNXK_DMA_MAX_HOSTS + 1);
	for (i = 0; i < blob->nb; i++) {
		hosts_name((i + rte_rand_max(3)) * 7 % NAMES, blob->hosts[i].id);
		if (rte_rand_max(40) == 0)
			rte_uuid_copy(blob->hosts[i].id, hosts_self);
		blob->hosts[i].port = rte_rand_max(RTE_PMD_CNXK_DMA_PORTS);
		blob->hosts[i].func = rte_rand_max(2) == 0 ? 0 : rte_rand_max(3) << 12 | 5;
	}
}

static void
blob_spoil(struct cnxk_blob *blob, uint16_t *len)
{
	const unsigned int i = rte_rand_max(RTE_PMD_CNXK_DMA_MAX_HOSTS);

	switch (rte_rand_max(7)) {
	case 0:
		*len = rte_rand_max(RTE_DMA_BROKER_BLOB_MAX + 1);
		break;
	case 1:
		blob->nb = rte_rand();
		break;
	case 2:
		blob->version = rte_rand();
		break;
	case 3:
		blob->hosts[i].port = rte_rand();
		break;
	case 4:
		blob->hosts[i].reserved = rte_rand();
		break;
	case 5:
		memset(blob->hosts[i].id, 0, sizeof(rte_uuid_t));
		break;
	case 6:
		((uint8_t *)blob)[rte_rand_max(sizeof(*blob))] ^= 1 << rte_rand_max(8);
		break;
	}
}

/* By the format alone, as its comment has it. */
static bool
is_good(const struct cnxk_blob *blob, uint16_t len)
{
	unsigned int i, k;

	if (len < 4 || blob->version != FAKE_VERSION || blob->nb > RTE_PMD_CNXK_DMA_MAX_HOSTS ||
			len != 4 + 20 * blob->nb)
		return false;
	for (i = 0; i < blob->nb; i++) {
		if (blob->hosts[i].port > 3 || blob->hosts[i].reserved != 0 ||
				rte_uuid_is_null(blob->hosts[i].id))
			return false;
		for (k = 0; k < i; k++)
			if (rte_uuid_compare(blob->hosts[k].id, blob->hosts[i].id) == 0)
				return false;
	}
	return true;
}

/* A number for each name that the test knows; others are taken as none. */
static unsigned int
number_of(const rte_uuid_t id)
{
	unsigned int i;
	rte_uuid_t name;

	if (rte_uuid_compare(id, hosts_self) == 0)
		return OWN;
	for (i = 0; i < UINT8_MAX; i++) {
		hosts_name(i, name);
		if (rte_uuid_compare(name, id) == 0)
			break;
	}
	return i;
}

static bool
is_used(unsigned int name, uint32_t place)
{
	unsigned int i;
	uint16_t k;

	for (i = 0; i < nb_taken; i++)
		if (taken[i].name == name || taken[i].place == place)
			return true;
	for (k = 1; k <= HOSTS_NB; k++)
		if ((uint32_t)h.memories[k].port << 16 == (place & 0xffff0000) &&
				h.memories[k].func == (place & 0xffff))
			return true;
	return name < HOSTS_NB || name == PEER || name == OWN;
}

/* What was there and is still named stays; then come the new ones, in their order. */
static void
take(const struct cnxk_blob *blob)
{
	struct entry e, now[RTE_PMD_CNXK_DMA_MAX_HOSTS];
	unsigned int i, k, nb = 0;

	for (k = 0; k < nb_taken; k++)
		for (i = 0; i < blob->nb; i++)
			if (number_of(blob->hosts[i].id) == taken[k].name && taken[k].place ==
					((uint32_t)blob->hosts[i].port << 16 | blob->hosts[i].func))
				now[nb++] = taken[k];
	memcpy(taken, now, nb * sizeof(now[0]));
	nb_taken = nb;
	for (i = 0; i < blob->nb; i++) {
		e.name = number_of(blob->hosts[i].id);
		e.place = (uint32_t)blob->hosts[i].port << 16 | blob->hosts[i].func;
		if (!is_used(e.name, e.place))
			taken[nb_taken++] = e;
	}
}

static void
check(unsigned int round)
{
	uint32_t saw;
	uint16_t handler;
	unsigned int i;
	rte_uuid_t id;

	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + HOSTS_NB + nb_taken,
		"round %u", round);
	for (i = 0; i < nb_taken; i++) {
		/* A name that was spoiled is not known here. */
		if (taken[i].name == UINT8_MAX)
			continue;
		hosts_name(taken[i].name, id);
		CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &handler), 0,
			"round %u, host %u", round, taken[i].name);
		saw = fake_access->hosts[handler];
		CHECK_EQ(CNXK_DMA_HOST_PORT(saw) << 16 | CNXK_DMA_HOST_FUNC(saw), taken[i].place,
			"round %u, host %u", round, taken[i].name);
	}
}

static void
send(unsigned int round)
{
	struct rte_dma_broker_export exp = { .fd = -1 };
	struct cnxk_blob blob;
	uint16_t handler = 0;
	bool good;
	int ret;

	blob_make(&blob);
	exp.len = 4 + 20 * blob.nb;
	if (rte_rand_max(3) == 0)
		blob_spoil(&blob, &exp.len);
	memcpy(exp.blob, &blob, sizeof(blob));
	good = is_good(&blob, exp.len);
	ret = fake_import(PEER, &exp, &handler);
	CHECK_EQ(ret, good ? 0 : -EPROTO, "round %u: %u bytes, version %u, %u hosts", round,
		exp.len, blob.version, blob.nb);
	if (!good) {
		/* What was good before is not any more. */
		nb_taken = 0;
		return;
	}
	CHECK(handler != 0 && handler < CNXK_DMA_HANDLERS, "round %u: handler %u", round, handler);
	CHECK_EQ(fake_access->hosts[handler], 0, "a peer that an operation can reach");
	take(&blob);
}

/* A peer's host has the name of a process that comes later: the process counts. */
static void
check_names(void)
{
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = 1 };
	struct rte_dma_broker_export exp = { .fd = -1 };
	rte_uuid_t peer, peer2;
	uint16_t handler;

	hosts_name(PEER, peer);
	hosts_name(PEER2, peer2);
	rte_uuid_copy(blob.hosts[0].id, peer2);
	blob.hosts[0].func = 0x7007;
	exp.len = 4 + 20;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(PEER, &exp, &handler), 0, "peer");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 2 + HOSTS_NB, "its host");
	blob.nb = 0;
	exp.len = 4;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(PEER2, &exp, &handler), 0,
		"process");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + HOSTS_NB, "no host");
	CHECK_EQ(fake_access->hosts[handler], 0, "no host");
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer2, handler), 0, "out");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + HOSTS_NB, "it is not back");
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer, handler), 0, "out");
}

/* What two have declared is there until both are out. */
static void
check_two(void)
{
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = 1 };
	struct rte_dma_broker_export exp = { .fd = -1, .len = 4 + 20 };
	rte_uuid_t peer, peer2;
	uint16_t handler;

	hosts_name(PEER, peer);
	hosts_name(PEER2, peer2);
	hosts_name(NAMES, blob.hosts[0].id);
	blob.hosts[0].func = 0x7007;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(PEER, &exp, &handler), 0, "peer");
	CHECK_EQ(fake_import(PEER2, &exp, &handler), 0, "peer");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 2 + HOSTS_NB, "their host");
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer, handler), 0, "out");
	CHECK(fake_reached(0, 0x7007), "the host waits for a question");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 2 + HOSTS_NB, "the host again");
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer2, handler), 0, "out");
}

static int
copy_to(uint16_t handler, uint64_t flags)
{
	return rte_dma_copy(h.r.dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, 64,
		flags | HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

/* A peer goes while operations to its host are under way here: the host is kept until they are
 * over, and nobody else's meanwhile.
 */
void
case_hosts_peer_goes(enum dpi_chip chip)
{
	const struct hosts_memory *m = &h.memories[8];
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = 1 };
	struct rte_dma_broker_export exp = { .fd = -1, .len = 4 + 20 };
	struct rte_pmd_cnxk_dma_host host = { .port = 2 };
	uint16_t handler, peer_handler;
	rte_uuid_t peer;

	open_all(chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	CHECK(m->port == host.port && m->func == 0, "memory of another host");
	hosts_name(PEER, peer);
	hosts_name(NAMES, blob.hosts[0].id);
	blob.hosts[0].port = host.port;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(PEER, &exp, &peer_handler), 0,
		"peer");
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, blob.hosts[0].id, &handler), 0,
		"its host");
	CHECK_EQ(copy_to(handler, 0), 0, "index");
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer, peer_handler), 0,
		"an operation is queued, which nobody waits for");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + HOSTS_NB, "its host is gone");
	CHECK_EQ(copy_to(handler, 0), 1, "index");
	hosts_name(NAMES + 1, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), -EEXIST,
		"an operation is queued");
	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	CHECK_EQ(rig_run(&h.r), 1, "instructions");
	rig_expect_completed(&h.r, 2, 1, 0, true);
	CHECK_EQ(memcmp(m->bytes, h.memories[HOSTS_SOC].bytes, 64), 0, "of the operation");
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), 0, "it is over");
	rig_stop(&h.r);
	hosts_close(&h);
}

void
case_hosts_blobs(enum dpi_chip chip)
{
	const char *text = getenv("TEST_SEED");
	const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : rte_rdtsc();
	unsigned int round;
	rte_uuid_t peer;

	printf("TEST_SEED=%#" PRIx64 "\n", seed);
	rte_srand(seed);
	open_all(chip);
	hosts_name(PEER, peer);
	for (round = 0; round < ROUNDS; round++) {
		send(round);
		check(round);
	}
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, peer, 0), 0, "out");
	nb_taken = 0;
	check(round);
	check_names();
	check_two();
	check(round);
	hosts_close(&h);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Hosts that other members have declared: who is told of them, and how many there can be. */

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"
#include "hosts_fake.h"

#define WAIT_S 10
#define OWN    50u /* names of further hosts that are declared here, from here on */

static struct hosts h;

/* Guards what callbacks have seen. */
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t seen_more = PTHREAD_COND_INITIALIZER;
static unsigned int nb_seen;
static struct {
	int16_t dev;
	struct rte_dma_event_info info;
	int add;
	int remove;
} seen[64];

/* --- Events ----------------------------------------------------------------------------------- */

static void
on_event(int16_t dev, enum rte_dma_event_type event, const struct rte_dma_event_info *event_info,
	void *arg)
{
	struct rte_pmd_cnxk_dma_host host = { .pf = 3 };
	int added, removed;

	CHECK_EQ(event, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, "type");
	CHECK(arg == &h, "argument %p", arg);
	hosts_name(OWN, host.domain_id);
	added = rte_pmd_cnxk_dma_host_add(dev, event_info->group_id, hosts_token, &host);
	removed = rte_pmd_cnxk_dma_host_remove(dev, event_info->group_id, host.domain_id);
	pthread_mutex_lock(&seen_lock);
	CHECK(nb_seen < RTE_DIM(seen), "%u events", nb_seen);
	seen[nb_seen].dev = dev;
	seen[nb_seen].info = *event_info;
	seen[nb_seen].add = added;
	seen[nb_seen++].remove = removed;
	pthread_cond_signal(&seen_more);
	pthread_mutex_unlock(&seen_lock);
}

/* One event more on each device: of a host, in the group. They come in the order of what happens. */
static void
expect_events(unsigned int name, enum rte_dma_access_reason reason)
{
	struct timespec end;
	unsigned int i;
	rte_uuid_t id;

	hosts_name(name, id);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&seen_lock);
	while (nb_seen < 2)
		CHECK_EQ(pthread_cond_timedwait(&seen_more, &seen_lock, &end), 0,
			"%u of 2 events came", nb_seen);
	CHECK(seen[0].dev != seen[1].dev, "two events of device %d", seen[0].dev);
	for (i = 0; i < nb_seen; i++) {
		CHECK_EQ(seen[i].info.group_id, h.group, "event %u", i);
		CHECK_EQ(seen[i].info.reason, reason, "event %u", i);
		CHECK_EQ(rte_uuid_compare(seen[i].info.domain_id, id), 0, "event %u", i);
		CHECK_EQ(seen[i].add, -EDEADLK, "add in a callback");
		CHECK_EQ(seen[i].remove, -EDEADLK, "remove in a callback");
	}
	CHECK_EQ(nb_seen, 2, "events");
	nb_seen = 0;
	pthread_mutex_unlock(&seen_lock);
}

/* Who declares a host is not told of it; all others are, on each of their devices. */
void
case_hosts_events(enum dpi_chip chip)
{
	const struct rte_dma_broker_export none = {
		.fd = -1, .len = 4, .blob = { FAKE_VERSION },
	};
	const int16_t *devs[] = { &h.r.dev, &h.dev2 };
	unsigned int i, round;
	uint16_t handler;

	fake_open(&h, chip);
	for (i = 0; i < RTE_DIM(devs); i++)
		CHECK_EQ(rte_dma_event_callback_register(*devs[i],
			RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, on_event, &h), 0, "register");
	CHECK_EQ(fake_declares(0, 0, 0), 0, "a member without hosts");
	for (round = 0; round < 3; round++) {
		hosts_remove(&h, 1);
		CHECK_EQ(fake_declares(0, 0, 1), 0, "declare");
		expect_events(FAKE_HOST, RTE_DMA_ACCESS_REASON_JOINED);
		hosts_add(&h, 1);
		if (round % 2 == 0)
			CHECK_EQ(fake_declares(0, 0, 0), 0, "take back");
		else
			fake_goes(0);
		expect_events(FAKE_HOST, RTE_DMA_ACCESS_REASON_LEFT);
	}
	/* what has the name of a process that comes leaves, whoever declared it */
	CHECK_EQ(fake_import(3, &none, &handler), 0, "a member of the name of a host");
	expect_events(3, RTE_DMA_ACCESS_REASON_LEFT);
	CHECK_EQ(fake_access->hosts[h.handlers[HOSTS_FIRST + 3]], 0, "the host");
	for (i = 0; i < RTE_DIM(devs); i++)
		CHECK_EQ(rte_dma_event_callback_unregister(*devs[i],
			RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, on_event, &h), 0, "unregister");
	hosts_close(&h);
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static void
expect_hosts(unsigned int nb)
{
	static struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];

	/* The broker knows of one process only. */
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + nb, "size");
	CHECK_EQ(rte_dma_access_group_get(h.r.dev, h.group, table, RTE_DIM(table)), 1 + nb,
		"table");
}

static int
add_own(unsigned int i)
{
	struct rte_pmd_cnxk_dma_host host = { .port = 1, .pf = 9, .vf = i };

	hosts_name(OWN + i, host.domain_id);
	return rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host);
}

static bool
is_there(unsigned int name)
{
	uint16_t handler;
	rte_uuid_t id;

	hosts_name(name, id);
	return rte_dma_access_group_handler_get(h.r.dev, h.group, id, &handler) == 0;
}

/* Three members and we have more hosts than a group can; what goes makes room for what is left. */
static void
check_hosts(void)
{
	const unsigned int most = RTE_PMD_CNXK_DMA_MAX_HOSTS;
	const unsigned int all = RTE_PMD_CNXK_DMA_GROUP_HOSTS;
	const unsigned int last = all - HOSTS_NB; /* the first one of members that is too many */
	unsigned int peer;

	for (peer = 0; peer < 3; peer++)
		CHECK_EQ(fake_declares(peer, peer * most, most), 0, "peer %u", peer);
	expect_hosts(all);
	CHECK(is_there(FAKE_HOST + last - 1) && !is_there(FAKE_HOST + last),
		"not the first %u were taken", all);
	CHECK_EQ(add_own(0), -ENOSPC, "one more");
	CHECK(!fake_reached(3, 0x4000 + last), "it is taken too early");
	hosts_remove(&h, 1);
	CHECK(fake_reached(3, 0x4000 + last), "it waits for a question");
	expect_hosts(all);
	CHECK(is_there(FAKE_HOST + last) && !is_there(FAKE_HOST + last + 1),
		"the next one was not taken");
	fake_goes(1);
	expect_hosts(HOSTS_NB - 1 + 2 * most);
	CHECK_EQ(add_own(0), 0, "there is room");
	expect_hosts(HOSTS_NB + 2 * most);
	fake_goes(0);
	fake_goes(2);
	expect_hosts(HOSTS_NB);
}

static void
check_processes(void)
{
	const unsigned int most =
		RTE_DMA_ACCESS_GROUP_MAX_MEMBERS - RTE_PMD_CNXK_DMA_GROUP_HOSTS - 1;
	unsigned int peer;

	for (peer = 0; peer < most; peer++)
		CHECK_EQ(fake_declares(peer, 0, 0), 0, "peer %u", peer);
	CHECK_EQ(fake_declares(peer, 0, 0), -ENOSPC, "one more");
	CHECK_EQ(fake_declares(3, 0, 1), 0, "one that is in");
	expect_hosts(HOSTS_NB + 1);
	fake_goes(3);
	CHECK_EQ(fake_declares(peer, 0, 0), 0, "in its place");
	for (peer = 0; peer <= most; peer++)
		fake_goes(peer);
	expect_hosts(HOSTS_NB);
}

/* However many there are, a table of the largest size holds them. */
void
case_hosts_full(enum dpi_chip chip)
{
	fake_open(&h, chip);
	check_hosts();
	check_processes();
	hosts_close(&h);
}

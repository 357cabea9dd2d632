/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Groups with as many processes as they can have, and who cannot join them. */

#include <errno.h>

#include <rte_common.h>

#include "hosts.h"
#include "hosts_member.h"
#include "peers.h"

#define MOST (RTE_DMA_ACCESS_GROUP_MAX_MEMBERS - RTE_PMD_CNXK_DMA_GROUP_HOSTS)

static struct member members[MOST + 1];

/* Domains of the tests are processes below MEMBER_HOSTS; these have the names from there on, too. */
static unsigned int
number_of(unsigned int i)
{
	return i < MEMBER_HOSTS ? i : i - MEMBER_HOSTS + MEMBER_LAST;
}

static void
fill(unsigned int most, bool pair, enum dpi_chip chip)
{
	unsigned int i;
	int group;

	for (i = 0; i <= most; i++)
		member_start(&members[i], number_of(i), chip);
	group = member_ask(&members[0], MEMBER_CREATE, 0, pair, 0);
	CHECK(group >= 0, "create: %d", group);
	/* hosts do not count */
	CHECK_EQ(member_ask(&members[0], MEMBER_ADD, group, MEMBER_HOSTS, 0), 0, "add");
	for (i = 1; i < most; i++)
		CHECK_EQ(member_ask(&members[i], MEMBER_JOIN, group, 0, 0), 0, "process %u", i);
	CHECK_EQ(member_ask(&members[most], MEMBER_JOIN, group, 0, 0), -ENOSPC, "one more");
	CHECK_EQ(member_ask(&members[most - 1], MEMBER_AWAIT, group, MEMBER_HOSTS, 1), 0, "host");
	CHECK_EQ(member_ask(&members[most - 1], MEMBER_SIZE, group, 0, 0), most + 1,
		"processes and a host");
	for (i = most - 1; i > 0; i--)
		CHECK_EQ(member_ask(&members[i], MEMBER_LEAVE, group, 0, 0), 0, "process %u", i);
	CHECK_EQ(member_ask(&members[0], MEMBER_AWAIT, group, number_of(1), 0), 0, "all are out");
	CHECK_EQ(member_ask(&members[0], MEMBER_DESTROY, group, 0, 0), 0, "destroy");
	for (i = 0; i <= most; i++)
		member_end(&members[i]);
}

/* A process with a device of another block. */
static void
join_other(enum dpi_chip chip)
{
	int group;

	member_start(&members[0], 0, chip);
	member_start(&members[1], MEMBER_OTHER, chip);
	group = member_ask(&members[0], MEMBER_CREATE, 0, 0, 0);
	CHECK(group >= 0, "create: %d", group);
	CHECK_EQ(member_ask(&members[1], MEMBER_JOIN, group, 0, 0), -EXDEV, "another block");
	CHECK_EQ(member_ask(&members[0], MEMBER_DESTROY, group, 0, 0), 0, "destroy");
	member_end(&members[1]);
	member_end(&members[0]);
}

void
case_hosts_many(enum dpi_chip chip)
{
	join_other(chip);
	fill(2, true, chip);
	/* the family makes no difference, and so many processes take their time */
	if (chip == DPI_CHIP_CN9K)
		fill(MOST, false, chip);
}

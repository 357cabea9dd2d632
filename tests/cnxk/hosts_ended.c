/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A group ends with its creator's process while an operation of another member to a host is queued.
 * That member stays in it until the operation is over, and reaches none of its hosts meanwhile.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "hosts.h"
#include "hosts_member.h"
#include "peers.h"

#define HOST_A MEMBER_HOSTS        /* declared by the creator */
#define HOST_B (MEMBER_HOSTS + 1u) /* declared by the one that stays */

#define INDEX_BUSY  0
#define INDEX_ENDED 1 /* the first one behind the end */
#define NB_QUEUED   5 /* two at a time behind it */

static struct member a, b;
static int16_t group;

static uint16_t
handler_at_b(unsigned int host)
{
	const struct member_reply reply = member_tell(&b, MEMBER_TABLE, group, host, 0);

	CHECK_EQ(reply.result, 0, "host %u", host);
	return reply.entry.handler;
}

/* What people see of the group at the one that stays: it is there, and has ended. */
static void
check_listed(void)
{
	char line[64];
	struct member_reply reply;

	snprintf(line, sizeof(line), "  access_group: %d, ended\n", group);
	reply = member_tell(&b, MEMBER_DUMP, group, 0, 0);
	CHECK_EQ(reply.result, 0, "dump");
	CHECK(strstr(reply.text, line) != NULL, "expected '%s', saw:\n%s", line, reply.text);
	snprintf(line, sizeof(line), "{\"/dmadev/access_groups\":[%d]}", group);
	reply = member_tell(&b, MEMBER_ASK, group, 0, 0);
	CHECK(strcmp(reply.text, line) == 0, "expected %s, saw %s", line, reply.text);
	reply = member_tell(&b, MEMBER_ASK, group, 1, 0);
	CHECK(strstr(reply.text, "\"state\":\"ended\"") != NULL, "saw %s", reply.text);
}

static void
check_not_listed(void)
{
	static const char none[] = "{\"/dmadev/access_groups\":[]}";
	struct member_reply reply;

	reply = member_tell(&b, MEMBER_DUMP, group, 0, 0);
	CHECK_EQ(reply.result, 0, "dump");
	CHECK(strstr(reply.text, "access_group:") == NULL && strstr(reply.text, "host ") == NULL,
		"expected no group and no host, saw:\n%s", reply.text);
	reply = member_tell(&b, MEMBER_ASK, group, 0, 0);
	CHECK(strcmp(reply.text, none) == 0, "expected %s, saw %s", none, reply.text);
}

/* The first operation is carried out, as it was queued before the end; none of the others is. */
static void
check_finished(void)
{
	const struct member_reply reply = member_tell(&b, MEMBER_FINISH, group, 0, 0);
	int i;

	CHECK_EQ(reply.result, NB_QUEUED, "completed operations");
	CHECK_EQ(reply.status[INDEX_BUSY], RTE_DMA_STATUS_SUCCESSFUL, "queued before the end");
	for (i = INDEX_ENDED; i < NB_QUEUED; i++)
		CHECK_EQ(reply.status[i], RTE_DMA_STATUS_INVALID_HANDLER,
			"operation %d, queued %s the first leave", i,
			i < INDEX_ENDED + 2 ? "before" : "after");
	CHECK_EQ(reply.carried_out, 1, "instructions");
}

/* Both are in a group, where each has declared a host. */
static void
start(enum dpi_chip chip)
{
	member_start(&a, 0, chip);
	member_start(&b, 1, chip);
	group = member_ask(&a, MEMBER_CREATE, 0, 0, 0);
	CHECK(group >= 0, "create: %d", group);
	CHECK_EQ(member_ask(&a, MEMBER_ADD, group, HOST_A, 0), 0, "add");
	CHECK_EQ(member_ask(&b, MEMBER_JOIN, group, 0, 0), 0, "join");
	CHECK_EQ(member_ask(&b, MEMBER_ADD, group, HOST_B, 0), 0, "add");
	CHECK_EQ(member_ask(&b, MEMBER_AWAIT, group, HOST_A, 1), 0, "the creator's host");
}

/* What the dead one left behind is taken by the next one of this id. */
static void
tidy(enum dpi_chip chip)
{
	member_end(&b);
	member_start(&a, 0, chip);
	CHECK_EQ(member_ask(&a, MEMBER_CREATE, 0, 0, 0), group, "the id of the dead one's group");
	CHECK_EQ(member_ask(&a, MEMBER_DESTROY, group, 0, 0), 0, "destroy");
	member_end(&a);
}

static void
end_while_busy(enum dpi_chip chip, unsigned int busy)
{
	uint16_t handlers[2];
	int index, k;

	start(chip);
	handlers[0] = handler_at_b(HOST_A);
	handlers[1] = handler_at_b(HOST_B);
	CHECK_EQ(member_ask(&b, MEMBER_QUEUE, group, handlers[busy], HOSTS_DST), INDEX_BUSY,
		"index");
	member_kill(&a);
	CHECK_EQ(member_ask(&b, MEMBER_ENDED, group, 0, 0), 0, "the group's end");
	for (index = INDEX_ENDED; index < NB_QUEUED; index += 2) {
		for (k = 0; k < 2; k++)
			CHECK_EQ(member_ask(&b, MEMBER_QUEUE, group, handlers[k], HOSTS_DST),
				index + k, "index");
		CHECK_EQ(member_ask(&b, MEMBER_LEAVE, group, 0, 0), -EBUSY,
			"host %u, an operation is queued", busy);
		check_listed();
	}
	check_finished();
	CHECK_EQ(member_ask(&b, MEMBER_LEAVE, group, 0, 0), 0, "nothing is queued");
	check_not_listed();
	for (k = 0; k < 2; k++)
		CHECK_EQ(member_ask(&b, MEMBER_COPY, group, handlers[k], HOSTS_DST),
			RTE_DMA_STATUS_INVALID_HANDLER, "host %d, left", k);
	CHECK_EQ(member_ask(&b, MEMBER_LEAVE, group, 0, 0), -ENOENT, "left");
	tidy(chip);
}

void
case_hosts_ended(enum dpi_chip chip)
{
	end_while_busy(chip, 0);
	end_while_busy(chip, 1);
}

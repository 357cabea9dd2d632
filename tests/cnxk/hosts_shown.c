/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What people see of hosts: rte_dma_dump() has a line for each host that the process knows, and
 * telemetry lists them among the members. One that was removed while an operation to it is queued
 * is only in the dump, which says so.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "hosts.h"
#include "hosts_member.h"
#include "peers.h"

#define NB   2u
/* Two are declared by the first member and two by the second one, of which one comes late. */
#define HOST  MEMBER_HOSTS
#define OWN   (HOST + 1u)
#define OTHER (HOST + 5u)
#define LATE  (HOST + 3u)

static struct member members[NB];
static int16_t group;

#define ASK(i, command, a, b) member_ask(&members[i], MEMBER_##command, group, a, b)

static unsigned int
count(const char *text, const char *what)
{
	unsigned int nb = 0;

	for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what))
		nb++;
	return nb;
}

/* Fails unless the text of a member has this so often. */
static void
expect_times(const char *text, const char *what, unsigned int times, unsigned int i)
{
	const unsigned int nb = count(text, what);

	/* not CHECK_EQ(), which has no room for all of the text */
	CHECK(nb == times, "member %u: saw %u times, expected %u times: %s\nin:\n%s", i, nb, times,
		what, text);
}

static void
expect(const char *text, const char *what, unsigned int i)
{
	expect_times(text, what, 1, i);
}

static struct rte_dma_access_entry
entry_of(unsigned int i, unsigned int domain)
{
	const struct member_reply reply = member_tell(&members[i], MEMBER_TABLE, group, domain, 0);

	CHECK_EQ(reply.result, 0, "domain %u at member %u", domain, i);
	return reply.entry;
}

/* The dump's line of a host. */
static void
expect_line(const char *dump, unsigned int i, unsigned int host, uint16_t handler, bool going)
{
	struct rte_pmd_cnxk_dma_host place;
	char name[RTE_UUID_STRLEN], line[160];

	member_place(host, &place);
	rte_uuid_unparse(place.domain_id, name, sizeof(name));
	snprintf(line, sizeof(line),
		"\n  host %s: group %d, handler %u, port %u, pf %u, vf %u%s\n", name, group,
		handler, place.port, place.pf, place.vf, going ? ", going" : "");
	expect(dump, line, i);
}

/* Telemetry's entry of a process or host. */
static void
expect_member(const char *answer, unsigned int i, unsigned int domain)
{
	const struct rte_dma_access_entry e = entry_of(i, domain);
	char name[RTE_UUID_STRLEN], text[160];

	rte_uuid_unparse(e.domain_id, name, sizeof(name));
	snprintf(text, sizeof(text), "{\"domain_id\":\"%s\",\"handler\":%u,\"read\":%d,"
		"\"write\":%d,\"self\":%d,\"creator\":%d}", name, e.handler,
		(e.prot & RTE_DMA_ACCESS_PROT_READ) != 0, (e.prot & RTE_DMA_ACCESS_PROT_WRITE) != 0,
		domain == i, domain == 0);
	expect(answer, text, i);
}

/* What a member shows: its hosts, by their numbers, and how many hosts in the dump are going. */
static struct member_reply
check_shown(unsigned int i, const unsigned int *hosts, unsigned int nb, unsigned int going)
{
	struct member_reply reply;
	char text[64];
	unsigned int k;

	reply = member_tell(&members[i], MEMBER_ASK, group, 0, 0);
	snprintf(text, sizeof(text), "{\"/dmadev/access_groups\":[%d]}", group);
	CHECK(strcmp(reply.text, text) == 0, "member %u: expected %s, saw %s", i, text, reply.text);
	reply = member_tell(&members[i], MEMBER_ASK, group, 1, 0);
	snprintf(text, sizeof(text), "\"group_id\":%d,\"state\":\"active\",\"size\":%u,", group,
		NB + nb);
	expect(reply.text, text, i);
	expect_times(reply.text, "\"domain_id\"", NB + nb, i);
	for (k = 0; k < NB; k++)
		expect_member(reply.text, i, k);
	for (k = 0; k < nb; k++)
		expect_member(reply.text, i, hosts[k]);

	reply = member_tell(&members[i], MEMBER_DUMP, group, 0, 0);
	CHECK_EQ(reply.result, 0, "dump");
	snprintf(text, sizeof(text), "\n  access_group: %d, members: %u\n", group, NB + nb);
	expect(reply.text, text, i);
	for (k = 0; k < nb; k++)
		expect_line(reply.text, i, hosts[k], entry_of(i, hosts[k]).handler, false);
	expect_times(reply.text, "\n  host ", nb + going, i);
	expect_times(reply.text, ", going\n", going, i);
	return reply;
}

static void
start(enum dpi_chip chip)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		member_start(&members[i], i, chip);
	group = ASK(0, CREATE, 0, 0);
	CHECK(group >= 0, "create: %d", group);
	CHECK_EQ(ASK(0, ADD, HOST, 0), 0, "add");
	CHECK_EQ(ASK(1, JOIN, 0, 0), 0, "join");
	CHECK_EQ(ASK(1, ADD, OWN, 0), 0, "add");
	CHECK_EQ(ASK(0, ADD, OTHER, 0), 0, "add");
	CHECK_EQ(ASK(0, AWAIT, 1, 1), 0, "the second member");
	CHECK_EQ(ASK(0, AWAIT, OWN, 1), 0, "its host");
	CHECK_EQ(ASK(1, AWAIT, OTHER, 1), 0, "the first member's other host");
}

/* A host goes while an operation to it is queued at the second member, by either of them. */
static void
check_going(void)
{
	static const unsigned int left[] = { OTHER }, last[] = { OTHER, LATE };
	const uint16_t theirs = entry_of(1, HOST).handler, own = entry_of(1, OWN).handler;
	struct member_reply reply;

	CHECK_EQ(ASK(1, QUEUE, theirs, HOSTS_DST), 0, "index");
	CHECK_EQ(ASK(1, QUEUE, own, HOSTS_DST), 1, "index");
	CHECK_EQ(ASK(0, REMOVE, HOST, 0), 0, "remove");
	CHECK_EQ(ASK(1, AWAIT, HOST, 0), 0, "it goes");
	CHECK_EQ(ASK(1, REMOVE, OWN, 0), -EBUSY, "an operation is queued");
	CHECK_EQ(ASK(0, AWAIT, OWN, 0), 0, "it goes");
	reply = check_shown(1, left, RTE_DIM(left), 2);
	expect_line(reply.text, 1, HOST, theirs, true);
	expect_line(reply.text, 1, OWN, own, true);
	/* nothing is queued there */
	check_shown(0, left, RTE_DIM(left), 0);
	CHECK_EQ(member_tell(&members[1], MEMBER_FINISH, group, 0, 0).carried_out, 2,
		"instructions");
	CHECK_EQ(ASK(1, REMOVE, OWN, 0), 0, "nothing is queued");
	/* what is over is forgotten when the next one comes */
	CHECK_EQ(ASK(1, ADD, LATE, 0), 0, "add");
	check_shown(1, last, RTE_DIM(last), 0);
	CHECK_EQ(ASK(0, AWAIT, LATE, 1), 0, "it comes");
	check_shown(0, last, RTE_DIM(last), 0);
}

void
case_hosts_shown(enum dpi_chip chip)
{
	static const unsigned int all[] = { HOST, OWN, OTHER };
	struct member_reply reply;
	unsigned int i;

	start(chip);
	for (i = 0; i < NB; i++)
		check_shown(i, all, RTE_DIM(all), 0);
	check_going();
	CHECK_EQ(ASK(1, LEAVE, 0, 0), 0, "leave");
	reply = member_tell(&members[1], MEMBER_DUMP, group, 0, 0);
	CHECK_EQ(reply.result, 0, "dump");
	expect_times(reply.text, "  host ", 0, 1);
	expect_times(reply.text, "access_group", 0, 1);
	CHECK_EQ(ASK(0, AWAIT, 1, 0), 0, "it goes");
	CHECK_EQ(ASK(0, DESTROY, 0, 0), 0, "destroy");
	for (i = 0; i < NB; i++)
		member_end(&members[i]);
}

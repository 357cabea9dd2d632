/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Commands about groups and memory. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dma_access.h>
#include <rte_malloc.h>

#include "peer.h"

static bool
parse_uuid(const char *text, rte_uuid_t uuid)
{
	return rte_uuid_parse(text, uuid) == 0;
}

/* create DOMAIN TOKEN: the group's id */
static void
cmd_create(char **argv)
{
	rte_uuid_t domain, token;
	int16_t group = -1;
	int ret = -EINVAL;

	if (parse_uuid(argv[1], domain) && parse_uuid(argv[2], token))
		ret = rte_dma_access_group_create(peer.dev, domain, token, &group);
	answer_result(ret == 0 ? group : ret);
}

/* join DOMAIN TOKEN GROUP */
static void
cmd_join(char **argv)
{
	rte_uuid_t domain, token;
	int ret = -EINVAL;

	if (parse_uuid(argv[1], domain) && parse_uuid(argv[2], token))
		ret = rte_dma_access_group_join(peer.dev, domain, token, atoi(argv[3]));
	answer_result(ret);
}

static void
cmd_leave(char **argv)
{
	answer_result(rte_dma_access_group_leave(peer.dev, atoi(argv[1])));
}

static void
cmd_destroy(char **argv)
{
	answer_result(rte_dma_access_group_destroy(peer.dev, atoi(argv[1])));
}

static void
cmd_size(char **argv)
{
	answer_result(rte_dma_access_group_size_get(peer.dev, atoi(argv[1])));
}

/* table GROUP: DOMAIN:HANDLER:PROT:FLAGS for each member */
static void
cmd_table(char **argv)
{
	struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	char line[8192] = "", domain[RTE_UUID_STRLEN];
	int i, n, at = 0;

	n = rte_dma_access_group_get(peer.dev, atoi(argv[1]), table, RTE_DIM(table));
	if (n < 0) {
		answer_result(n);
		return;
	}
	for (i = 0; i < n; i++) {
		rte_uuid_unparse(table[i].domain_id, domain, sizeof(domain));
		at += snprintf(line + at, sizeof(line) - at, " %s:%u:%u:%u", domain,
			table[i].handler, table[i].prot, table[i].flags);
	}
	answer("ok%s", line);
}

/* handler GROUP DOMAIN */
static void
cmd_handler(char **argv)
{
	uint16_t handler = 0;
	rte_uuid_t domain;
	int ret = -EINVAL;

	if (parse_uuid(argv[2], domain))
		ret = rte_dma_access_group_handler_get(peer.dev, atoi(argv[1]), domain, &handler);
	answer_result(ret == 0 ? handler : ret);
}

/* windows GROUP [BASE:LEN:PROT ...] */
static void
cmd_windows(int argc, char **argv)
{
	struct rte_dma_access_window win[PEER_MAX_ARGS];
	char *end;
	int i;

	for (i = 2; i < argc; i++) {
		win[i - 2].base = strtoull(argv[i], &end, 0);
		win[i - 2].len = strtoull(end + 1, &end, 0);
		win[i - 2].prot = strtoul(end + 1, &end, 0);
	}
	answer_result(rte_dma_access_window_set(peer.dev, atoi(argv[1]), win, argc - 2));
}

/* alloc LEN: its address */
static void
cmd_alloc(char **argv)
{
	void *p = rte_zmalloc(NULL, strtoull(argv[1], NULL, 0), 4096);

	if (p == NULL)
		answer_result(-ENOMEM);
	else
		answer("ok %p", p);
}

static uint8_t *
memory(const char *text)
{
	return (uint8_t *)(uintptr_t)strtoull(text, NULL, 0);
}

/* fill ADDRESS LEN BYTE */
static void
cmd_fill(char **argv)
{
	memset(memory(argv[1]), strtoul(argv[3], NULL, 0), strtoull(argv[2], NULL, 0));
	answer_result(0);
}

/* Different bytes at different places, so that bytes that went astray are noticed. */
static uint8_t
pattern(uint64_t seed, uint64_t i)
{
	return (seed + i) * UINT64_C(0x9E3779B97F4A7C15) >> 56;
}

/* pattern ADDRESS LEN SEED */
static void
cmd_pattern(char **argv)
{
	const uint64_t len = strtoull(argv[2], NULL, 0), seed = strtoull(argv[3], NULL, 0);
	uint8_t *p = memory(argv[1]);
	uint64_t i;

	for (i = 0; i < len; i++)
		p[i] = pattern(seed, i);
	answer_result(0);
}

/* expect ADDRESS LEN SEED */
static void
cmd_expect(char **argv)
{
	const uint64_t len = strtoull(argv[2], NULL, 0), seed = strtoull(argv[3], NULL, 0);
	const uint8_t *p = memory(argv[1]);
	uint64_t i;

	for (i = 0; i < len; i++) {
		if (p[i] != pattern(seed, i)) {
			answer("error %d byte %lu is 0x%x, expected 0x%x", EILSEQ, (unsigned long)i,
				p[i],
				pattern(seed, i));
			return;
		}
	}
	answer_result(0);
}

/*
 * steady ADDRESS LEN MS: fill it again and again; no byte changes by itself: how many times it
 * was looked at
 */
static void
cmd_steady(char **argv)
{
	const uint64_t len = strtoull(argv[2], NULL, 0);
	const uint64_t end = now_us() + strtoull(argv[3], NULL, 0) * 1000;
	volatile uint8_t *p = memory(argv[1]);
	uint32_t looks = 0;
	uint64_t i;

	do {
		const uint8_t byte = 0x80 | ++looks;

		for (i = 0; i < len; i++)
			p[i] = byte;
		for (i = 0; i < len; i++) {
			if (p[i] != byte) {
				answer("error %d byte %lu became 0x%x of 0x%x", EILSEQ,
					(unsigned long)i,
					p[i], byte);
				return;
			}
		}
	} while (now_us() < end);
	answer("ok %u", looks);
}

static void
cmd_token(char **argv)
{
	char text[RTE_UUID_STRLEN];
	rte_uuid_t token;
	int ret = rte_dma_access_token_generate(token);

	(void)argv;
	if (ret < 0) {
		answer_result(ret);
		return;
	}
	rte_uuid_unparse(token, text, sizeof(text));
	answer("ok %s", text);
}

static void
cmd_info(char **argv)
{
	struct rte_dma_info info;
	int ret = rte_dma_info_get(peer.dev, &info);

	(void)argv;
	if (ret < 0)
		answer_result(ret);
	else
		answer("ok capa=0x%lx controller=%d windows=%u", (unsigned long)info.dev_capa,
			info.controller_id, info.max_access_windows);
}

bool
group_command(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		void (*run)(char **argv);
	} commands[] = {
		{ "info", 0, cmd_info }, { "token", 0, cmd_token },
		{ "create", 2, cmd_create }, { "join", 3, cmd_join },
		{ "leave", 1, cmd_leave }, { "destroy", 1, cmd_destroy },
		{ "size", 1, cmd_size }, { "table", 1, cmd_table }, { "handler", 2, cmd_handler },
		{ "alloc", 1, cmd_alloc }, { "fill", 3, cmd_fill },
		{ "pattern", 3, cmd_pattern }, { "expect", 3, cmd_expect },
		{ "steady", 3, cmd_steady },
	};
	size_t i;

	if (strcmp(argv[0], "windows") == 0 && argc >= 2) {
		cmd_windows(argc, argv);
		return true;
	}
	for (i = 0; i < RTE_DIM(commands); i++) {
		if (strcmp(argv[0], commands[i].name) == 0 && argc - 1 == commands[i].args) {
			commands[i].run(argv);
			return true;
		}
	}

	return false;
}

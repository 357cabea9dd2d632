/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The peer: what the other processes of dma_access_autotest run, as the test command
 * dma_access_peer. It reads commands from a socket, one a line: a name and numbers. It answers each
 * by a line: the decimal result, 0 or more or a negative errno, and hexadecimal values. Without
 * anything to do it sleeps in read(). The end of the socket, or of the test, is its end.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_string_fns.h>

#include <rte_dmadev_pmd.h>

#include "test_dma_access.h"

#define PEER_ENV "DMA_ACCESS_PEER"
#define PEER_MAX_ARGS 64
#define PEER_MAX_BUFS 16

static struct {
	struct da_dev dev;
	char name[32];    /* of the device, and its arguments */
	const char *args;
	void *buf[PEER_MAX_BUFS]; /* NULL: none */
	uint64_t val[DA_MAX_VALS];
	unsigned int nb_val;
} peer;

static void
put(uint64_t val)
{
	if (peer.nb_val < DA_MAX_VALS)
		peer.val[peer.nb_val++] = val;
}

/* A token is two numbers in a command. */
static void
get_token(const uint64_t *a, rte_uuid_t token)
{
	memcpy(token, a, sizeof(rte_uuid_t));
}

static void *
get_ptr(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

/* As at the start: with nothing of what was there before. */
static int
cmd_open(const uint64_t *a __rte_unused, unsigned int n __rte_unused)
{
	unsigned int i;

	da_dev_close(&peer.dev);
	for (i = 0; i < PEER_MAX_BUFS; i++) {
		rte_free(peer.buf[i]);
		peer.buf[i] = NULL;
	}

	return da_dev_open(&peer.dev, peer.name, peer.args);
}

static int
cmd_close(const uint64_t *a __rte_unused, unsigned int n __rte_unused)
{
	da_dev_close(&peer.dev);
	return 0;
}

static int
cmd_start(const uint64_t *a, unsigned int n __rte_unused)
{
	return da_dev_start(&peer.dev, a[0], a[1]);
}

static int
cmd_create(const uint64_t *a, unsigned int n __rte_unused)
{
	rte_uuid_t domain, token;
	int16_t group = -1;
	int ret;

	da_domain(a[0], domain);
	get_token(&a[1], token);
	ret = rte_dma_access_group_create(peer.dev.id, domain, token, &group);
	put(group);

	return ret;
}

static int
cmd_join(const uint64_t *a, unsigned int n __rte_unused)
{
	rte_uuid_t domain, token;

	da_domain(a[1], domain);
	get_token(&a[2], token);

	return rte_dma_access_group_join(peer.dev.id, domain, token, a[0]);
}

static int
cmd_leave(const uint64_t *a, unsigned int n __rte_unused)
{
	return rte_dma_access_group_leave(peer.dev.id, a[0]);
}

static int
cmd_destroy(const uint64_t *a, unsigned int n __rte_unused)
{
	return rte_dma_access_group_destroy(peer.dev.id, a[0]);
}

static int
cmd_size(const uint64_t *a, unsigned int n __rte_unused)
{
	return rte_dma_access_group_size_get(peer.dev.id, a[0]);
}

static int
cmd_handler(const uint64_t *a, unsigned int n __rte_unused)
{
	uint16_t handler = 0;
	rte_uuid_t domain;
	int ret;

	da_domain(a[1], domain);
	ret = rte_dma_access_group_handler_get(peer.dev.id, a[0], domain, &handler);
	put(handler);

	return ret;
}

/* Answers domain, handler, permissions and flags of each entry. */
static int
cmd_table(const uint64_t *a, unsigned int n __rte_unused)
{
	struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	int i, ret;

	ret = rte_dma_access_group_get(peer.dev.id, a[0], table, RTE_DIM(table));
	for (i = 0; i < ret; i++) {
		put(da_domain_number(table[i].domain_id));
		put(table[i].handler);
		put(table[i].prot);
		put(table[i].flags);
	}

	return ret;
}

/* group, then base, length and permissions of each window */
static int
cmd_windows(const uint64_t *a, unsigned int n)
{
	struct rte_dma_access_window win[PEER_MAX_ARGS / 3];
	unsigned int i, nb = (n - 1) / 3;

	for (i = 0; i < nb; i++) {
		win[i].base = a[1 + i * 3];
		win[i].len = a[2 + i * 3];
		win[i].prot = a[3 + i * 3];
	}

	return rte_dma_access_window_set(peer.dev.id, (int16_t)a[0], win, nb);
}

static int
cmd_alloc(const uint64_t *a, unsigned int n __rte_unused)
{
	unsigned int i;

	for (i = 0; i < PEER_MAX_BUFS && peer.buf[i] != NULL; i++)
		;
	if (i == PEER_MAX_BUFS)
		return -ENOSPC;
	peer.buf[i] = da_alloc(a[0]);
	if (peer.buf[i] == NULL)
		return -ENOMEM;
	da_pattern(peer.buf[i], a[0], a[1]);
	put((uintptr_t)peer.buf[i]);

	return 0;
}

static int
cmd_free(const uint64_t *a, unsigned int n __rte_unused)
{
	unsigned int i;

	for (i = 0; i < PEER_MAX_BUFS && peer.buf[i] != get_ptr(a[0]); i++)
		;
	if (i == PEER_MAX_BUFS)
		return -ENOENT;
	rte_free(peer.buf[i]);
	peer.buf[i] = NULL;

	return 0;
}

static int
cmd_pattern(const uint64_t *a, unsigned int n __rte_unused)
{
	da_pattern(get_ptr(a[0]), a[1], a[2]);
	return 0;
}

static int
cmd_sum(const uint64_t *a, unsigned int n __rte_unused)
{
	put(da_sum(get_ptr(a[0]), a[1]));
	return 0;
}

/* Take the pages away from under the memory, as nobody should. */
static int
cmd_punch(const uint64_t *a, unsigned int n __rte_unused)
{
	return madvise(get_ptr(a[0]), a[1], MADV_REMOVE) == 0 ? 0 : -errno;
}

static int
cmd_copy(const uint64_t *a, unsigned int n __rte_unused)
{
	return da_copy(&peer.dev, DA_INTER, a[0], a[1], a[2], a[3]);
}

static int
cmd_event(const uint64_t *a __rte_unused, unsigned int n __rte_unused)
{
	struct da_event ev = { 0 };
	int ret = da_event_get(&peer.dev.events, &ev);

	put(ev.group);
	put(ev.reason);
	put(ev.domain);

	return ret;
}

static int
cmd_pair_create(const uint64_t *a, unsigned int n __rte_unused)
{
	rte_uuid_t domain, token;
	int16_t group = -1;
	int ret;

	da_domain(a[0], domain);
	get_token(&a[1], token);
	ret = rte_dma_access_pair_group_create(peer.dev.id, domain, token, &group, da_pair_event);
	put(group);

	return ret;
}

static int
cmd_pair_join(const uint64_t *a, unsigned int n __rte_unused)
{
	rte_uuid_t domain, token;

	da_domain(a[1], domain);
	get_token(&a[2], token);

	return rte_dma_access_pair_group_join(peer.dev.id, domain, token, a[0], da_pair_event);
}

static int
cmd_pair_leave(const uint64_t *a, unsigned int n __rte_unused)
{
	return rte_dma_access_pair_group_leave(peer.dev.id, a[0]);
}

static int
cmd_pair_destroy(const uint64_t *a, unsigned int n __rte_unused)
{
	return rte_dma_access_pair_group_destroy(peer.dev.id, a[0]);
}

static int
cmd_pair_event(const uint64_t *a __rte_unused, unsigned int n __rte_unused)
{
	struct da_event ev = { 0 };
	int ret = da_event_get(&da_pair_events, &ev);

	put(ev.group);
	put(ev.reason);
	put(ev.domain);

	return ret;
}

static int
cmd_pending(const uint64_t *a __rte_unused, unsigned int n __rte_unused)
{
	return da_events_pending(&peer.dev.events);
}

/*
 * In a secondary process, where the primary's device is not to be seen: make each call that is for
 * primary processes. Answers their results.
 */
static int
cmd_secondary(const uint64_t *a, unsigned int n __rte_unused)
{
	const int16_t d = a[0];
	const struct rte_dma_access_window win = { 4096, 4096, DA_RW };
	struct rte_dma_access_entry entry;
	rte_uuid_t id;
	uint16_t handler;
	int16_t group;

	da_domain(DA_STRANGER, id);
	put(rte_dma_access_group_create(d, id, id, &group));
	put(rte_dma_access_group_destroy(d, 0));
	put(rte_dma_access_group_join(d, id, id, 0));
	put(rte_dma_access_group_leave(d, 0));
	put(rte_dma_access_group_size_get(d, 0));
	put(rte_dma_access_group_get(d, 0, &entry, 1));
	put(rte_dma_access_group_handler_get(d, 0, id, &handler));
	put(rte_dma_access_window_set(d, RTE_DMA_ACCESS_GROUP_NONE, &win, 1));
	put(rte_dma_access_pair_group_create(d, id, id, &group, NULL));

	return rte_dma_access_token_generate(id);
}

static const struct command {
	const char *name;
	unsigned int nb_args; /* at least */
	int (*run)(const uint64_t *a, unsigned int n);
} commands[] = {
	{ "open", 0, cmd_open },
	{ "close", 0, cmd_close },
	{ "start", 2, cmd_start },
	{ "create", 3, cmd_create },
	{ "join", 4, cmd_join },
	{ "leave", 1, cmd_leave },
	{ "destroy", 1, cmd_destroy },
	{ "size", 1, cmd_size },
	{ "handler", 2, cmd_handler },
	{ "table", 1, cmd_table },
	{ "windows", 1, cmd_windows },
	{ "alloc", 2, cmd_alloc },
	{ "free", 1, cmd_free },
	{ "pattern", 3, cmd_pattern },
	{ "sum", 2, cmd_sum },
	{ "punch", 2, cmd_punch },
	{ "copy", 4, cmd_copy },
	{ "event", 0, cmd_event },
	{ "pending", 0, cmd_pending },
	{ "pair_create", 3, cmd_pair_create },
	{ "pair_join", 4, cmd_pair_join },
	{ "pair_leave", 1, cmd_pair_leave },
	{ "pair_destroy", 1, cmd_pair_destroy },
	{ "pair_event", 0, cmd_pair_event },
	{ "secondary", 1, cmd_secondary },
};

static int
run_command(char *line)
{
	uint64_t arg[PEER_MAX_ARGS];
	char *save = NULL, *word = strtok_r(line, " \n", &save);
	const char *name = word;
	unsigned int i, n = 0;

	peer.nb_val = 0;
	if (name == NULL)
		return -EINVAL;
	while ((word = strtok_r(NULL, " \n", &save)) != NULL && n < RTE_DIM(arg))
		arg[n++] = strtoull(word, NULL, 0);
	for (i = 0; i < RTE_DIM(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			break;
	if (i == RTE_DIM(commands) || n < commands[i].nb_args || word != NULL) {
		fprintf(stderr, "peer: command %s with %u arguments is unknown\n", name, n);
		return -EINVAL;
	}

	return commands[i].run(arg, n);
}

static void
answer(FILE *f, int ret)
{
	unsigned int i;

	fprintf(f, "%d", ret);
	for (i = 0; i < peer.nb_val; i++)
		fprintf(f, " %" PRIx64, peer.val[i]);
	fprintf(f, "\n");
	fflush(f);
}

static int
test_dma_access_peer(void)
{
	const char *env = getenv(PEER_ENV);
	char line[2048];
	FILE *in, *out;
	int fd, used;

	/* Called by somebody who tries all commands there are. */
	if (env == NULL)
		return TEST_SUCCESS;
	if (sscanf(env, "%d %31s %n", &fd, peer.name, &used) != 2 ||
			(da.kind = da_kind_of(peer.name)) == NULL) {
		printf("%s=%s: expected a descriptor, a device and its arguments\n", PEER_ENV, env);
		return TEST_FAILED;
	}
	peer.args = env + used;
	peer.dev.id = -1;
	da_events_init(&da_pair_events);
	in = fdopen(fd, "r");
	out = fdopen(dup(fd), "w");
	if (in == NULL || out == NULL)
		return TEST_FAILED;

	/* Says that it is ready, unasked. A secondary process has no device of its own. */
	answer(out, rte_eal_process_type() == RTE_PROC_PRIMARY ? cmd_open(NULL, 0) : 0);
	while (fgets(line, sizeof(line), in) != NULL)
		answer(out, run_command(line));
	da_dev_close(&peer.dev);
	fclose(in);
	/* The test waits for the end of the socket: let it be the end of the process. */

	return TEST_SUCCESS;
}

REGISTER_TEST_COMMAND(dma_access_peer, test_dma_access_peer);

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Copies, one at a time or in a stream that goes on until it is told to stop. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_dmadev.h>

#include "peer.h"

#define WAIT_US (10 * 1000000ull)
#define MAX_STATUS (RTE_DMA_STATUS_ERROR_UNKNOWN + 1)

/* A copy as a command gives it: SRC_HANDLER SRC DST_HANDLER DST LEN; a handler can be "self". */
struct copy {
	uint64_t src;
	uint64_t dst;
	uint32_t len;
	uint64_t flags;
};

static struct {
	bool on;
	struct copy copy;
	uint32_t burst;
	uint32_t pending;
	uint64_t failed;
	uint64_t ends[MAX_STATUS];
} stream;

static bool
parse_copy(struct copy *c, char **argv)
{
	const bool src = strcmp(argv[0], "self") != 0, dst = strcmp(argv[2], "self") != 0;
	const uint64_t handler = strtoul(src ? argv[0] : argv[2], NULL, 0);

	c->flags = 0;
	if (src)
		c->flags |= RTE_DMA_OP_FLAG_SRC_HANDLER | RTE_DMA_OP_HANDLER(handler);
	if (dst)
		c->flags |= RTE_DMA_OP_FLAG_DST_HANDLER | RTE_DMA_OP_HANDLER(handler);
	c->src = strtoull(argv[1], NULL, 0);
	c->dst = strtoull(argv[3], NULL, 0);
	c->len = strtoul(argv[4], NULL, 0);

	/* One operation holds one handler. */
	return !src || !dst || strcmp(argv[0], argv[2]) == 0;
}

/* copy SRC_HANDLER SRC DST_HANDLER DST LEN: its status */
static void
cmd_copy(int argc, char **argv)
{
	const uint64_t end = now_us() + WAIT_US;
	enum rte_dma_status_code status;
	struct copy c;
	uint16_t last;
	int ret;

	(void)argc;
	if (stream.on || !parse_copy(&c, argv + 1)) {
		answer_result(-EINVAL);
		return;
	}
	ret = rte_dma_copy(peer.dev, 0, c.src, c.dst, c.len, c.flags | RTE_DMA_OP_FLAG_SUBMIT);
	if (ret < 0) {
		answer_result(ret);
		return;
	}
	while (rte_dma_completed_status(peer.dev, 0, 1, &last, &status) == 0) {
		if (now_us() > end) {
			answer_result(-ETIMEDOUT);
			return;
		}
	}
	answer_result(status);
}

/* stream SRC_HANDLER SRC DST_HANDLER DST LEN BURST */
static void
cmd_stream(int argc, char **argv)
{
	(void)argc;
	memset(&stream, 0, sizeof(stream));
	if (!parse_copy(&stream.copy, argv + 1)) {
		answer_result(-EINVAL);
		return;
	}
	stream.burst = strtoul(argv[6], NULL, 0);
	stream.on = true;
	answer_result(0);
}

static uint32_t
stream_collect(void)
{
	enum rte_dma_status_code status[64];
	uint16_t i, n, last;

	n = rte_dma_completed_status(peer.dev, 0, RTE_DIM(status), &last, status);
	for (i = 0; i < n; i++) {
		stream.ends[(uint32_t)status[i] < MAX_STATUS ? status[i] : MAX_STATUS - 1]++;
		stream.failed += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
	}
	stream.pending -= n;

	return n;
}

bool
stream_step(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	const uint64_t failed = stream.failed;
	const struct copy *c = &stream.copy;

	if (!stream.on)
		return false;
	while (stream.pending < stream.burst &&
			rte_dma_copy(peer.dev, 0, c->src, c->dst, c->len, c->flags) >= 0)
		stream.pending++;
	rte_dma_submit(peer.dev, 0);
	/* What is refused is refused quickly; no need to have it refused all the time. */
	if (stream_collect() == 0 || stream.failed != failed)
		nanosleep(&pause, NULL);

	return true;
}

/* "OUTSTANDING STATUS:COUNT ..." */
static void
answer_stream(void)
{
	char line[512] = "";
	uint32_t i;
	int at = 0;

	for (i = 0; i < MAX_STATUS; i++)
		if (stream.ends[i] != 0 && at < (int)sizeof(line) - 32)
			at += snprintf(line + at, sizeof(line) - at, " %u:%lu", i,
				(unsigned long)stream.ends[i]);
	answer("ok %u%s", stream.pending, line);
}

static void
cmd_stream_state(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	answer_stream();
}

/* stream-stop MS: wait as long for what is under way */
static void
cmd_stream_stop(int argc, char **argv)
{
	const uint64_t end = now_us() + strtoull(argv[1], NULL, 0) * 1000;

	(void)argc;
	stream.on = false;
	while (stream.pending != 0 && now_us() < end)
		stream_collect();
	answer_stream();
}

static void
cmd_device_stop(int argc, char **argv)
{
	int ret = rte_dma_stop(peer.dev);

	(void)argc;
	(void)argv;
	peer.running = peer.running && ret != 0;
	stream.on = false;
	stream.pending = 0;
	answer_result(ret);
}

static void
cmd_device_start(int argc, char **argv)
{
	int ret = rte_dma_start(peer.dev);

	(void)argc;
	(void)argv;
	peer.running = ret == 0;
	answer_result(ret);
}

static void
cmd_device_close(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	answer_result(rte_dma_close(peer.dev));
}

bool
transfer_command(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		void (*run)(int argc, char **argv);
	} commands[] = {
		{ "copy", 5, cmd_copy }, { "stream", 6, cmd_stream },
		{ "stream-state", 0, cmd_stream_state }, { "stream-stop", 1, cmd_stream_stop },
		{ "device-stop", 0, cmd_device_stop }, { "device-start", 0, cmd_device_start },
		{ "device-close", 0, cmd_device_close },
	};
	size_t i;

	for (i = 0; i < RTE_DIM(commands); i++) {
		if (strcmp(argv[0], commands[i].name) == 0 && argc - 1 == commands[i].args) {
			commands[i].run(argc, argv);
			return true;
		}
	}

	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* EAL, the device, its events, and the lines that come and go. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_dma_access.h>
#include <rte_eal.h>

#include "peer.h"

struct peer peer;

/* Commands and events answer from different threads. */
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

void
answer(const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&out_lock);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&out_lock);
}

void
answer_result(int ret)
{
	if (ret < 0)
		answer("error %d %s", -ret, strerror(-ret));
	else
		answer("ok %d", ret);
}

static void
on_event(int16_t dev, enum rte_dma_event_type event, const struct rte_dma_event_info *info,
void *arg)
{
	static const char *const names[] = {
		[RTE_DMA_ACCESS_REASON_JOINED] = "joined",
		[RTE_DMA_ACCESS_REASON_LEFT] = "left",
		[RTE_DMA_ACCESS_REASON_DESTROYED] = "destroyed",
		[RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED] = "windows",
		[RTE_DMA_ACCESS_REASON_HANDLER_CHANGED] = "handler",
		[RTE_DMA_ACCESS_REASON_CONTROLLER_LOST] = "lost",
	};
	char domain[RTE_UUID_STRLEN];

	(void)dev;
	(void)event;
	(void)arg;
	rte_uuid_unparse(info->domain_id, domain, sizeof(domain));
	answer("event %s %d %s", names[info->reason], info->group_id, domain);
}

static int
device_open(void)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = 1024,
		.domain = {
			.type = RTE_DMA_INTER_PROCESS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};
	int ret;

	peer.dev = rte_dma_next_dev(0);
	if (peer.dev < 0)
		return -ENODEV;
	ret = rte_dma_configure(peer.dev, &conf);
	if (ret == 0)
		ret = rte_dma_vchan_setup(peer.dev, 0, &vchan);
	if (ret == 0)
		ret = rte_dma_start(peer.dev);
	peer.running = ret == 0;
	if (ret == 0)
		ret = rte_dma_event_callback_register(peer.dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
			on_event, NULL);

	return ret;
}

static void
obey(char *line)
{
	char *argv[PEER_MAX_ARGS], *save = NULL, *word;
	int argc = 0;

	for (word = strtok_r(line, " \n", &save); word != NULL && argc < PEER_MAX_ARGS;
			word = strtok_r(NULL, " \n", &save))
		argv[argc++] = word;
	if (argc == 0 || (!group_command(argc, argv) && !transfer_command(argc, argv)))
		answer("error %d no such command, or not with %d arguments", EINVAL, argc - 1);
}

/* Lines of any length are cut into commands here: stdio would hide from poll() what it has read. */
static bool
read_lines(void)
{
	static char buf[8192];
	static size_t have;
	char *end;
	ssize_t n;

	n = read(STDIN_FILENO, buf + have, sizeof(buf) - 1 - have);
	if (n <= 0)
		return false;
	have += n;
	buf[have] = '\0';
	while ((end = strchr(buf, '\n')) != NULL) {
		*end = '\0';
		if (strcmp(buf, "exit") == 0)
			return false;
		obey(buf);
		have -= end + 1 - buf;
		memmove(buf, end + 1, have + 1);
	}

	return have < sizeof(buf) - 1;
}

int
main(int argc, char **argv)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	bool busy = false;
	int ret;

	if (rte_eal_init(argc, argv) < 0) {
		answer("error %d EAL does not start", EIO);
		return EXIT_FAILURE;
	}
	ret = device_open();
	answer_result(ret);
	while (ret == 0) {
		if (poll(&pfd, 1, busy ? 0 : -1) > 0 && !read_lines())
			break;
		busy = stream_step();
	}
	if (peer.running)
		rte_dma_stop(peer.dev);
	rte_dma_close(peer.dev);
	rte_eal_cleanup();

	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

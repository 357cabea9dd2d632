/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The device under test, and the controls of the model that plays it. */

#include <inttypes.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "batches.h"

/* Its only work queue that the program is given. */
#define DEVICE_NAME "wq0.0"
/* Many times what the model takes for a full queue on a busy machine. */
#define IDLE_S 10

int16_t dev_id = -1;

static int
channel_setup(uint16_t ring_size, enum rte_dma_inter_domain_type type)
{
	const struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = ring_size,
		.domain.type = type,
	};

	return rte_dma_vchan_setup(dev_id, 0, &conf);
}

/*
 * The handlers of the channel are 0, which the device refuses: if one that was for another domain
 * before went on to look at them, nothing would succeed.
 */
static int
channel_setup_plain(uint16_t ring_size)
{
	struct rte_dma_info info;
	int ret = rte_dma_info_get(dev_id, &info);

	if (ret == 0 && (info.dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) == 0)
		fail("%s does not reach other processes (capabilities %#" PRIx64
			"), so a channel cannot stop to do so", DEVICE_NAME, info.dev_capa);
	if (ret == 0)
		ret = channel_setup(ring_size, RTE_DMA_INTER_PROCESS_DOMAIN);
	if (ret == 0)
		ret = channel_setup(ring_size, RTE_DMA_INTER_DOMAIN_NONE);
	return ret;
}

void
device_setup(uint16_t ring_size)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	int ret;

	if (dev_id < 0) {
		dev_id = rte_dma_get_dev_id_by_name(DEVICE_NAME);
		if (dev_id < 0)
			fail("there is no device %s", DEVICE_NAME);
	} else {
		rte_dma_stop(dev_id);
	}
	ret = rte_dma_configure(dev_id, &conf);
	if (ret == 0)
		ret = channel_setup_plain(ring_size);
	if (ret == 0)
		ret = rte_dma_start(dev_id);
	if (ret == 0)
		ret = rte_dma_stats_reset(dev_id, 0);
	if (ret != 0)
		fail("%s cannot be set up with %u descriptors: error %d", DEVICE_NAME, ring_size,
				ret);
	operations_reset();
}

enum rte_dma_vchan_status
device_status(void)
{
	enum rte_dma_vchan_status status;
	int ret = rte_dma_vchan_status(dev_id, 0, &status);

	if (ret != 0)
		fail("rte_dma_vchan_status: error %d", ret);
	return status;
}

void
device_wait_idle(void)
{
	const uint64_t end = rte_get_timer_cycles() + IDLE_S * rte_get_timer_hz();

	while (device_status() != RTE_DMA_VCHAN_IDLE) {
		if (rte_get_timer_cycles() > end)
			fail("the device is not idle after %d s, %u operations are not collected",
					IDLE_S, operations_in_flight());
		sched_yield();
	}
}

/* The test's own deadline ends a model that does not answer. */
static void
model_control(const char *command, const char *first, const char *second)
{
	const char *model = getenv("DSA_MODEL"), *dir = getenv("DSA_MODEL_DIR");
	const char *argv[] = { model, "--dir", dir, "--ctl", command, first, second, NULL };
	int ret, status;
	pid_t pid;

	if (model == NULL || dir == NULL)
		fail("DSA_MODEL and DSA_MODEL_DIR do not name a model");
	ret = posix_spawn(&pid, model, NULL, NULL, (char *const *)(uintptr_t)argv, environ);
	if (ret != 0)
		fail("%s cannot be run: error %d", model, ret);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("the model's command '%s' ended with status %#x, expected 0", command, status);
}

static void
model_fail(const char *command, unsigned int n, uint8_t status)
{
	char number[16], value[16];

	snprintf(number, sizeof(number), "%u", n);
	snprintf(value, sizeof(value), "0x%02x", status);
	model_control(command, number, value);
}

void
model_fail_batch(uint8_t status)
{
	model_fail("fail-batch", 1, status);
}

void
model_fail_operation(unsigned int n, uint8_t status)
{
	model_fail("fail", n, status);
}

void
model_hold(bool hold)
{
	model_control(hold ? "pause" : "resume", NULL, NULL);
}

void
model_reorder(bool reorder)
{
	model_control("reorder", reorder ? "on" : "off", NULL);
}

void
model_delay_us(unsigned int us)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", us);
	model_control("delay", text, NULL);
}

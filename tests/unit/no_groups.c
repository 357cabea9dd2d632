/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What dma_sw does where DPDK has no broker: it promises nothing that takes a group, refuses every
 * call about groups at once, and copies, fills and gathers in its own memory as ever.
 *
 * The arguments are those of EAL, with dma_sw0. no_libcrypto.sh builds and runs it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dma_access.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define LEN 1024
#define DEADLINE_S 30

#define CHECK(cond, ...) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "line %d: %s: ", __LINE__, #cond); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			exit(EXIT_FAILURE); \
		} \
	} while (0)
#define EXPECT(expected, call) \
	do { \
		const int expect_ret = (call); \
		CHECK(expect_ret == (expected), #call ": %d, expected %d", expect_ret, expected); \
	} while (0)

static rte_uuid_t domain = RTE_UUID_INIT(0x8e02b7d1, 0x4c35, 0x4a9f, 0xb1c6, 0x03f7a95e2d01ULL);
static rte_uuid_t token;

static void
on_event(int16_t dev, enum rte_dma_event_type event, const struct rte_dma_event_info *info,
		void *arg)
{
	(void)event;
	(void)arg;
	CHECK(false, "device %d: an event of group %d", dev, info->group_id);
}

static void
check_promises(int16_t dev)
{
	const uint64_t inter = RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_INTER_OS_DOMAIN |
		RTE_DMA_CAPA_OPS_HANDLER;
	const uint64_t local = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_HANDLES_ERRORS |
		RTE_DMA_CAPA_OPS_COPY | RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL;
	struct rte_dma_info info;

	EXPECT(0, rte_dma_info_get(dev, &info));
	CHECK((info.dev_capa & inter) == 0, "it promises 0x%lx", (unsigned long)info.dev_capa);
	CHECK((info.dev_capa & local) == local, "it has 0x%lx", (unsigned long)info.dev_capa);
	CHECK(info.max_access_windows == 0, "%u windows", info.max_access_windows);
	CHECK(info.controller_id >= 0, "controller %d", info.controller_id);
}

static void
check_group_calls(int16_t dev)
{
	const struct rte_dma_access_window win = { 4096, 4096, RTE_DMA_ACCESS_PROT_READ };
	const enum rte_dma_event_type event = RTE_DMA_EVENT_ACCESS_TABLE_UPDATE;
	struct rte_dma_access_entry table[2];
	uint16_t handler;
	int16_t group;

	EXPECT(-ENOTSUP, rte_dma_access_group_create(dev, domain, token, &group));
	EXPECT(-ENOTSUP, rte_dma_access_group_join(dev, domain, token, 0));
	EXPECT(-ENOTSUP, rte_dma_access_group_leave(dev, 0));
	EXPECT(-ENOTSUP, rte_dma_access_group_destroy(dev, 0));
	EXPECT(-ENOTSUP, rte_dma_access_group_size_get(dev, 0));
	EXPECT(-ENOTSUP, rte_dma_access_group_get(dev, 0, table, 2));
	EXPECT(-ENOTSUP, rte_dma_access_group_handler_get(dev, 0, domain, &handler));
	EXPECT(-ENOTSUP, rte_dma_access_window_set(dev, 0, &win, 1));
	EXPECT(-ENOTSUP, rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, NULL, 0));
	EXPECT(-ENOTSUP, rte_dma_event_callback_register(dev, event, on_event, NULL));
}

/* A device that cannot do it is an invalid argument to these. */
static void
check_pair_calls(int16_t dev)
{
	uint16_t handler;
	int16_t group;

	EXPECT(-EINVAL, rte_dma_access_pair_group_create(dev, domain, token, &group, NULL));
	EXPECT(-EINVAL, rte_dma_access_pair_group_join(dev, domain, token, 0, NULL));
	EXPECT(-EINVAL, rte_dma_access_pair_group_leave(dev, 0));
	EXPECT(-EINVAL, rte_dma_access_pair_group_destroy(dev, 0));
	EXPECT(-EINVAL, rte_dma_access_pair_group_handler_get(dev, 0, domain, &handler));
}

static void
start(int16_t dev)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 32,
		.domain = {
			.type = RTE_DMA_INTER_PROCESS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};

	EXPECT(0, rte_dma_configure(dev, &conf));
	EXPECT(-EINVAL, rte_dma_vchan_setup(dev, 0, &vchan));
	memset(&vchan.domain, 0, sizeof(vchan.domain));
	EXPECT(0, rte_dma_vchan_setup(dev, 0, &vchan));
	EXPECT(0, rte_dma_start(dev));
}

static enum rte_dma_status_code
result(int16_t dev, int submitted)
{
	enum rte_dma_status_code status;
	uint16_t last;

	CHECK(submitted >= 0, "not submitted: %s", strerror(-submitted));
	while (rte_dma_completed_status(dev, 0, 1, &last, &status) == 0)
		rte_pause();

	return status;
}

static void
check_operations(int16_t dev)
{
	const uint64_t flags = RTE_DMA_OP_FLAG_SUBMIT;
	uint8_t *buf = rte_zmalloc(NULL, 2 * LEN, 64);
	uint8_t *to = buf + LEN;
	struct rte_dma_sge from_sge = { (uintptr_t)buf, LEN }, to_sge = { (uintptr_t)to, LEN };
	int ret;

	CHECK(buf != NULL, "no memory");
	memset(buf, 0x5a, LEN);
	ret = rte_dma_copy(dev, 0, (uintptr_t)buf, (uintptr_t)to, LEN, flags |
		RTE_DMA_OP_FLAG_DST_HANDLER | RTE_DMA_OP_HANDLER(1));
	EXPECT(RTE_DMA_STATUS_INVALID_HANDLER, result(dev, ret));
	CHECK(to[0] == 0 && to[LEN - 1] == 0, "a refused copy moved data");

	ret = rte_dma_copy(dev, 0, (uintptr_t)buf, (uintptr_t)to, LEN, flags);
	EXPECT(RTE_DMA_STATUS_SUCCESSFUL, result(dev, ret));
	CHECK(memcmp(buf, to, LEN) == 0, "a copy differs");
	ret = rte_dma_fill(dev, 0, UINT64_C(0x7777777777777777), (uintptr_t)buf, LEN, flags);
	EXPECT(RTE_DMA_STATUS_SUCCESSFUL, result(dev, ret));
	CHECK(buf[0] == 0x77 && memcmp(buf, buf + 1, LEN - 1) == 0, "not filled");
	ret = rte_dma_copy_sg(dev, 0, &from_sge, &to_sge, 1, 1, flags);
	EXPECT(RTE_DMA_STATUS_SUCCESSFUL, result(dev, ret));
	CHECK(memcmp(buf, to, LEN) == 0, "a gathered copy differs");
	rte_free(buf);
}

int
main(int argc, char **argv)
{
	int dev;

	alarm(DEADLINE_S);
	CHECK(rte_eal_init(argc, argv) >= 0, "EAL does not start");
	dev = rte_dma_get_dev_id_by_name("dma_sw0");
	CHECK(dev >= 0, "there is no dma_sw0");
	EXPECT(0, rte_dma_access_token_generate(token));
	check_promises(dev);
	check_group_calls(dev);
	check_pair_calls(dev);
	start(dev);
	check_group_calls(dev);
	check_operations(dev);
	EXPECT(0, rte_dma_dump(dev, stdout));
	EXPECT(0, rte_dma_stop(dev));
	EXPECT(0, rte_dma_close(dev));
	EXPECT(0, rte_eal_cleanup());
	printf("no groups: ok\n");

	return EXIT_SUCCESS;
}

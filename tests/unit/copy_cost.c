/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What copy_cost.sh and idxd/plain_cost.sh measure: the data-path functions of rte_dmadev.h, each in
 * a function of its own to be disassembled, and a run of copies on the device that is named to be
 * counted. Nothing is collected during that run, so the device gives nothing back to the ring that
 * rte_dma_copy() takes from, and each copy goes the same way every time.
 *
 * Compiles with the header of the pristine base, too, and says with which it was compiled.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define NB_DESC 1024
/* dma_skeleton can hold one less than it has. */
#define NB_COPIES 992
#define BURST 32
#define LEN 64
#define END_S 30

#ifdef RTE_DMA_CAPA_INTER_PROCESS_DOMAIN
#define HEADER "changed"
#else
#define HEADER "base"
#endif

int cost_copies(int16_t dev, rte_iova_t src, rte_iova_t dst, int nb);
int cost_copy(int16_t dev, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len,
	uint64_t flags);
int cost_copy_sg(int16_t dev, uint16_t vchan, struct rte_dma_sge *src, struct rte_dma_sge *dst,
	uint16_t nb_src, uint16_t nb_dst, uint64_t flags);
int cost_fill(int16_t dev, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len,
	uint64_t flags);
int cost_submit(int16_t dev, uint16_t vchan);
uint16_t cost_completed(int16_t dev, uint16_t vchan, uint16_t nb, uint16_t *last, bool *error);
uint16_t cost_completed_status(int16_t dev, uint16_t vchan, uint16_t nb, uint16_t *last,
	enum rte_dma_status_code *status);
uint16_t cost_burst_capacity(int16_t dev, uint16_t vchan);

__rte_noinline int
cost_copy(int16_t dev, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len, uint64_t flags)
{
	return rte_dma_copy(dev, vchan, src, dst, len, flags);
}

/* The one that is run and counted. Flags that the compiler knew would hide what is done to them. */
__rte_noinline int
cost_copies(int16_t dev, rte_iova_t src, rte_iova_t dst, int nb)
{
	int i, taken = 0;

	for (i = 1; i <= nb; i++)
		taken += cost_copy(dev, 0, src, dst, LEN,
			i % BURST == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0) >= 0;

	return taken;
}

__rte_noinline int
cost_copy_sg(int16_t dev, uint16_t vchan, struct rte_dma_sge *src, struct rte_dma_sge *dst,
	uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	return rte_dma_copy_sg(dev, vchan, src, dst, nb_src, nb_dst, flags);
}

__rte_noinline int
cost_fill(int16_t dev, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len,
	uint64_t flags)
{
	return rte_dma_fill(dev, vchan, pattern, dst, len, flags);
}

__rte_noinline int
cost_submit(int16_t dev, uint16_t vchan)
{
	return rte_dma_submit(dev, vchan);
}

__rte_noinline uint16_t
cost_completed(int16_t dev, uint16_t vchan, uint16_t nb, uint16_t *last, bool *error)
{
	return rte_dma_completed(dev, vchan, nb, last, error);
}

__rte_noinline uint16_t
cost_completed_status(int16_t dev, uint16_t vchan, uint16_t nb, uint16_t *last,
	enum rte_dma_status_code *status)
{
	return rte_dma_completed_status(dev, vchan, nb, last, status);
}

__rte_noinline uint16_t
cost_burst_capacity(int16_t dev, uint16_t vchan)
{
	return rte_dma_burst_capacity(dev, vchan);
}

static int16_t
start_dev(const char *name)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = NB_DESC,
	};
	const int dev = rte_dma_get_dev_id_by_name(name);

	if (dev < 0 || rte_dma_configure(dev, &conf) != 0 ||
	    rte_dma_vchan_setup(dev, 0, &vchan) != 0 || rte_dma_start(dev) != 0)
		rte_exit(EXIT_FAILURE, "%s cannot be started\n", name);

	return dev;
}

/* What was counted were copies that work. */
static void
collect(int16_t dev, int nb)
{
	const uint64_t end = rte_get_timer_cycles() + END_S * rte_get_timer_hz();
	bool error = false;
	uint16_t last;
	int done = 0;

	while (done < nb && rte_get_timer_cycles() < end) {
		done += rte_dma_completed(dev, 0, BURST, &last, &error);
		rte_pause();
	}
	if (done != nb || error)
		rte_exit(EXIT_FAILURE, "%d of %d copies were done\n", done, nb);
}

int
main(int argc, char **argv)
{
	char *src, *dst;
	int16_t dev;
	int taken, words = rte_eal_init(argc, argv);

	if (words < 0)
		rte_exit(EXIT_FAILURE, "EAL does not start\n");
	if (argc - words != 2)
		rte_exit(EXIT_FAILURE, "usage: EAL options -- DEVICE\n");
	dev = start_dev(argv[words + 1]);
	src = rte_malloc(NULL, LEN, 0);
	dst = rte_zmalloc(NULL, LEN, 0);
	if (src == NULL || dst == NULL)
		rte_exit(EXIT_FAILURE, "no memory\n");
	memset(src, 0x5a, LEN);
	taken = cost_copies(dev, rte_malloc_virt2iova(src), rte_malloc_virt2iova(dst), NB_COPIES);
	if (taken != NB_COPIES)
		rte_exit(EXIT_FAILURE, "%d of %d copies were taken\n", taken, NB_COPIES);
	collect(dev, NB_COPIES);
	if (memcmp(src, dst, LEN) != 0)
		rte_exit(EXIT_FAILURE, "the data was not copied\n");
	printf("copies %d header %s\n", NB_COPIES, HEADER);
	rte_dma_stop(dev);
	rte_dma_close(dev);
	rte_eal_cleanup();

	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Usage: idxd-batches EAL-ARGUMENTS -- CASE
 *        idxd-batches EAL-ARGUMENTS -- random|reordered [SEED]
 *
 * The environment names the model that plays the device: DSA_MODEL is the program, DSA_MODEL_DIR
 * its directory.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "batches.h"

void
fail(const char *fmt, ...)
{
	va_list ap;

	printf("FAILED: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	exit(EXIT_FAILURE);
}

static uint64_t
seed_of(const char *text)
{
	uint64_t seed;
	char *end;

	if (text == NULL)
		return rte_rdtsc() & UINT32_MAX;
	errno = 0;
	seed = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0')
		fail("the seed '%s' is not a number", text);
	return seed;
}

int
main(int argc, char **argv)
{
	int used;

	setvbuf(stdout, NULL, _IOLBF, 0);
	used = rte_eal_init(argc, argv);
	if (used < 0)
		fail("rte_eal_init: error %d", rte_errno);
	argc -= used;
	argv += used;
	if (argc < 2)
		fail("no case was named");
	operations_init();
	if (strcmp(argv[1], "random") == 0)
		random_run(seed_of(argc > 2 ? argv[2] : NULL), false);
	else if (strcmp(argv[1], "reordered") == 0)
		random_run(seed_of(argc > 2 ? argv[2] : NULL), true);
	else if (!case_run(argv[1]))
		fail("there is no case '%s'", argv[1]);
	rte_dma_stop(dev_id);
	rte_dma_close(dev_id);
	rte_eal_cleanup();
	printf("%s: ok\n", argv[1]);
	return EXIT_SUCCESS;
}

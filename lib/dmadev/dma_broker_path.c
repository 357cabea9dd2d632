/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Where access groups, and software controllers, meet: one directory for all processes of a user,
 * whatever their file prefix, or the one that RTE_DMA_ACCESS_DIR names.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include "rte_dma_broker.h"

int
rte_dma_broker_dir_get(char *path, size_t size)
{
	const char *env = secure_getenv(RTE_DMA_BROKER_DIR_ENV);
	const char *run = rte_eal_get_runtime_dir();
	const char *slash = strrchr(run, '/');
	int len;

	if (env != NULL && env[0] != '\0')
		len = snprintf(path, size, "%s", env);
	else if (slash != NULL)
		len = snprintf(path, size, "%.*s/dma_access", (int)(slash - run), run);
	else
		return -ENOENT;
	if (len < 0 || (size_t)len >= size)
		return -ENAMETOOLONG;
	/* A slash at the end would follow a link. */
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';

	return env != NULL && env[0] != '\0';
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Which devices take part in access groups, and their group calls. All devices of this process on
 * one DSA instance share a port, as they share the address space that its windows belong to.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "idxd_access.h"
#include "idxd_internal.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

pthread_mutex_t idxd_access_lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by the lock. */
static TAILQ_HEAD(, idxd_port) ports = TAILQ_HEAD_INITIALIZER(ports);

/* Read a small file of the kernel as text. */
static int
file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

/* Names the DSA instance to all processes on this machine, and to none on another. */
static int
controller_name(uint16_t dsa_id, rte_uuid_t name)
{
	char text[RTE_UUID_STRLEN];
	int ret;

	ret = file_read(BOOT_ID, text, sizeof(text));
	if (ret == 0 && rte_uuid_parse(text, name) != 0)
		ret = -EINVAL;
	if (ret < 0) {
		IDXD_PMD_ERR("Cannot read %s, which names this machine: %s", BOOT_ID,
			strerror(-ret));
		return ret;
	}
	name[14] ^= dsa_id >> 8;
	name[15] ^= dsa_id & 0xff;
	return 0;
}

/* Whether the device knows inter-domain copies. Kernels that do not say so know nothing of IDPT. */
static bool
has_opcode(const char *sysfs_dir)
{
	char path[PATH_MAX], text[256];
	int ret;

	snprintf(path, sizeof(path), "%s/op_cap", sysfs_dir);
	ret = file_read(path, text, sizeof(text));
	if (ret == 0)
		ret = idxd_op_cap_has(text, idxd_op_restricted_copy);
	if (ret == 0)
		IDXD_PMD_INFO("%s lacks opcode 0x%x: no inter-domain operations", path,
			idxd_op_restricted_copy);
	else if (ret < 0)
		rte_log(ret == -ENOENT ? RTE_LOG_INFO : RTE_LOG_ERR, idxd_pmd_logtype,
			"IDXD: %s: %s: no inter-domain operations\n", path, strerror(-ret));
	return ret == 1;
}

static struct idxd_port *
port_make(const struct idxd_wq_file *wq)
{
	struct idxd_port *port;
	int type;

	type = idxd_window_type_probe(wq);
	if (type < 0)
		return NULL;
	port = calloc(1, sizeof(*port));
	if (port == NULL)
		return NULL;
	port->dsa_id = wq->dsa_id;
	port->type = type;
	port->broker.ops = &idxd_broker_ops;
	port->broker.ctx = port;
	port->broker.max_windows = 1;
	TAILQ_INIT(&port->users);
	TAILQ_INIT(&port->exports);
	TAILQ_INIT(&port->imports);
	if (controller_name(wq->dsa_id, port->broker.controller) < 0) {
		free(port);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&ports, port, next);
	return port;
}

static struct idxd_port *
port_get(const struct idxd_wq_file *wq)
{
	struct idxd_port *port;

	TAILQ_FOREACH(port, &ports, next)
		if (port->dsa_id == wq->dsa_id)
			return port;
	return port_make(wq);
}

struct idxd_access *
idxd_access_open(uint16_t dsa_id, int fd, const char *sysfs_dir)
{
	struct idxd_access *access;

	if (!has_opcode(sysfs_dir) || !rte_dma_broker_is_available())
		return NULL;
	access = calloc(1, sizeof(*access));
	if (access == NULL)
		return NULL;
	access->wq.fd = fd;
	access->wq.dsa_id = dsa_id;
	pthread_mutex_lock(&idxd_access_lock);
	access->port = port_get(&access->wq);
	if (access->port != NULL)
		TAILQ_INSERT_TAIL(&access->port->users, access, next);
	pthread_mutex_unlock(&idxd_access_lock);
	if (access->port == NULL) {
		free(access);
		return NULL;
	}
	return access;
}

void
idxd_access_close(struct idxd_access *access)
{
	if (access == NULL)
		return;
	pthread_mutex_lock(&idxd_access_lock);
	TAILQ_REMOVE(&access->port->users, access, next);
	pthread_mutex_unlock(&idxd_access_lock);
	close(access->wq.fd);
	free(access);
}

const uint16_t *
idxd_access_handles(const struct idxd_access *access)
{
	return access != NULL ? access->port->handles : NULL;
}

void
idxd_access_info(const struct idxd_access *access, struct rte_dma_info *info)
{
	if (access == NULL)
		return;
	info->dev_capa |= RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_OPS_HANDLER;
	info->max_access_windows = access->port->broker.max_windows;
}

void
idxd_access_dump(const struct idxd_access *access, FILE *f)
{
	const struct idxd_export *e;
	const struct idxd_import *i;

	if (access == NULL) {
		fprintf(f, "  Access groups: not with this device and kernel\n");
		return;
	}
	pthread_mutex_lock(&idxd_access_lock);
	fprintf(f, "  Access groups: windows of %s submitter%s\n",
		access->port->type == IDXD_WIN_MULTI_SUBMITTER ? "many" : "one",
		access->port->type == IDXD_WIN_MULTI_SUBMITTER ? "s" : "");
	TAILQ_FOREACH(e, &access->port->exports, next)
		fprintf(f, "    window %u: base 0x%" PRIx64 ", size 0x%" PRIx64 ", %s%s%s\n",
			e->win.handle, e->win.base, e->win.size,
			e->win.flags & IDXD_WIN_FLAG_READ ? "r" : "-",
			e->win.flags & IDXD_WIN_FLAG_WRITE ? "w" : "-",
			e->fd < 0 ? ", lost" : "");
	TAILQ_FOREACH(i, &access->port->imports, next)
		fprintf(f, "    handler %u: window %u of another process\n", i->handler, i->handle);
	pthread_mutex_unlock(&idxd_access_lock);
}

static struct idxd_port *
port_of(const struct rte_dma_dev *dev)
{
	const struct idxd_dmadev *idxd = dev->data->dev_private;

	return idxd->u.bus.access != NULL ? idxd->u.bus.access->port : NULL;
}

int
idxd_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t *group_id, uint16_t max_members)
{
	const struct idxd_port *port = port_of(dev);

	if (port == NULL)
		return -ENOTSUP;
	if (port->type == IDXD_WIN_SINGLE_SUBMITTER)
		max_members = RTE_MIN(max_members, 2);
	return rte_dma_broker_create(dev, &port->broker, domain_id, token, group_id, max_members);
}

int
idxd_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t group_id)
{
	const struct idxd_port *port = port_of(dev);

	return port != NULL ? rte_dma_broker_join(dev, &port->broker, domain_id, token, group_id) :
			-ENOTSUP;
}

int
idxd_window_set(struct rte_dma_dev *dev, int16_t group_id, const struct rte_dma_access_window *win,
	uint16_t nb)
{
	const struct idxd_port *port = port_of(dev);

	return port != NULL ? rte_dma_broker_window_set(dev, &port->broker, group_id, win, nb) :
			-ENOTSUP;
}

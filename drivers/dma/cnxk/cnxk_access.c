/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Access groups of cnxk devices: the devices of a process by DPI block, the group calls, and the
 * calls by which hosts are declared. Processes on the SoC are members by the library's broker;
 * hosts are what those processes declare, so most calls ask the broker and add what is known of
 * hosts.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>

#include "cnxk_dmadev.h"
#include "cnxk_hosts.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

pthread_mutex_t cnxk_access_lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by the lock; stay for the life of the process. */
static TAILQ_HEAD(, cnxk_port) ports = TAILQ_HEAD_INITIALIZER(ports);

/* --- Ports and devices ------------------------------------------------------------------------ */

/* Names the DPI block to all processes on this SoC, and to none on another. */
static int
controller_name(uint32_t pci_domain, uint8_t bus, rte_uuid_t name)
{
	char text[RTE_UUID_STRLEN];
	ssize_t n;
	int fd;

	fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n != (ssize_t)sizeof(text) - 1)
		return -EINVAL;
	text[n] = '\0';
	if (rte_uuid_parse(text, name) != 0)
		return -EINVAL;
	name[13] ^= pci_domain >> 8;
	name[14] ^= pci_domain & 0xff;
	name[15] ^= bus;
	return 0;
}

static struct cnxk_port *
port_make(uint32_t pci_domain, uint8_t bus)
{
	struct cnxk_port *port = calloc(1, sizeof(*port));
	int ret;

	if (port == NULL)
		return NULL;
	port->pci_domain = pci_domain;
	port->bus = bus;
	port->broker.ops = &cnxk_broker_ops;
	port->broker.ctx = port;
	TAILQ_INIT(&port->devs);
	TAILQ_INIT(&port->groups);
	ret = controller_name(pci_domain, bus, port->broker.controller);
	if (ret < 0) {
		plt_err("Cannot read %s, which names this SoC: %s", BOOT_ID, strerror(-ret));
		free(port);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&ports, port, next);
	return port;
}

void
cnxk_access_open(struct cnxk_access *access, struct rte_dma_dev *dev, cnxk_access_drain_t drain,
	uint32_t pci_domain, uint8_t bus)
{
	struct cnxk_port *port;

	/* what is kept here is the primary process' */
	if (rte_eal_process_type() != RTE_PROC_PRIMARY || !rte_dma_broker_is_available())
		return;
	access->dev = dev;
	access->drain = drain;
	pthread_mutex_lock(&cnxk_access_lock);
	TAILQ_FOREACH(port, &ports, next)
		if (port->pci_domain == pci_domain && port->bus == bus)
			break;
	if (port == NULL)
		port = port_make(pci_domain, bus);
	if (port != NULL)
		TAILQ_INSERT_TAIL(&port->devs, access, next);
	access->port = port;
	access->controller_id = ((pci_domain << 8) | bus) & INT16_MAX;
	pthread_mutex_unlock(&cnxk_access_lock);
}

void
cnxk_access_close(struct cnxk_access *access)
{
	struct cnxk_group *group;

	if (access->port == NULL || rte_eal_process_type() != RTE_PROC_PRIMARY)
		return;
	rte_dma_broker_dev_close(access->dev);
	pthread_mutex_lock(&cnxk_access_lock);
	TAILQ_FOREACH(group, &access->port->groups, next)
		if (cnxk_group_detach(group, access) == -EBUSY)
			plt_err("%s: operations to hosts of group %d are still under way",
				access->dev->data->dev_name, group->id);
	TAILQ_REMOVE(&access->port->devs, access, next);
	pthread_mutex_unlock(&cnxk_access_lock);
	access->port = NULL;
}

void
cnxk_access_info(const struct cnxk_access *access, struct rte_dma_info *info)
{
	if (access->port == NULL)
		return;
	info->dev_capa |= RTE_DMA_CAPA_INTER_OS_DOMAIN | RTE_DMA_CAPA_OPS_HANDLER;
	info->controller_id = access->controller_id;
}

void
cnxk_access_dump(const struct cnxk_access *access, FILE *f)
{
	char name[RTE_UUID_STRLEN];
	const struct cnxk_group *group;
	const struct cnxk_domain *d;

	/* the port is the primary process' memory */
	if (access->port == NULL || rte_eal_process_type() != RTE_PROC_PRIMARY)
		return;
	pthread_mutex_lock(&cnxk_access_lock);
	TAILQ_FOREACH(group, &access->port->groups, next) {
		if (!cnxk_group_has(group, access))
			continue;
		TAILQ_FOREACH(d, &group->domains, next) {
			if (d->entry == 0)
				continue;
			rte_uuid_unparse(d->id, name, sizeof(name));
			fprintf(f, "  host %s: group %d, handler %u, port %u, pf %u, vf %u%s\n",
				name, group->id, d->handler, CNXK_DMA_HOST_PORT(d->entry),
				CNXK_DMA_HOST_FUNC(d->entry) >> 12,
				CNXK_DMA_HOST_FUNC(d->entry) & 0xfff, d->going ? ", going" : "");
		}
	}
	pthread_mutex_unlock(&cnxk_access_lock);
}

/* --- Group calls ------------------------------------------------------------------------------ */

static struct cnxk_access *
access_of(const struct rte_dma_dev *dev)
{
	struct cnxk_dpi_vf_s *dpivf = dev->data->dev_private;

	return &dpivf->access;
}

/* The device is in the group now: it may use the group's hosts. */
static int
attach(struct cnxk_access *access, int16_t group_id)
{
	struct cnxk_group *group;
	int ret = -ENOTCONN;

	pthread_mutex_lock(&cnxk_access_lock);
	group = cnxk_group_newest(access->port, group_id);
	if (group != NULL)
		ret = cnxk_group_attach(group, access);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

/* The device uses no host of the group any more. */
static int
detach_now(struct cnxk_access *access, int16_t group_id)
{
	struct cnxk_group *group;
	int ret = -ENOENT;

	pthread_mutex_lock(&cnxk_access_lock);
	group = cnxk_group_of(access, group_id);
	if (group != NULL)
		ret = cnxk_group_detach(group, access);
	/* operations are under way; there is room, as it was in before */
	if (ret == -EBUSY)
		cnxk_group_attach(group, access);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

/*
 * The device uses no host of the group any more, so that it can go by out(). That is not asked if it
 * is known to fail, or operations that reach hosts are under way: -EBUSY, and the device stays.
 */
static int
detach(struct rte_dma_dev *dev, int16_t group_id, int (*out)(struct rte_dma_dev *, int16_t))
{
	struct cnxk_access *access = access_of(dev);
	int ret, detached;

	if (access->port == NULL)
		return -ENOTSUP;
	ret = rte_dma_broker_out_check(dev, group_id, out == rte_dma_broker_destroy);
	if (ret < 0)
		return ret;
	detached = detach_now(access, group_id);
	if (detached == -EBUSY)
		return -EBUSY;
	ret = out(dev, group_id);
	/* somebody joined meanwhile; or it has ended */
	if (ret < 0 && detached == 0)
		attach(access, group_id);
	return ret;
}

int
cnxk_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t *group_id, uint16_t max_members)
{
	struct cnxk_access *access = access_of(dev);
	int ret;

	if (access->port == NULL)
		return -ENOTSUP;
	ret = rte_dma_broker_create(dev, &access->port->broker, domain_id, token, group_id,
		RTE_MIN(max_members, CNXK_DMA_GROUP_PROCESSES));
	if (ret < 0)
		return ret;
	/* it cannot have ended already, but there may be too many devices */
	ret = attach(access, *group_id);
	if (ret < 0)
		rte_dma_broker_destroy(dev, *group_id);
	return ret;
}

int
cnxk_group_destroy(struct rte_dma_dev *dev, int16_t group_id)
{
	return detach(dev, group_id, rte_dma_broker_destroy);
}

int
cnxk_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t group_id)
{
	struct cnxk_access *access = access_of(dev);
	int ret;

	if (access->port == NULL)
		return -ENOTSUP;
	ret = rte_dma_broker_join(dev, &access->port->broker, domain_id, token, group_id);
	/* one that has ended meanwhile is told by its event */
	if (ret == 0 && attach(access, group_id) == -ENOSPC) {
		rte_dma_broker_leave(dev, group_id);
		ret = -ENOSPC;
	}
	/* and another one may have got its id */
	if (ret == 0 && rte_dma_broker_size_get(dev, group_id) == -ENOTCONN)
		detach_now(access, group_id);
	return ret;
}

int
cnxk_group_leave(struct rte_dma_dev *dev, int16_t group_id)
{
	return detach(dev, group_id, rte_dma_broker_leave);
}

/* The group of a device, with those hosts, too, whose place or name was in use until now. */
static struct cnxk_group *
group_for_query(const struct cnxk_access *access, int16_t group_id)
{
	struct cnxk_group *group = cnxk_group_of(access, group_id);

	if (group != NULL)
		cnxk_hosts_take(access->port, group);
	return group;
}

/* Hosts of a group that an application sees. */
static uint16_t
hosts_list(const struct cnxk_group *group, struct rte_dma_access_entry *table, uint16_t size)
{
	const struct cnxk_domain *d;
	uint16_t nb = 0;

	if (group == NULL)
		return 0;
	TAILQ_FOREACH(d, &group->domains, next) {
		if (d->entry == 0 || d->going)
			continue;
		if (nb < size) {
			rte_uuid_copy(table[nb].domain_id, d->id);
			table[nb].handler = d->handler;
			table[nb].prot = RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE;
			table[nb].flags = 0;
		}
		nb++;
	}
	return nb;
}

int
cnxk_group_size_get(const struct rte_dma_dev *dev, int16_t group_id)
{
	const struct cnxk_access *access = access_of(dev);
	int ret;

	ret = rte_dma_broker_size_get(dev, group_id);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&cnxk_access_lock);
	ret += hosts_list(group_for_query(access, group_id), NULL, 0);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

static int
table_get(const struct rte_dma_dev *dev, const struct cnxk_group *group, int16_t group_id,
	struct rte_dma_access_entry *table, uint16_t size)
{
	uint16_t hosts = hosts_list(group, NULL, 0);
	int i, nb;

	if (hosts > size)
		return -ENOSPC;
	nb = rte_dma_broker_get(dev, group_id, table, size - hosts);
	if (nb < 0)
		return nb;
	/* the engine reaches no other process of the SoC */
	for (i = 0; i < nb; i++)
		if ((table[i].flags & RTE_DMA_ACCESS_ENTRY_SELF) == 0)
			table[i].prot = 0;
	return nb + hosts_list(group, &table[nb], hosts);
}

int
cnxk_group_get(const struct rte_dma_dev *dev, int16_t group_id, struct rte_dma_access_entry *table,
	uint16_t size)
{
	const struct cnxk_access *access = access_of(dev);
	int ret;

	if (access->port == NULL)
		return -ENOTSUP;
	pthread_mutex_lock(&cnxk_access_lock);
	ret = table_get(dev, group_for_query(access, group_id), group_id, table, size);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

int
cnxk_group_handler_get(const struct rte_dma_dev *dev, int16_t group_id, const rte_uuid_t domain_id,
	uint16_t *handler)
{
	const struct cnxk_access *access = access_of(dev);
	const struct cnxk_domain *host = NULL;
	struct cnxk_group *group;
	int ret;

	ret = rte_dma_broker_handler_get(dev, group_id, domain_id, handler);
	if (ret != -ENOENT || access->port == NULL)
		return ret;
	/* -ENOENT can be that of the group, too */
	if (rte_dma_broker_size_get(dev, group_id) < 0)
		return ret;
	pthread_mutex_lock(&cnxk_access_lock);
	group = group_for_query(access, group_id);
	if (group != NULL)
		host = cnxk_host_find(group, domain_id);
	if (host != NULL && !host->going) {
		*handler = host->handler;
		ret = 0;
	}
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

/* --- Hosts ------------------------------------------------------------------------------------ */

/* The device of an identifier, if it is one of this driver. */
static struct rte_dma_dev *
device_get(int16_t dev_id)
{
	struct rte_dma_dev *dev;

	if (!rte_dma_is_valid(dev_id))
		return NULL;
	dev = rte_dma_pmd_get_dev_by_id(dev_id);
	return dev != NULL && dev->dev_ops->access_group_join == cnxk_group_join ? dev : NULL;
}

static bool
host_valid(const struct rte_pmd_cnxk_dma_host *host)
{
	if (host->port < RTE_PMD_CNXK_DMA_PORTS && host->pf < RTE_PMD_CNXK_DMA_PFS &&
			host->vf < RTE_PMD_CNXK_DMA_VFS && !rte_uuid_is_null(host->domain_id))
		return true;
	plt_err("port %u, pf %u, vf %u: a host has a domain and port, pf, vf less than %u, %u, %u",
		host->port, host->pf, host->vf, RTE_PMD_CNXK_DMA_PORTS, RTE_PMD_CNXK_DMA_PFS,
		RTE_PMD_CNXK_DMA_VFS);
	return false;
}

static int
host_add_locked(const struct cnxk_access *access, int16_t group_id,
	const struct rte_pmd_cnxk_dma_host *host)
{
	struct cnxk_group *group = cnxk_group_of(access, group_id);

	if (group == NULL || group->over)
		return -ENOTCONN;
	if (cnxk_hosts_of(group, group->self) >= RTE_PMD_CNXK_DMA_MAX_HOSTS)
		return -ENOSPC;
	return cnxk_host_add(access->port, group, group->self, host->domain_id,
		CNXK_DMA_HOST(host->port, (uint16_t)host->pf << 12 | host->vf));
}

static int
host_remove_locked(const struct cnxk_access *access, int16_t group_id, const rte_uuid_t domain_id)
{
	struct cnxk_group *group = cnxk_group_of(access, group_id);
	struct cnxk_domain *host;

	host = group != NULL ? cnxk_host_find(group, domain_id) : NULL;
	if (host == NULL || rte_uuid_compare(host->owner, group->self) != 0)
		return -ENOENT;
	return cnxk_host_remove(access->port, group, host);
}

int
rte_pmd_cnxk_dma_host_add(int16_t dev_id, int16_t group_id, const rte_uuid_t token,
	const struct rte_pmd_cnxk_dma_host *host)
{
	struct rte_dma_dev *dev = device_get(dev_id);
	uint16_t handler;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP;
	if (dev == NULL || host == NULL || token == NULL || !host_valid(host))
		return -EINVAL;
	if (access_of(dev)->port == NULL)
		return -ENOTSUP;
	if (rte_dma_broker_in_callback())
		return -EDEADLK;
	ret = rte_dma_broker_token_check(dev, group_id, token);
	if (ret < 0)
		return ret;
	if (rte_dma_broker_handler_get(dev, group_id, host->domain_id, &handler) == 0)
		return -EEXIST;
	pthread_mutex_lock(&cnxk_access_lock);
	ret = host_add_locked(access_of(dev), group_id, host);
	pthread_mutex_unlock(&cnxk_access_lock);
	if (ret == 0)
		ret = rte_dma_broker_renew(dev, group_id);
	return ret;
}

int
rte_pmd_cnxk_dma_host_remove(int16_t dev_id, int16_t group_id, const rte_uuid_t domain_id)
{
	struct rte_dma_dev *dev = device_get(dev_id);
	int ret, told;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP;
	if (dev == NULL || domain_id == NULL || rte_uuid_is_null(domain_id))
		return -EINVAL;
	if (access_of(dev)->port == NULL)
		return -ENOTSUP;
	if (rte_dma_broker_in_callback())
		return -EDEADLK;
	ret = rte_dma_broker_size_get(dev, group_id);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&cnxk_access_lock);
	ret = host_remove_locked(access_of(dev), group_id, domain_id);
	pthread_mutex_unlock(&cnxk_access_lock);
	if (ret == -ENOENT)
		return ret;
	/* also if operations of ours are still under way: the others need not wait for them */
	told = rte_dma_broker_renew(dev, group_id);
	return ret < 0 ? ret : told;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The dma_sw device: probe and remove, configuration, start and stop. */

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bus_vdev_driver.h>
#include <rte_cycles.h>
#include <rte_kvargs.h>
#include <rte_malloc.h>
#include <rte_string_fns.h>

#include "sw_dmadev.h"

#define SW_ARG_CONTROLLER "controller"
#define SW_ARG_SPAWN      "spawn"
#define SW_ARG_UID        "controller_uid"

#define SW_NO_UID UINT32_MAX

struct sw_args {
	char path[PATH_MAX];
	bool spawn;
	uint32_t trusted_uid;
};

static int
sw_info_get(const struct rte_dma_dev *dev, struct rte_dma_info *info,
	uint32_t info_sz __rte_unused)
{
	struct sw_dev *sw = dev->data->dev_private;
	struct sw_conn *conn = sw_port_conn(sw->port);

	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_HANDLES_ERRORS |
		RTE_DMA_CAPA_OPS_COPY | RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL;
	info->max_vchans = SW_MAX_VCHANS;
	info->max_desc = SW_MAX_DESC;
	info->min_desc = SW_MIN_DESC;
	info->max_sges = SW_MAX_SGES;
	/* Handlers come from groups alone. */
	if (sw->has_groups) {
		info->dev_capa |= RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_OPS_HANDLER;
		info->max_access_windows = SW_MAX_WINDOWS;
	}
	/* Random, and the same for all that use the controller. */
	if (conn != NULL)
		info->controller_id = (conn->instance[0] << 8 | conn->instance[1]) & INT16_MAX;
	sw_conn_put(sw->port, conn);

	return 0;
}

static int
vqs_alloc(struct sw_dev *sw, uint16_t nb, int numa_node)
{
	struct sw_vq *vq;
	uint16_t i;

	vq = rte_zmalloc_socket("dma_sw_vq", nb * sizeof(*vq), RTE_CACHE_LINE_SIZE, numa_node);
	if (vq == NULL)
		return -ENOMEM;
	for (i = 0; i < nb; i++)
		sw_vq_detach(&vq[i]);
	rte_free(sw->vq);
	sw->vq = vq;

	return 0;
}

static int
sw_configure(struct rte_dma_dev *dev, const struct rte_dma_conf *conf,
	uint32_t conf_sz __rte_unused)
{
	struct sw_dev *sw = dev->data->dev_private;
	int ret;

	ret = vqs_alloc(sw, conf->nb_vchans, dev->data->numa_node);
	if (ret == 0)
		sw->nb_vchans = conf->nb_vchans;

	return ret;
}

static int
sw_vchan_setup(struct rte_dma_dev *dev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
	uint32_t conf_sz __rte_unused)
{
	struct sw_dev *sw = dev->data->dev_private;

	sw->vq[vchan].conf = *conf;
	sw->vq[vchan].conf.nb_desc = rte_align32pow2(conf->nb_desc);
	sw->vq[vchan].configured = true;

	return 0;
}

/* Map what the controller made for us. */
static int
vq_map(struct sw_vq *vq, const struct sw_rep_ring_create *rep, const int *fds)
{
	void *map;

	if (fds[0] < 0 || fds[1] < 0)
		return -EMFILE;
	if (rep->size != sw_ring_size(vq->conf.nb_desc))
		return -EPROTO;
	map = mmap(NULL, rep->size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (map == MAP_FAILED)
		return -errno;
	sw_vq_attach(vq, map, vq->conf.nb_desc);
	vq->size = rep->size;
	vq->ring = rep->ring;
	vq->eventfd = fds[1];

	return 0;
}

/* Over a lost connection there is nobody to tell. */
static void
ring_destroy(struct sw_port *port, struct sw_conn *conn, uint32_t ring)
{
	struct sw_req_ring_destroy req = {
		.hdr = { .type = SW_MSG_RING_DESTROY },
		.ring = ring,
	};
	struct sw_msg_hdr rep;

	pthread_mutex_lock(&port->lock);
	sw_conn_call(conn, &req.hdr, sizeof(req), -1, &rep, sizeof(rep), NULL);
	pthread_mutex_unlock(&port->lock);
}

static int
vq_start(struct sw_dev *sw, struct sw_vq *vq)
{
	const struct rte_dma_inter_domain_param *domain = &vq->conf.domain;
	struct sw_req_ring_create req = {
		.hdr = { .type = SW_MSG_RING_CREATE },
		.nb_desc = vq->conf.nb_desc,
		.inter = domain->type != RTE_DMA_INTER_DOMAIN_NONE,
		.src_handler = SW_HANDLER_SELF,
		.dst_handler = SW_HANDLER_SELF,
	};
	struct sw_rep_ring_create rep;
	int fds[2] = { -1, -1 };
	struct sw_conn *conn;
	int ret;

	if (req.inter) {
		req.src_handler = domain->src_handler;
		req.dst_handler = domain->dst_handler;
	}
	conn = sw_port_conn(sw->port);
	pthread_mutex_lock(&sw->port->lock);
	ret = sw_conn_call(conn, &req.hdr, sizeof(req), -1, &rep.hdr, sizeof(rep), fds);
	pthread_mutex_unlock(&sw->port->lock);
	if (ret == 0) {
		ret = vq_map(vq, &rep, fds);
		if (ret != 0)
			ring_destroy(sw->port, conn, rep.ring);
	}
	if (fds[0] >= 0)
		close(fds[0]);
	if (ret != 0) {
		if (fds[1] >= 0)
			close(fds[1]);
		sw_conn_put(sw->port, conn);
		return ret;
	}
	vq->conn = conn;

	return 0;
}

static void
vq_stop(struct sw_dev *sw, struct sw_vq *vq)
{
	if (vq->conn == NULL)
		return;
	ring_destroy(sw->port, vq->conn, vq->ring);
	sw_vq_detach(vq);
	munmap(vq->map, vq->size);
	close(vq->eventfd);
	sw_conn_put(sw->port, vq->conn);
	vq->conn = NULL;
}

static int
sw_start(struct rte_dma_dev *dev)
{
	struct sw_dev *sw = dev->data->dev_private;
	uint16_t i;
	int ret;

	ret = sw_port_connect(sw->port);
	for (i = 0; i < sw->nb_vchans && ret == 0; i++) {
		if (!sw->vq[i].configured) {
			SW_LOG(ERR, "%s: vchan %u is not set up", dev->data->dev_name, i);
			ret = -EINVAL;
		} else {
			ret = vq_start(sw, &sw->vq[i]);
			if (ret != 0)
				SW_LOG(ERR, "%s: the controller gives no ring for vchan %u: %s",
					dev->data->dev_name, i, strerror(-ret));
		}
	}
	if (ret != 0)
		for (i = 0; i < sw->nb_vchans; i++)
			vq_stop(sw, &sw->vq[i]);

	return ret;
}

/*
 * What was submitted is carried out; what was not, and results not collected, are dropped. While
 * the controller stands still, or is not through, the device goes on: its operations still move
 * data.
 */
static int
sw_stop(struct rte_dma_dev *dev)
{
	struct sw_dev *sw = dev->data->dev_private;
	uint16_t i;

	for (i = 0; i < sw->nb_vchans; i++) {
		if (sw_vq_drain(&sw->vq[i]) != 0) {
			SW_LOG(ERR, "%s: vchan %u: the controller did not finish in %u ms; try again, or end the controller",
				dev->data->dev_name, i, SW_TIMEOUT_MS);
			return -ETIMEDOUT;
		}
	}
	for (i = 0; i < sw->nb_vchans; i++)
		vq_stop(sw, &sw->vq[i]);

	return 0;
}

static int
sw_close(struct rte_dma_dev *dev)
{
	struct sw_dev *sw = dev->data->dev_private;
	int ret;

	rte_dma_broker_dev_close(dev);
	/* The groups are left, but their rights may not be withdrawn. */
	ret = sw_port_settled(sw->port, SW_TIMEOUT_MS);
	if (ret != 0)
		return ret;
	rte_free(sw->vq);
	sw->vq = NULL;
	sw_port_put(sw->port);

	return 0;
}

static int
sw_stats_get(const struct rte_dma_dev *dev, uint16_t vchan, struct rte_dma_stats *stats,
	uint32_t stats_sz __rte_unused)
{
	const struct sw_dev *sw = dev->data->dev_private;
	uint16_t i;

	for (i = 0; i < sw->nb_vchans; i++) {
		if (vchan != RTE_DMA_ALL_VCHAN && vchan != i)
			continue;
		stats->submitted += sw->vq[i].stats.submitted;
		stats->completed += sw->vq[i].stats.completed;
		stats->errors += sw->vq[i].stats.errors;
	}

	return 0;
}

static int
sw_stats_reset(struct rte_dma_dev *dev, uint16_t vchan)
{
	struct sw_dev *sw = dev->data->dev_private;
	uint16_t i;

	for (i = 0; i < sw->nb_vchans; i++)
		if (vchan == RTE_DMA_ALL_VCHAN || vchan == i)
			memset(&sw->vq[i].stats, 0, sizeof(sw->vq[i].stats));

	return 0;
}

static int
sw_dump(const struct rte_dma_dev *dev, FILE *f)
{
	const struct sw_dev *sw = dev->data->dev_private;
	struct sw_conn *conn = sw_port_conn(sw->port);
	const struct sw_vq *vq;
	uint16_t i;

	fprintf(f, "  controller: %s, %s\n", sw->port->path, conn == NULL ? "not connected" :
		__atomic_load_n(&conn->lost, __ATOMIC_ACQUIRE) ? "lost" : "connected");
	for (i = 0; i < sw->nb_vchans; i++) {
		vq = &sw->vq[i];
		fprintf(f, "  vchan %u: nb_desc %u, domain type %d, src_handler %u, dst_handler %u\n",
			i, vq->conf.nb_desc, vq->conf.domain.type, vq->conf.domain.src_handler,
			vq->conf.domain.dst_handler);
		fprintf(f, "    tail %u, submitted %u, done %u, head %u, failed %u\n", vq->tail,
			vq->submitted, vq->done, vq->head, vq->errors);
	}
	sw_conn_put(sw->port, conn);

	return 0;
}

static const struct rte_dma_dev_ops sw_ops = {
	.dev_info_get = sw_info_get,
	.dev_configure = sw_configure,
	.dev_start = sw_start,
	.dev_stop = sw_stop,
	.dev_close = sw_close,
	.vchan_setup = sw_vchan_setup,
	.stats_get = sw_stats_get,
	.stats_reset = sw_stats_reset,
	.vchan_status = sw_vchan_status,
	.dev_dump = sw_dump,
	.access_group_create = sw_group_create,
	.access_group_destroy = rte_dma_broker_destroy,
	.access_group_join = sw_group_join,
	.access_group_leave = rte_dma_broker_leave,
	.access_group_size_get = rte_dma_broker_size_get,
	.access_group_get = rte_dma_broker_get,
	.access_group_handler_get = rte_dma_broker_handler_get,
	.access_window_set = sw_window_set,
};

/* Append the components of a path, without those that say nothing. Returns the new length. */
static size_t
path_append(char *to, size_t size, size_t len, const char *path)
{
	size_t n;

	for (; *path != '\0' && len < size; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n != 0 && (n != 1 || path[0] != '.'))
			len += snprintf(to + len, size - len, "/%.*s", (int)n, path);
	}

	return len;
}

/*
 * The directory of a controller, as given to it, or its socket in there. Devices that name it in
 * different ways share one port all the same, as long as no link is among them.
 */
static int
arg_controller(const char *key, const char *value, void *opaque)
{
	struct sw_args *args = opaque;
	const size_t size = sizeof(args->path);
	char here[PATH_MAX] = "";
	const char *name;
	size_t len;

	if (value[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return -errno;
	len = path_append(args->path, size, 0, here);
	len = path_append(args->path, size, len, value);
	name = len < size ? strrchr(args->path, '/') : NULL;
	if (name != NULL && strcmp(name + 1, SW_SOCKET_NAME) != 0)
		len = path_append(args->path, size, len, SW_SOCKET_NAME);
	if (value[0] == '\0' || name == NULL || len >= size) {
		SW_LOG(ERR, "%s=%s: expected the directory of a controller, or its socket", key, value);
		return -EINVAL;
	}

	return 0;
}

static int
arg_spawn(const char *key, const char *value, void *opaque)
{
	struct sw_args *args = opaque;

	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
		SW_LOG(ERR, "%s=%s: expected 0 or 1", key, value);
		return -EINVAL;
	}
	args->spawn = value[0] == '1';

	return 0;
}

static int
arg_uid(const char *key, const char *value, void *opaque)
{
	struct sw_args *args = opaque;
	unsigned long uid;
	char *end;

	errno = 0;
	uid = strtoul(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || *value == '-' || uid >= SW_NO_UID) {
		SW_LOG(ERR, "%s=%s: expected a user id", key, value);
		return -EINVAL;
	}
	args->trusted_uid = uid;

	return 0;
}

/* Where a controller is if nobody says: in the directory of access groups. */
static int
default_path(struct sw_args *args)
{
	char dir[PATH_MAX];
	int ret;

	ret = rte_dma_broker_dir_get(dir, sizeof(dir));
	if (ret < 0) {
		SW_LOG(ERR, "no run-time directory: %s; say %s=PATH", strerror(-ret),
			SW_ARG_CONTROLLER);
		return ret;
	}
	if (snprintf(args->path, sizeof(args->path), "%s/%s", dir, SW_SOCKET_NAME) >=
			(int)sizeof(args->path))
		return -ENAMETOOLONG;

	return 0;
}

static int
parse_args(struct rte_vdev_device *vdev, struct sw_args *args)
{
	static const char *const keys[] = { SW_ARG_CONTROLLER, SW_ARG_SPAWN, SW_ARG_UID, NULL };
	const char *params = rte_vdev_device_args(vdev);
	struct rte_kvargs *kv;
	int ret;

	args->spawn = true;
	args->trusted_uid = SW_NO_UID;
	args->path[0] = '\0';
	kv = rte_kvargs_parse(params == NULL ? "" : params, keys);
	if (kv == NULL) {
		SW_LOG(ERR, "%s: cannot understand \"%s\"; known are %s, %s and %s",
			rte_vdev_device_name(vdev), params, SW_ARG_CONTROLLER, SW_ARG_SPAWN, SW_ARG_UID);
		return -EINVAL;
	}
	ret = rte_kvargs_process(kv, SW_ARG_CONTROLLER, arg_controller, args);
	if (ret == 0)
		ret = rte_kvargs_process(kv, SW_ARG_SPAWN, arg_spawn, args);
	if (ret == 0)
		ret = rte_kvargs_process(kv, SW_ARG_UID, arg_uid, args);
	if (ret == 0 && args->path[0] == '\0')
		ret = default_path(args);
	rte_kvargs_free(kv);

	return ret < 0 ? ret : 0;
}

static int
sw_create(struct rte_vdev_device *vdev, struct sw_port *port)
{
	struct rte_dma_dev *dev;
	struct sw_dev *sw;
	int ret;

	ret = sw_port_connect(port);
	if (ret != 0)
		return ret;
	dev = rte_dma_pmd_allocate(rte_vdev_device_name(vdev), vdev->device.numa_node,
		sizeof(struct sw_dev));
	if (dev == NULL)
		return -ENOMEM;
	dev->device = &vdev->device;
	dev->dev_ops = &sw_ops;
	sw = dev->data->dev_private;
	sw->port = port;
	sw->has_groups = rte_dma_broker_is_available();
	/* Channel 0 of a device that was not configured is full and idle, rather than not there. */
	ret = vqs_alloc(sw, 1, dev->data->numa_node);
	if (ret != 0) {
		rte_dma_pmd_release(rte_vdev_device_name(vdev));
		return ret;
	}
	sw_fp_set(dev->fp_obj, sw);
	dev->state = RTE_DMA_DEV_READY;

	return 0;
}

static int
sw_probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct sw_args args;
	struct sw_port *port;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		SW_LOG(NOTICE, "%s is for primary processes", name);
		return -ENOTSUP;
	}
	if (rte_eal_iova_mode() != RTE_IOVA_VA) {
		SW_LOG(ERR, "%s needs virtual addresses as IOVA: start with --iova-mode=va or give it as --vdev at start",
			name);
		return -ENOTSUP;
	}
	ret = parse_args(vdev, &args);
	if (ret != 0)
		return ret;
	ret = sw_port_get(args.path, args.spawn, args.trusted_uid, &port);
	if (ret != 0)
		return ret;
	ret = sw_create(vdev, port);
	if (ret != 0)
		sw_port_put(port);

	return ret;
}

static int
sw_remove(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct rte_dma_dev *dev;
	int ret;

	dev = name == NULL ? NULL : rte_dma_pmd_get_dev_by_id(rte_dma_get_dev_id_by_name(name));
	if (dev == NULL)
		return -EINVAL;
	/* A device whose operations may still move data stays. */
	ret = dev->data->dev_started ? rte_dma_stop(dev->data->dev_id) : 0;

	return ret != 0 ? ret : rte_dma_pmd_release(name);
}

static struct rte_vdev_driver sw_driver = {
	.probe = sw_probe,
	.remove = sw_remove,
	.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA,
};

RTE_LOG_REGISTER_DEFAULT(sw_logtype, INFO);
RTE_PMD_REGISTER_VDEV(dma_sw, sw_driver);
RTE_PMD_REGISTER_PARAM_STRING(dma_sw,
	SW_ARG_CONTROLLER "=<path> "
	SW_ARG_SPAWN "=<0|1> "
	SW_ARG_UID "=<uid>");

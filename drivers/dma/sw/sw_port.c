/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Ports: the controllers that this process knows. A port connects when its first device appears and
 * again when a device starts after the connection was lost. A thread watches the connection, so
 * that the end of the controller is noticed when nobody asks for anything.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_eal_memconfig.h>
#include <rte_string_fns.h>

#include "sw_dmadev.h"

/* How often a controller that is about to end is replaced by a new one. */
#define SPAWN_TRIES 3

static TAILQ_HEAD(, sw_port) ports = TAILQ_HEAD_INITIALIZER(ports);
/* Guards the list, and the counts of devices in it. */
static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER;

void
sw_ports_foreach(void (*fn)(struct sw_port *port, void *arg), void *arg)
{
	struct sw_port *port;

	pthread_mutex_lock(&ports_lock);
	TAILQ_FOREACH(port, &ports, next)
		fn(port, arg);
	pthread_mutex_unlock(&ports_lock);
}

/* Take a reference to the connection; NULL: there is none. */
struct sw_conn *
sw_port_conn(struct sw_port *port)
{
	struct sw_conn *conn;

	pthread_mutex_lock(&port->lock);
	conn = port->conn;
	if (conn != NULL)
		conn->refs++;
	pthread_mutex_unlock(&port->lock);

	return conn;
}

void
sw_conn_put(struct sw_port *port, struct sw_conn *conn)
{
	bool last;

	if (conn == NULL)
		return;
	pthread_mutex_lock(&port->lock);
	last = --conn->refs == 0;
	pthread_mutex_unlock(&port->lock);
	if (last)
		sw_conn_free(conn);
}

int
sw_port_call(struct sw_port *port, struct sw_msg_hdr *req, size_t req_len, struct sw_msg_hdr *rep,
	size_t rep_len)
{
	int ret;

	pthread_mutex_lock(&port->lock);
	ret = sw_conn_call(port->conn, req, req_len, -1, rep, rep_len, NULL);
	pthread_mutex_unlock(&port->lock);

	return ret;
}

/* Waits for the end of the connection: nothing else ever comes unasked. */
static dma_thread_ret_t
sw_port_watch(void *arg)
{
	struct sw_port *port = arg;
	struct sw_conn *conn = sw_port_conn(port);
	struct pollfd pfd[2] = {
		{ .fd = conn->fd, .events = POLLRDHUP },
		{ .fd = port->watcher_stop, .events = POLLIN },
	};

	while (poll(pfd, 2, -1) < 0 && errno == EINTR)
		;
	/* Even if it is to stop: who waits for operations has to learn of the end. */
	if (pfd[0].revents != 0) {
		SW_LOG(ERR, "the controller at %s is gone; stop and start the device to connect again",
			port->path);
		pthread_mutex_lock(&port->lock);
		conn->closed = true;
		pthread_mutex_unlock(&port->lock);
		/* Pairs with the load-acquire in sw_vq_lost(). */
		__atomic_store_n(&conn->lost, 1, __ATOMIC_RELEASE);
		rte_dma_broker_port_lost(&port->broker);
	}
	sw_conn_put(port, conn);

	return 0;
}

static int
sw_port_watcher_start(struct sw_port *port)
{
	int ret;

	port->watcher_stop = eventfd(0, EFD_CLOEXEC);
	if (port->watcher_stop < 0)
		return -errno;
	ret = dma_thread_create(&port->watcher, "dma-sw-watch", sw_port_watch, port);
	if (ret != 0) {
		close(port->watcher_stop);
		port->watcher_stop = -1;
	}

	return ret;
}

static void
sw_port_watcher_stop(struct sw_port *port)
{
	const uint64_t one = 1;

	if (port->watcher_stop < 0)
		return;
	(void)!write(port->watcher_stop, &one, sizeof(one));
	dma_thread_join(port->watcher);
	close(port->watcher_stop);
	port->watcher_stop = -1;
}

/* Open a connection, after starting a controller if there is none and we may. */
static int
sw_port_open(struct sw_port *port, struct sw_conn **conn)
{
	int i, ret = -ENOTCONN;

	for (i = 0; i < SPAWN_TRIES; i++) {
		ret = sw_conn_open(port->path, port->trusted_uid, conn);
		/* One that ends just now answers like none. */
		if (ret != -ENOENT && ret != -ECONNREFUSED && ret != -ENOTCONN)
			break;
		if (!port->spawn)
			break;
		ret = sw_spawn(port->path);
		if (ret != 0)
			return ret;
	}
	if (ret != 0)
		SW_LOG(ERR, "no controller at %s: %s%s", port->path, strerror(-ret), !port->spawn &&
			(ret == -ENOENT || ret == -ECONNREFUSED) ?
			"; start dpdk-dma-controller, or leave out spawn=0" : "");

	return ret;
}

static void
sw_port_disconnect(struct sw_port *port)
{
	struct sw_conn *conn;

	sw_port_watcher_stop(port);
	pthread_mutex_lock(&port->lock);
	conn = port->conn;
	port->conn = NULL;
	if (conn != NULL)
		sw_conn_close(conn);
	pthread_mutex_unlock(&port->lock);
	sw_conn_put(port, conn);
}

/*
 * Make the connection the port's, and tell the controller of our memory. The memory does not change
 * meanwhile, and from then on each change is told.
 */
static int
sw_port_adopt(struct sw_port *port, struct sw_conn *conn)
{
	int ret;

	ret = sw_mem_watch();
	if (ret != 0)
		return ret;
	rte_mcfg_mem_read_lock();
	pthread_mutex_lock(&port->lock);
	port->conn = conn;
	rte_uuid_copy(port->broker.controller, conn->instance);
	pthread_mutex_unlock(&port->lock);
	ret = sw_mem_register(port);
	rte_mcfg_mem_read_unlock();

	return ret;
}

static bool
sw_port_alive(struct sw_port *port)
{
	bool alive;

	pthread_mutex_lock(&port->lock);
	alive = port->conn != NULL && !port->conn->closed;
	pthread_mutex_unlock(&port->lock);

	return alive;
}

/*
 * Whether the controller knows what we know: 0 with a connection that is used, without one, or when
 * the one that was given up is over. Before that its operations, of other devices, too, may still be
 * carried out, under rights that we could not take back; and it is the watcher that tells of the end.
 */
int
sw_port_settled(struct sw_port *port, uint32_t ms)
{
	struct sw_conn *conn;
	int ret;

	if (sw_port_alive(port))
		return 0;
	conn = sw_port_conn(port);
	if (conn == NULL)
		return 0;
	ret = sw_conn_wait_end(conn, ms);
	if (ret != 0)
		SW_LOG(ERR, "the controller at %s stands still; let it go on, or end it", port->path);
	sw_conn_put(port, conn);

	return ret;
}

/* Make sure that the port has a live connection which knows our memory. */
int
sw_port_connect(struct sw_port *port)
{
	struct sw_conn *conn;
	int ret = 0;

	pthread_mutex_lock(&port->connecting);
	if (sw_port_alive(port))
		goto unlock;
	ret = sw_port_settled(port, SW_TIMEOUT_MS);
	if (ret != 0)
		goto unlock;
	sw_port_disconnect(port);
	ret = sw_port_open(port, &conn);
	if (ret != 0)
		goto unlock;
	ret = sw_port_adopt(port, conn);
	if (ret == 0)
		ret = sw_port_watcher_start(port);
	if (ret != 0)
		sw_port_disconnect(port);
unlock:
	pthread_mutex_unlock(&port->connecting);

	return ret;
}

static int
sw_port_new(const char *path, bool spawn, uint32_t trusted_uid, struct sw_port **out)
{
	struct sw_port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return -ENOMEM;
	if (rte_strscpy(port->path, path, sizeof(port->path)) < 0) {
		SW_LOG(ERR, "%s has %zu bytes, a socket's path has at most %zu: use a shorter one", path,
			strlen(path), sizeof(port->path) - 1);
		free(port);
		return -ENAMETOOLONG;
	}
	pthread_mutex_init(&port->lock, NULL);
	pthread_mutex_init(&port->connecting, NULL);
	port->spawn = spawn;
	port->trusted_uid = trusted_uid;
	port->watcher_stop = -1;
	port->broker.ops = &sw_broker_ops;
	port->broker.ctx = port;
	port->broker.max_windows = SW_MAX_WINDOWS;
	*out = port;

	return 0;
}

/* The port of a path; the first device says how to come by a controller. */
int
sw_port_get(const char *path, bool spawn, uint32_t trusted_uid, struct sw_port **out)
{
	struct sw_port *port;
	int ret = 0;

	pthread_mutex_lock(&ports_lock);
	TAILQ_FOREACH(port, &ports, next)
		if (strcmp(port->path, path) == 0)
			break;
	if (port == NULL) {
		ret = sw_port_new(path, spawn, trusted_uid, &port);
		if (ret == 0)
			TAILQ_INSERT_TAIL(&ports, port, next);
	}
	if (ret == 0)
		port->devices++;
	pthread_mutex_unlock(&ports_lock);
	*out = port;

	return ret;
}

void
sw_port_put(struct sw_port *port)
{
	bool last;

	pthread_mutex_lock(&ports_lock);
	last = --port->devices == 0;
	if (last)
		TAILQ_REMOVE(&ports, port, next);
	pthread_mutex_unlock(&ports_lock);
	if (!last)
		return;
	sw_port_disconnect(port);
	pthread_mutex_destroy(&port->connecting);
	pthread_mutex_destroy(&port->lock);
	free(port);
}

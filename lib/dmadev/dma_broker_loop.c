/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The two threads of the broker. The control thread waits for all connections and deadlines, and
 * hands each event to the side it belongs to. The other closes descriptors that peers sent: the
 * last close of a file can take for ever (a socket that lingers, a file that a process serves), and
 * must not hold up a thread that others wait for.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include "dma_base_compat.h"
#include "dma_broker.h"

#define LOOP_EVENTS 64

/* Ids in epoll's events; those of sockets come after it. */
#define WAKE_ID 1

static struct {
	bool running;
	int epoll_fd;
	int wake_fd;
	uint64_t last_id;
	int nb_watched; /* guarded by work */
} loop = { .epoll_fd = -1, .wake_fd = -1 };

/* A descriptor that waits to be closed, or is being closed. */
struct discard {
	STAILQ_ENTRY(discard) next;
	int fd;
	uid_t uid;
};

static struct {
	bool running; /* guarded by work */
	pthread_mutex_t lock; /* guards the rest; held for moments, and nothing is taken under it */
	pthread_cond_t some; /* the queue is not empty any more */
	STAILQ_HEAD(, discard) queue; /* the first one is being closed */
	unsigned int nb;
	uint64_t since; /* when the close of the first one began */
} discards = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.some = PTHREAD_COND_INITIALIZER,
	.queue = STAILQ_HEAD_INITIALIZER(discards.queue),
};

uint64_t
dma_broker_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int
dma_broker_loop_watch(int fd, uint64_t *id)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = ++loop.last_id };

	if (epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	*id = ev.data.u64;
	loop.nb_watched++;
	return 0;
}

void
dma_broker_loop_unwatch(int fd, uint64_t *id)
{
	epoll_ctl(loop.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	*id = 0;
	loop.nb_watched--;
}

void
dma_broker_loop_rearm(int fd, uint64_t id, bool in, bool out)
{
	struct epoll_event ev = {
		.events = (in ? EPOLLIN : 0) | (out ? EPOLLOUT : 0),
		.data.u64 = id,
	};

	epoll_ctl(loop.epoll_fd, EPOLL_CTL_MOD, fd, &ev);
}

void
dma_broker_loop_wake(void)
{
	const uint64_t one = 1;

	/* whoever knows of a group took state after the thread was started for it */
	if (loop.wake_fd >= 0 && write(loop.wake_fd, &one, sizeof(one)) < 0)
		BROKER_LOG(DEBUG, "is awake already");
}

void
dma_broker_fd_discard(int fd, uid_t uid)
{
	struct discard *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		BROKER_LOG(ERR, "descriptor %d of user %u stays open: no memory to have it closed",
			fd, uid);
		return;
	}
	d->fd = fd;
	d->uid = uid;
	pthread_mutex_lock(&discards.lock);
	STAILQ_INSERT_TAIL(&discards.queue, d, next);
	discards.nb++;
	pthread_cond_signal(&discards.some);
	pthread_mutex_unlock(&discards.lock);
}

void
dma_broker_fd_refuse(const struct dma_group *group, int fd, uid_t uid)
{
	const struct rte_dma_broker_port *port = group->port;
	int ret = 0;

	if (fd < 0)
		return;
	if (port->ops->refuse_fd != NULL && !dma_broker_auth_over())
		ret = port->ops->refuse_fd(port->ctx, fd);
	if (ret == 0)
		dma_broker_fd_discard(fd, uid);
	else if (ret == RTE_DMA_BROKER_EXPORT_LOST)
		dma_broker_renew_port(port);
}

/* Whether the close that is under way takes so long that it was made to; with the lock. */
static bool
discard_hangs(void)
{
	return discards.nb > 0 &&
		dma_broker_now() - discards.since > DMA_BROKER_HANGS_MS * 1000000ull;
}

bool
dma_broker_discards_over(uid_t uid)
{
	const struct discard *d;
	unsigned int nb = 0;
	bool hangs;

	pthread_mutex_lock(&discards.lock);
	STAILQ_FOREACH(d, &discards.queue, next)
		nb += d->uid == uid;
	hangs = discard_hangs();
	pthread_mutex_unlock(&discards.lock);
	return nb >= (hangs ? DMA_BROKER_MAX_DISCARDS_UID : DMA_BROKER_MAX_BUSY_DISCARDS);
}

bool
dma_broker_discards_full(void)
{
	bool full;

	pthread_mutex_lock(&discards.lock);
	full = discards.nb >= (discard_hangs() ? DMA_BROKER_MAX_DISCARDS :
			DMA_BROKER_MAX_BUSY_DISCARDS);
	pthread_mutex_unlock(&discards.lock);
	return full;
}

static dma_thread_ret_t
discard_main(void *arg __rte_unused)
{
	struct discard *d;

	pthread_mutex_lock(&discards.lock);
	for (;;) {
		while (STAILQ_EMPTY(&discards.queue))
			pthread_cond_wait(&discards.some, &discards.lock);
		/* it counts until it is closed */
		d = STAILQ_FIRST(&discards.queue);
		discards.since = dma_broker_now();
		pthread_mutex_unlock(&discards.lock);
		close(d->fd);
		pthread_mutex_lock(&discards.lock);
		STAILQ_REMOVE_HEAD(&discards.queue, next);
		discards.nb--;
		free(d);
	}
	return 0;
}

static int
discard_start(void)
{
	int ret;

	if (discards.running)
		return 0;
	ret = dma_thread_create(NULL, "dma-discard", discard_main, NULL);
	if (ret != 0) {
		BROKER_LOG(ERR, "cannot start the thread that closes: %s", strerror(-ret));
		return ret;
	}
	discards.running = true;
	return 0;
}

/* An event names its source by an id, for a call of the application may have closed the source
 * since; a name that is not found any more means nothing.
 */
static void
event_handle(uint64_t id, uint32_t events)
{
	struct dma_group *group;
	struct dma_conn *conn;

	TAILQ_FOREACH(group, &dma_broker_groups, next) {
		if (group->conn != NULL && group->conn->id == id) {
			dma_broker_conn_flush(group->conn);
			dma_broker_member_input(group);
			return;
		}
		if (group->host == NULL)
			continue;
		if (group->host->id == id) {
			dma_broker_host_accept(group);
			dma_broker_host_settle(group);
			return;
		}
		TAILQ_FOREACH(conn, &group->host->conns, next) {
			if (conn->id != id)
				continue;
			dma_broker_conn_flush(conn);
			if ((events & ~EPOLLOUT) != 0)
				dma_broker_host_input(conn);
			dma_broker_host_settle(group);
			return;
		}
	}
}

/* Returns when something is due next, 0: never. */
static uint64_t
timers_run(uint64_t now)
{
	struct dma_group *group;
	uint64_t due, next = 0;

	TAILQ_FOREACH(group, &dma_broker_groups, next) {
		/* the others are in the hands of another thread */
		if (group->phase != DMA_GROUP_LIVE)
			continue;
		if (dma_broker_group_lost(group))
			dma_broker_group_end(group);
		else if (group->conn != NULL && group->conn->broken)
			dma_broker_member_input(group);
		if (group->host != NULL) {
			due = dma_broker_host_timers(group, now);
			if (due != 0 && (next == 0 || due < next))
				next = due;
		}
		/* last, for all that was found to be out */
		dma_broker_renew_run(group);
	}
	return next;
}

/* Take work, unless the process exits. */
static bool
work_begin(void)
{
	bool over;

	dma_broker_work_lock();
	over = dma_broker_auth_over();
	if (over)
		dma_broker_work_unlock();
	return !over;
}

/* Returns false when the process exits. */
static bool
events_handle(const struct epoll_event *events, int n)
{
	uint64_t drained;
	int i;

	/* Peers can make each event cost many calls of hooks: who waits for work, perhaps to take
	 * rights back, gets it before the next one.
	 */
	for (i = 0; i < n; i++) {
		if (!work_begin())
			return false;
		if (events[i].data.u64 != WAKE_ID)
			event_handle(events[i].data.u64, events[i].events);
		else if (read(loop.wake_fd, &drained, sizeof(drained)) < 0)
			BROKER_LOG(DEBUG, "was not woken");
		dma_broker_work_unlock();
	}
	return true;
}

static int
timeout_ms(uint64_t due)
{
	uint64_t now = dma_broker_now();

	return due == 0 ? -1 : due <= now ? 0 : (int)((due - now + 999999) / 1000000);
}

static dma_thread_ret_t
loop_main(void *arg __rte_unused)
{
	struct epoll_event events[LOOP_EVENTS];
	uint64_t due = 0, since = 0;
	int n, handled = 0;

	for (;;) {
		n = epoll_wait(loop.epoll_fd, events, LOOP_EVENTS, timeout_ms(due));
		if (n < 0 && errno != EINTR) {
			BROKER_LOG(CRIT, "epoll_wait: %s; no group is served any more",
				strerror(errno));
			return 0;
		}
		if (handled == 0)
			since = dma_broker_now();
		if (!events_handle(events, n) || !work_begin())
			return 0;
		/* Who is late is judged after all input that came before since was looked at: our
		 * own slow hooks, and those of the holder of work, must not make the others late.
		 * With more input than fits, epoll goes around: each had its turn once there were
		 * as many events as there are descriptors. To wait longer than that would let
		 * peers that always have something to say put off every deadline.
		 */
		handled += RTE_MAX(n, 0);
		if (n < LOOP_EVENTS || handled > loop.nb_watched) {
			due = timers_run(since);
			handled = 0;
		}
		dma_broker_work_unlock();
	}
}

int
dma_broker_loop_start(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = WAKE_ID };
	int ret;

	if (loop.running)
		return 0;
	ret = dma_broker_auth_start();
	if (ret == 0)
		ret = discard_start();
	if (ret < 0)
		return ret;
	if (loop.epoll_fd < 0) {
		loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		if (loop.epoll_fd < 0)
			return -errno;
	}
	if (loop.wake_fd < 0) {
		loop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (loop.wake_fd < 0)
			return -errno;
		if (epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, loop.wake_fd, &ev) < 0) {
			ret = -errno;
			close(loop.wake_fd);
			loop.wake_fd = -1;
			return ret;
		}
	}
	loop.last_id = RTE_MAX(loop.last_id, (uint64_t)WAKE_ID);
	ret = dma_thread_create(NULL, "dma-broker", loop_main, NULL);
	if (ret != 0) {
		BROKER_LOG(ERR, "cannot start the control thread: %s", strerror(-ret));
		return ret;
	}
	loop.running = true;
	return 0;
}

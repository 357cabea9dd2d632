/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The control thread: accepts connections, has requests served, ends clients. A connection that
 * does not say HELLO in time is closed; there is room for few of those.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller.h"

/* A controller that was started for a client ends if none comes. */
#define FIRST_CLIENT_MS 10000

/* How long the listener is left alone when there is no descriptor for what it brings. */
#define DEAF_MS 100

static struct account *
account_get(uid_t uid)
{
	struct account *a;

	LIST_FOREACH(a, &ctl.accounts, next)
		if (a->uid == uid)
			return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->uid = uid;
	LIST_INSERT_HEAD(&ctl.accounts, a, next);

	return a;
}

void
account_put(struct account *a)
{
	if (a->pending != 0 || a->status != 0 || a->clients != 0 ||
	    atomic_load_explicit(&a->odd_fds, memory_order_relaxed) != 0)
		return;
	LIST_REMOVE(a, next);
	free(a);
}

/* The operator's own processes may take more than a tenant's. */
bool
account_trusted(const struct account *a)
{
	return a->uid == ctl.uid || a->uid == 0;
}

/* Watch the listener, or do not while there is no descriptor left for what it would bring. */
static void
listen_again(bool again)
{
	struct epoll_event ev = { .events = again ? EPOLLIN : 0, .data.ptr = &ctl.listener };

	if (ctl.deaf == !again)
		return;
	ctl.deaf = !again;
	epoll_ctl(ctl.epoll, EPOLL_CTL_MOD, ctl.listener, &ev);
}

static void
client_free(struct client *c)
{
	struct account *a = c->account;

	a->pending++; /* keeps the account until the end */
	epoll_ctl(ctl.epoll, EPOLL_CTL_DEL, c->fd, NULL);
	/* Its operations first, then what others may do in its memory, then the memory. */
	ring_free_all(c);
	group_free(c);
	memory_free(c);
	/* Only now may it learn that it is gone: nothing of its memory moves any more. */
	discard_socket(a, c->fd);
	if (c->handler != 0) {
		ctl.nb_clients--;
		a->clients--;
	}
	if (!c->greeted) {
		ctl.nb_pending--;
		a->pending--;
	}
	if (c->status_only)
		a->status--;
	LIST_REMOVE(c, next);
	free(c);
	a->pending--;
	account_put(a);
	listen_again(true);
}

static void
client_cut_off(struct client *c, const char *why)
{
	log_msg("client %u (pid %d, uid %u) is cut off: %s", c->handler, c->pid, c->account->uid, why);
	ctl.cut_off++;
	client_free(c);
}

static bool
client_allowed(const struct account *a)
{
	return ctl.nb_pending < MAX_PENDING && a->pending < MAX_PENDING_PER_UID &&
		atomic_load_explicit(&a->odd_fds, memory_order_relaxed) < MAX_ODD_FDS;
}

static bool
client_new(int fd, const struct ucred *peer, struct account *a)
{
	struct epoll_event ev = { .events = EPOLLIN };
	const int room = 4096;
	struct client *c;

	/* Counters are written by engines: no line of another client's. */
	if (!client_allowed(a) || posix_memalign((void **)&c, 128, sizeof(*c)) != 0)
		return false;
	memset(c, 0, sizeof(*c));
	/*
	 * Room for a few replies: a client has one request under way. Descriptors in replies that
	 * nobody reads count as this process' own.
	 */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	c->fd = fd;
	c->pid = peer->pid;
	c->account = a;
	c->deadline = now_ms() + HELLO_TIMEOUT_MS;
	ev.data.ptr = c;
	if (epoll_ctl(ctl.epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
		free(c);
		return false;
	}
	a->pending++;
	ctl.nb_pending++;
	LIST_INSERT_HEAD(&ctl.clients, c, next);

	return true;
}

static void
accept_one(void)
{
	socklen_t len = sizeof(struct ucred);
	struct account *a;
	struct ucred peer;
	int fd;

	fd = accept4(ctl.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/*
		 * Until a client goes: to be told of it again and again would be all that is done.
		 */
		if (errno == EMFILE || errno == ENFILE)
			listen_again(false);
		return;
	}
	a = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ? NULL : account_get(peer.uid);
	if (a == NULL) {
		close(fd);
		return;
	}
	/* A refused connection is closed at once: the client sees the end before an answer. */
	if (!client_new(fd, &peer, a)) {
		discard_socket(a, fd);
		account_put(a);
	}
}

static void
serve(struct client *c)
{
	const char *why = NULL;

	if (atomic_load_explicit(&c->account->odd_fds, memory_order_relaxed) >= MAX_ODD_FDS) {
		client_cut_off(c, "descriptors of its user that cannot be closed");
		return;
	}
	switch (request_serve(c, &why)) {
	case REQUEST_DONE:
		break;
	case REQUEST_CUT_OFF:
		client_cut_off(c, why);
		break;
	case REQUEST_GONE:
		client_free(c);
		break;
	}
}

/* End connections that did not say HELLO in time; returns ms until the next one would, -1: none. */
static int
expire(void)
{
	uint64_t now, first = UINT64_MAX;
	struct client *c, *next;

	if (ctl.nb_pending == 0)
		return -1;
	now = now_ms();
	for (c = LIST_FIRST(&ctl.clients); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		if (c->greeted)
			continue;
		if (c->deadline <= now)
			client_cut_off(c, "no HELLO in 2 seconds");
		else if (c->deadline < first)
			first = c->deadline;
	}

	return first == UINT64_MAX ? -1 : (int)(first - now) + 1;
}

/* Whether a controller that was started for its clients has none left. */
static bool
lonely(int *timeout)
{
	uint64_t age = now_ms() - ctl.started;

	if (!ctl.linger_end || ctl.nb_clients != 0 || ctl.nb_pending != 0)
		return false;
	if (ctl.had_client || age >= FIRST_CLIENT_MS)
		return true;
	if (*timeout < 0 || *timeout > (int)(FIRST_CLIENT_MS - age))
		*timeout = FIRST_CLIENT_MS - age;

	return false;
}

static int
watch(int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(ctl.epoll, EPOLL_CTL_ADD, fd, &ev) != 0 ? -errno : 0;
}

int
server_run(int signals)
{
	struct epoll_event ev[1];
	int ret, timeout;

	ret = watch(ctl.listener, &ctl.listener);
	if (ret == 0)
		ret = watch(signals, &ctl.epoll);
	if (ret != 0)
		return ret;
	for (;;) {
		timeout = expire();
		if (lonely(&timeout))
			break;
		/* Descriptors can come back without a client that goes. */
		if (ctl.deaf && (timeout < 0 || timeout > DEAF_MS))
			timeout = DEAF_MS;
		/* One event at a time: serving one client can end others that came with it. */
		ret = epoll_wait(ctl.epoll, ev, 1, timeout);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret <= 0) {
			listen_again(true);
			continue;
		}
		if (ev[0].data.ptr == &ctl.epoll)
			break;
		if (ev[0].data.ptr == &ctl.listener)
			accept_one();
		else
			serve(ev[0].data.ptr);
	}
	while (!LIST_EMPTY(&ctl.clients))
		client_free(LIST_FIRST(&ctl.clients));

	return 0;
}

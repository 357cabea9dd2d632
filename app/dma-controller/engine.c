/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Engine threads: they go round their clients, give each a turn for one of its rings, sleep when
 * nothing comes for a while, and stop where the control thread asks them to.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "controller.h"

/* How many idle rounds pass between two looks at the clock. */
#define IDLE_ROUNDS 64

static inline void
relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* Stand still while the control thread holds the engine. */
static void
engine_park(struct engine *e)
{
	/* What these were made from may be freed meanwhile. */
	memset(e->lookups, 0, sizeof(e->lookups));
	pthread_mutex_lock(&e->lock);
	e->parked = true;
	pthread_cond_broadcast(&e->cond);
	while (atomic_load_explicit(&e->hold, memory_order_relaxed))
		pthread_cond_wait(&e->cond, &e->lock);
	e->parked = false;
	e->asleep = false;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
}

/*
 * Wait until the engine uses nothing that was published. It gets here after each turn, so the wait
 * is as long as a turn; a sleeping engine is parked already.
 */
void
engine_hold(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	/* Pairs with the load-acquire after each turn in engine_round(). */
	atomic_store_explicit(&e->hold, true, memory_order_release);
	while (!e->parked)
		pthread_cond_wait(&e->cond, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

void
engine_release(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	atomic_store_explicit(&e->hold, false, memory_order_relaxed);
	pthread_cond_broadcast(&e->cond);
	/* Until it runs: one hold after another would keep it from its work. */
	while (e->parked && !e->asleep)
		pthread_cond_wait(&e->cond, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

/* When this returns no engine uses what was unpublished before the call. */
void
engines_sync(void)
{
	uint32_t i;

	for (i = 0; i < ctl.nb_engines; i++) {
		engine_hold(&ctl.engine[i]);
		engine_release(&ctl.engine[i]);
	}
}

/* One turn for one client: for the first of its rings that has work, which then comes last. */
static uint32_t
queue_turn(struct queue *q)
{
	uint32_t i, n;
	struct ring *r;

	for (i = 0; i < q->nb_rings; i++) {
		r = TAILQ_FIRST(&q->rings);
		n = ring_turn(r);
		if (q->nb_rings > 1) {
			TAILQ_REMOVE(&q->rings, r, of_queue);
			TAILQ_INSERT_TAIL(&q->rings, r, of_queue);
		}
		if (n != 0)
			return n;
	}

	return 0;
}

static uint32_t
engine_round(struct engine *e)
{
	uint32_t i, nb = e->nb_queues, work = 0;
	struct queue *q;

	for (i = 0; i < nb; i++) {
		q = TAILQ_FIRST(&e->queues);
		work += queue_turn(q);
		if (nb > 1) {
			TAILQ_REMOVE(&e->queues, q, next);
			TAILQ_INSERT_TAIL(&e->queues, q, next);
		}
		/*
		 * Pairs with the store-release in engine_hold(). After it the lists may be others.
		 */
		if (atomic_load_explicit(&e->hold, memory_order_acquire)) {
			engine_park(e);
			return 1;
		}
	}

	return work;
}

/* Tell the clients of all rings whether they must wake the engine; returns whether one has work. */
static bool
announce(struct engine *e, uint32_t asleep)
{
	bool work = false;
	struct queue *q;
	struct ring *r;

	TAILQ_FOREACH(q, &e->queues, next)
		TAILQ_FOREACH(r, &q->rings, of_queue)
			__atomic_store_n(&r->hdr->asleep, asleep, __ATOMIC_RELAXED);
	if (asleep == 0)
		return true;
	/*
	 * Pairs with the fence in sw_vq_submit(): either this sees the tail or the client sees
	 * asleep.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	TAILQ_FOREACH(q, &e->queues, next)
		TAILQ_FOREACH(r, &q->rings, of_queue)
			work |= ring_has_work(r);

	return work;
}

static void
engine_sleep(struct engine *e)
{
	struct epoll_event ev[8];
	uint64_t drained;

	if (!announce(e, 1)) {
		atomic_fetch_add_explicit(&e->sleeps, 1, memory_order_relaxed);
		pthread_mutex_lock(&e->lock);
		e->parked = true;
		e->asleep = true;
		pthread_cond_broadcast(&e->cond);
		pthread_mutex_unlock(&e->lock);
		/*
		 * Edge triggered: nothing is read from the eventfds, whose flags the clients share.
		 */
		while (epoll_wait(e->epoll, ev, 8, -1) < 0 && errno == EINTR)
			;
		/* The engine's own eventfd is nobody else's: emptied, so that it can wake again. */
		(void)!read(e->wake, &drained, sizeof(drained));
		engine_park(e);
	}
	announce(e, 0);
}

static void *
engine_main(void *arg)
{
	uint64_t idle_since = 0, now;
	struct engine *e = arg;
	uint32_t rounds = 0;

	/* Pairs with the store-release in engines_stop(). */
	while (!atomic_load_explicit(&e->stop, memory_order_acquire)) {
		if (engine_round(e) != 0) {
			idle_since = 0;
			rounds = 0;
			continue;
		}
		relax();
		if (rounds++ % IDLE_ROUNDS != 0 && e->nb_queues != 0)
			continue;
		if (atomic_load_explicit(&e->hold, memory_order_acquire))
			engine_park(e);
		now = now_ns();
		if (idle_since == 0)
			idle_since = now;
		if (e->nb_queues == 0 || now - idle_since >= e->idle_ns) {
			engine_sleep(e);
			idle_since = 0;
		}
	}

	/* Who still wants to hold this engine must not wait for it. */
	pthread_mutex_lock(&e->lock);
	e->parked = true;
	e->asleep = true;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static int
engine_pin(pthread_attr_t *attr, int core)
{
	cpu_set_t set;

	if (core < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(core, &set);

	return pthread_attr_setaffinity_np(attr, sizeof(set), &set);
}

static int
engine_start(struct engine *e, int core, uint64_t idle_us)
{
	struct epoll_event ev = { .events = EPOLLIN };
	pthread_attr_t attr;
	char name[16];
	int ret;

	TAILQ_INIT(&e->queues);
	e->core = core;
	e->idle_ns = idle_us * 1000;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->cond, NULL);
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->epoll < 0 || e->wake < 0 || epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->wake, &ev) != 0)
		return -errno;

	pthread_attr_init(&attr);
	ret = engine_pin(&attr, core);
	if (ret == 0)
		ret = pthread_create(&e->thread, &attr, engine_main, e);
	pthread_attr_destroy(&attr);
	if (ret != 0)
		return -ret;
	snprintf(name, sizeof(name), "dma-engine-%d", e->index);
	pthread_setname_np(e->thread, name);

	return 0;
}

int
engines_start(const int *cores, uint32_t nb, uint64_t idle_us)
{
	uint32_t i;
	int ret;

	for (i = 0; i < nb; i++) {
		ctl.engine[i].index = i;
		ret = engine_start(&ctl.engine[i], cores[i], idle_us);
		if (ret != 0) {
			log_msg("cannot start an engine on core %d: %s; choose others with --cores",
				cores[i], strerror(-ret));
			return ret;
		}
		ctl.nb_engines++;
	}

	return 0;
}

/* Wake an engine that may sleep, for it has a new ring or has to end. */
void
engine_kick(struct engine *e)
{
	const uint64_t one = 1;

	/* Fails only if it was kicked 2^64 - 2 times without waking. */
	(void)!write(e->wake, &one, sizeof(one));
}

void
engines_stop(void)
{
	uint32_t i;

	for (i = 0; i < ctl.nb_engines; i++) {
		atomic_store_explicit(&ctl.engine[i].stop, true, memory_order_release);
		engine_kick(&ctl.engine[i]);
		pthread_join(ctl.engine[i].thread, NULL);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A process of the tests with several: its life, and what it does when it is asked. */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "hosts.h"
#include "hosts_member.h"
#include "roc_glue.h"

#define SECONDS 60
#define WAIT_S  10
#define BASE    0x40000u
#define LEN     64u
/* What fits in a reply. */
#define TEXT_LEN sizeof(((struct member_reply *)NULL)->text)

static struct rig r;

/* Guards the number of events. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t event_came = PTHREAD_COND_INITIALIZER;
static unsigned int nb_events;

static void
domain_name(unsigned int number, rte_uuid_t id)
{
	hosts_name(number, id);
}

/* Two hosts of the same function are behind different ports. */
void
member_place(unsigned int host, struct rte_pmd_cnxk_dma_host *place)
{
	domain_name(host, place->domain_id);
	place->port = host % RTE_PMD_CNXK_DMA_PORTS;
	place->pf = 2;
	place->vf = host / RTE_PMD_CNXK_DMA_PORTS;
}

static void
on_event(int16_t dev __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info __rte_unused, void *arg __rte_unused)
{
	pthread_mutex_lock(&lock);
	nb_events++;
	pthread_cond_signal(&event_came);
	pthread_mutex_unlock(&lock);
}

static bool
is_known(int16_t group, unsigned int domain)
{
	uint16_t handler;
	rte_uuid_t id;

	domain_name(domain, id);
	return rte_dma_access_group_handler_get(r.dev, group, id, &handler) == 0;
}

static bool
has_ended(int16_t group)
{
	return rte_dma_access_group_size_get(r.dev, group) == -ENOTCONN;
}

/* The table changes before its event comes, and a group ends before. */
static int
await(const struct member_request *q)
{
	struct timespec end;
	unsigned int before;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&lock);
	do {
		before = nb_events;
		pthread_mutex_unlock(&lock);
		if (q->command == MEMBER_ENDED ? has_ended(q->group) :
				is_known(q->group, q->a) == (q->b != 0))
			return 0;
		pthread_mutex_lock(&lock);
		while (nb_events == before && ret == 0)
			ret = pthread_cond_timedwait(&event_came, &lock, &end);
	} while (ret == 0);
	pthread_mutex_unlock(&lock);
	return -ret;
}

static int
entry_find(int16_t group, unsigned int domain, struct rte_dma_access_entry *entry)
{
	static struct rte_dma_access_entry table[2 * RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	rte_uuid_t id;
	int nb, i;

	domain_name(domain, id);
	nb = rte_dma_access_group_get(r.dev, group, table, RTE_DIM(table));
	for (i = 0; i < nb && rte_uuid_compare(table[i].domain_id, id) != 0; i++)
		;
	if (nb < 0 || i == nb)
		return nb < 0 ? nb : -ENOENT;
	*entry = table[i];
	return 0;
}

static uint64_t
host_sum(void)
{
	struct rte_pmd_cnxk_dma_host place;
	const uint8_t *bytes;
	uint64_t sum = 0;
	unsigned int host, i;

	for (host = MEMBER_HOSTS; host < MEMBER_LAST; host++) {
		member_place(host, &place);
		bytes = dpi_model_host(r.m, place.pf << 12 | place.vf, place.port, BASE, LEN);
		for (i = 0; i < LEN; i++)
			sum = sum * 31 + bytes[i];
	}
	return sum;
}

/* Queue a copy by a handler, of something else each time; its index. */
static int
enqueue(uint64_t handler, uint64_t ends, uint64_t flags)
{
	static uint8_t pattern;
	const unsigned int piece = ++pattern;

	memset(rig_src(&r, piece), pattern, LEN);
	return rte_dma_copy(r.dev, 0, ends & HOSTS_SRC ? BASE : (uintptr_t)rig_src(&r, piece),
		ends & HOSTS_DST ? BASE : (uintptr_t)rig_dst(&r, piece), LEN,
		ends | RTE_DMA_OP_HANDLER(handler) | flags);
}

/* Copy by a handler; the status, after a look at what it did to the memories. */
static int
copy(uint64_t handler, uint64_t ends)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_NOT_ATTEMPTED;
	const uint64_t before = host_sum();
	uint64_t after;
	uint16_t last;
	int rc;

	rc = enqueue(handler, ends, RTE_DMA_OP_FLAG_SUBMIT);
	CHECK(rc >= 0, "handler %u: %d", (unsigned int)handler, rc);
	dpi_model_run(r.m);
	CHECK_EQ(rte_dma_completed_status(r.dev, 0, 1, &last, &status), 1, "handler %u",
		(unsigned int)handler);
	after = host_sum();
	CHECK_EQ(before != after, status == 0 && ends == HOSTS_DST, "handler %u, status %d",
		(unsigned int)handler, (int)status);
	return status;
}

/* Submit all that is queued; how many operations completed, and the status of each. */
static int
finish(struct member_reply *reply)
{
	enum rte_dma_status_code status[MEMBER_RING];
	struct dpi_model_state before, after;
	uint16_t last, nb, i;

	dpi_model_state(r.m, RIG_VF, &before);
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	dpi_model_run(r.m);
	dpi_model_state(r.m, RIG_VF, &after);
	reply->carried_out = after.executed - before.executed;
	nb = rte_dma_completed_status(r.dev, 0, MEMBER_RING, &last, status);
	for (i = 0; i < nb; i++)
		reply->status[i] = status[i];
	return nb;
}

static pthread_t stopping;

static void *
stop_device(void *arg __rte_unused)
{
	return (void *)(intptr_t)rte_dma_stop(r.dev);
}

/* The engine has no thread: what is carried out here is because the stop waits. */
static int
stop_begin(void)
{
	const uint64_t before = rig_run(&r), end = rte_get_timer_cycles() +
		WAIT_S * rte_get_timer_hz();
	struct dpi_model_state state;

	dpi_model_hold(r.m, RIG_VF, before + 1);
	CHECK(enqueue(0, 0, 0) >= 0, "enqueue");
	CHECK(enqueue(0, 0, RTE_DMA_OP_FLAG_SUBMIT) >= 0, "enqueue");
	CHECK_EQ(pthread_create(&stopping, NULL, stop_device, NULL), 0, "thread");
	do {
		if (rte_get_timer_cycles() > end)
			return -ETIMEDOUT;
		dpi_model_state(r.m, RIG_VF, &state);
	} while (state.executed == before);
	return 0;
}

static int
stop_end(void)
{
	void *ret;

	dpi_model_release(r.m, RIG_VF);
	CHECK_EQ(pthread_join(stopping, &ret), 0, "thread");
	if (ret != NULL)
		rig_stop(&r);
	rig_start(&r);
	return (intptr_t)ret;
}

static int
dump(char *text)
{
	FILE *f = fmemopen(text, TEXT_LEN, "w");
	int ret;

	CHECK(f != NULL, "no file for the dump: %d", errno);
	ret = rte_dma_dump(r.dev, f);
	CHECK_EQ(fclose(f), 0, "a dump of more than %zu bytes", TEXT_LEN);
	return ret;
}

static int
telemetry_connect(void)
{
	const struct timeval limit = { .tv_sec = WAIT_S };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/dpdk_telemetry.v2",
		rte_eal_get_runtime_dir());
	CHECK_EQ(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0, "%s: %d", to.sun_path,
		errno);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0, "time");
	return fd;
}

/* Ask telemetry as another program does; how long its answer is. */
static int
ask(int16_t group, bool one, char *text)
{
	const int fd = telemetry_connect();
	char question[64];
	ssize_t n;

	if (one)
		snprintf(question, sizeof(question), "/dmadev/access_group,%d,%d", r.dev, group);
	else
		snprintf(question, sizeof(question), "/dmadev/access_groups,%d", r.dev);
	/* first of all it tells its version */
	CHECK(recv(fd, text, TEXT_LEN, 0) > 0, "telemetry says nothing: %d", errno);
	CHECK_EQ(send(fd, question, strlen(question), MSG_NOSIGNAL), strlen(question), "%d", errno);
	n = recv(fd, text, TEXT_LEN, 0);
	CHECK(n > 0 && (size_t)n < TEXT_LEN, "%s: %zd bytes, error %d", question, n, errno);
	text[n] = '\0';
	close(fd);
	return n;
}

static int
carry_out(const struct member_request *q, unsigned int number, struct member_reply *reply)
{
	struct rte_pmd_cnxk_dma_host place = { .port = 0 };
	rte_uuid_t self, token;
	int16_t group;
	int ret;

	domain_name(number, self);
	rte_uuid_copy(token, hosts_token);
	switch (q->command) {
	case MEMBER_CREATE:
		ret = q->a == 0 ?
			rte_dma_access_group_create(r.dev, self, hosts_token, &group) :
			rte_dma_access_pair_group_create(r.dev, self, token, &group, NULL);
		return ret < 0 ? ret : group;
	case MEMBER_JOIN:
		return rte_dma_access_group_join(r.dev, self, hosts_token, q->group);
	case MEMBER_LEAVE:
		return rte_dma_access_group_leave(r.dev, q->group);
	case MEMBER_DESTROY:
		return rte_dma_access_group_destroy(r.dev, q->group);
	case MEMBER_ADD:
		member_place(q->a, &place);
		return rte_pmd_cnxk_dma_host_add(r.dev, q->group, hosts_token, &place);
	case MEMBER_REMOVE:
		member_place(q->a, &place);
		return rte_pmd_cnxk_dma_host_remove(r.dev, q->group, place.domain_id);
	case MEMBER_SIZE:
		return rte_dma_access_group_size_get(r.dev, q->group);
	case MEMBER_TABLE:
		return entry_find(q->group, q->a, &reply->entry);
	case MEMBER_AWAIT:
	case MEMBER_ENDED:
		return await(q);
	case MEMBER_COPY:
		return copy(q->a, q->b);
	case MEMBER_QUEUE:
		return enqueue(q->a, q->b, 0);
	case MEMBER_FINISH:
		return finish(reply);
	case MEMBER_STOP:
		return stop_begin();
	case MEMBER_STOPPED:
		return stop_end();
	case MEMBER_DUMP:
		return dump(reply->text);
	case MEMBER_ASK:
		return ask(q->group, q->a != 0, reply->text);
	}
	return -EINVAL;
}

static void
device_start(enum dpi_chip chip)
{
	const struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = MEMBER_RING,
		.domain = {
			.type = RTE_DMA_INTER_OS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};
	struct rte_pmd_cnxk_dma_host place;
	unsigned int host;

	rig_probe(&r, chip);
	for (host = MEMBER_HOSTS; host < MEMBER_LAST; host++) {
		member_place(host, &place);
		CHECK_EQ(dpi_model_host_add(r.m, place.pf << 12 | place.vf, place.port, BASE, LEN),
			0, "host %u", host);
	}
	rig_configure(&r);
	CHECK_EQ(rte_dma_vchan_setup(r.dev, 0, &conf), 0, "channel");
	rig_start(&r);
	CHECK_EQ(rte_dma_event_callback_register(r.dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		on_event, NULL), 0, "register");
}

/* Until the other end of the socket is closed. */
static void
serve(int fd, unsigned int number)
{
	struct member_request q;
	struct member_reply reply;

	while (recv(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
		memset(&reply, 0, sizeof(reply));
		reply.result = carry_out(&q, number, &reply);
		CHECK_EQ(send(fd, &reply, sizeof(reply), MSG_NOSIGNAL), sizeof(reply), "reply");
	}
}

static void
run(int fd, unsigned int number, enum dpi_chip chip)
{
	char name[32];

	snprintf(name, sizeof(name), "member %u", number);
	rig_begin_shown(name, SECONDS);
	dpi_roc_block(number >= MEMBER_OTHER);
	device_start(chip);
	serve(fd, number);
	CHECK_EQ(rte_dma_event_callback_unregister(r.dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		on_event, NULL), 0, "unregister");
	rig_close(&r);
	exit(rig_end());
}

void
member_start(struct member *m, unsigned int number, enum dpi_chip chip)
{
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0, "socket");
	fflush(stdout);
	m->pid = fork();
	CHECK(m->pid >= 0, "fork: %d", errno);
	if (m->pid == 0) {
		/* Not to outlive a test that fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		run(fds[1], number, chip);
	}
	close(fds[1]);
	m->fd = fds[0];
	m->number = number;
}

void
member_end(struct member *m)
{
	int status = -1;

	/* Members that were started later have the descriptor, too. */
	shutdown(m->fd, SHUT_RDWR);
	close(m->fd);
	CHECK_EQ(waitpid(m->pid, &status, 0), m->pid, "member %u", m->number);
	CHECK_EQ(status, 0, "exit status of member %u", m->number);
}

void
member_kill(struct member *m)
{
	kill(m->pid, SIGKILL);
	CHECK_EQ(waitpid(m->pid, NULL, 0), m->pid, "member %u", m->number);
	close(m->fd);
}

void
member_send(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b)
{
	const struct member_request q = { .command = command, .group = group, .a = a, .b = b };

	CHECK_EQ(send(m->fd, &q, sizeof(q), MSG_NOSIGNAL), sizeof(q), "member %u is gone",
		m->number);
}

struct member_reply
member_receive(const struct member *m)
{
	struct member_reply reply = { 0 };

	CHECK_EQ(recv(m->fd, &reply, sizeof(reply), 0), sizeof(reply), "member %u is gone",
		m->number);
	return reply;
}

struct member_reply
member_tell(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b)
{
	member_send(m, command, group, a, b);
	return member_receive(m);
}

int
member_ask(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b)
{
	return member_tell(m, command, group, a, b).result;
}

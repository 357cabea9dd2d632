/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A program for the access pair groups of DPDK 25.11: it knows nothing but rte_dmadev.h. Two
 * processes, made by fork() before rte_eal_init(), form a pair, each copies from the other through
 * a channel with handlers, and they part: the one that joined leaves, and the callback of the one
 * that created the group destroys it; then they form another pair, which ends when its creator
 * closes the device.
 *
 * The arguments are those of EAL for both processes. The deadline of all waiting is alarm().
 */

#include <rte_dmadev.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#define LEN (64 * 1024)
#define NB_PARTS 16
#define DEADLINE_S 50
#define MAX_ARGS 32
#define VCHAN 0

#define CHECK(cond, ...) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s: ", who, __LINE__, #cond); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			_exit(EXIT_FAILURE); \
		} \
	} while (0)
#define CHECK_OK(call) \
	do { \
		const int check_ret = (call); \
		CHECK(check_ret == 0, #call ": %s", strerror(-check_ret)); \
	} while (0)

/* What one process tells the other. */
struct note {
	rte_uuid_t token;
	rte_iova_t buf;
	int16_t group;
};

static const char *who = "main";
static int sock;
static int16_t dev;
static rte_uuid_t self_id, peer_id, token;
static uint8_t self_seed, peer_seed;
static uint8_t *buf;
/* A byte for each event from the callback's thread to main(). */
static int events[2];

static void
start_eal(int argc, char **argv)
{
	char *args[MAX_ARGS + 2], prefix[64];
	int i;

	CHECK(argc <= MAX_ARGS, "%d arguments are too many", argc);
	for (i = 0; i < argc; i++)
		args[i] = argv[i];
	snprintf(prefix, sizeof(prefix), "--file-prefix=user_%s", who);
	args[i++] = prefix;
	args[i] = NULL;
	CHECK(rte_eal_init(i, args) >= 0, "EAL does not start");
}

static void
tell(int16_t group)
{
	struct note note;

	memset(&note, 0, sizeof(note));
	rte_uuid_copy(note.token, token);
	note.buf = rte_malloc_virt2iova(buf);
	note.group = group;
	CHECK(send(sock, &note, sizeof(note), 0) == sizeof(note), "%s", strerror(errno));
}

static void
hear(struct note *note)
{
	CHECK(recv(sock, note, sizeof(*note), 0) == sizeof(*note), "the other one is gone");
}

static void
on_event(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
		enum rte_dma_access_pair_group_event_type event)
{
	const uint8_t byte = event;

	CHECK(dev_id == dev && group_id >= 0, "device %d, group %d", dev_id, group_id);
	CHECK(rte_uuid_compare(domain_id, peer_id) == 0, "event %u is of another domain", byte);
	CHECK(write(events[1], &byte, 1) == 1, "%s", strerror(errno));
}

static void
on_event_destroy(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
		enum rte_dma_access_pair_group_event_type event)
{
	CHECK_OK(rte_dma_access_pair_group_destroy(dev_id, group_id));
	on_event(dev_id, group_id, domain_id, event);
}

static void
expect_event(enum rte_dma_access_pair_group_event_type expected)
{
	uint8_t event;

	CHECK(read(events[0], &event, 1) == 1, "%s", strerror(errno));
	CHECK(event == expected, "event %u, expected %d", event, expected);
}

static void
find_dev(void)
{
	struct rte_dma_info info;

	RTE_DMA_FOREACH_DEV(dev) {
		CHECK_OK(rte_dma_info_get(dev, &info));
		if ((info.dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) != 0)
			return;
	}
	CHECK(dev >= 0, "no device reaches other processes");
}

/* The channel copies from the other one's memory to ours. */
static void
start_dev(int16_t group)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 64 };
	struct rte_dma_inter_domain_param *domain = &vchan.domain;

	domain->type = RTE_DMA_INTER_PROCESS_DOMAIN;
	CHECK_OK(rte_dma_access_pair_group_handler_get(dev, group, peer_id, &domain->src_handler));
	CHECK_OK(rte_dma_access_pair_group_handler_get(dev, group, self_id, &domain->dst_handler));
	CHECK_OK(rte_dma_configure(dev, &conf));
	CHECK_OK(rte_dma_vchan_setup(dev, VCHAN, &vchan));
	CHECK_OK(rte_dma_start(dev));
}

static void
fill(uint8_t *to, uint8_t seed)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		to[i] = (i * 5 + (i >> 8)) ^ seed;
}

/* Copy what the other one has, in several operations, and look at it. */
static void
copy_from(rte_iova_t from)
{
	const uint32_t part = LEN / NB_PARTS;
	uint8_t *got = rte_zmalloc(NULL, LEN, 4096), *expected = malloc(LEN);
	rte_iova_t to = rte_malloc_virt2iova(got);
	bool failed = false;
	uint16_t i, last;

	CHECK(got != NULL && expected != NULL, "no memory for %d bytes", LEN);
	fill(expected, peer_seed);
	for (i = 0; i < NB_PARTS; i++)
		CHECK(rte_dma_copy(dev, VCHAN, from + i * part, to + i * part, part, 0) == i,
			"copy %u is not taken", i);
	CHECK_OK(rte_dma_submit(dev, VCHAN));
	for (i = 0; i < NB_PARTS; rte_pause()) {
		i += rte_dma_completed(dev, VCHAN, NB_PARTS, &last, &failed);
		CHECK(!failed, "copy %u failed", i);
	}
	CHECK(memcmp(got, expected, LEN) == 0, "the data is not that of the other one");
	rte_free(got);
	free(expected);
}

/* Both are in: each copies, and tells the other that it is done. */
static void
copy_both_ways(int16_t group, rte_iova_t from)
{
	struct note done;

	start_dev(group);
	copy_from(from);
	tell(group);
	hear(&done);
	CHECK_OK(rte_dma_stop(dev));
}

/* It is done right after the callback, on the callback's thread. */
static void
wait_destroyed(int16_t group)
{
	uint16_t handler;
	int ret;

	do {
		ret = rte_dma_access_pair_group_handler_get(dev, group, self_id, &handler);
	} while (ret == 0);
	CHECK(ret == -ENOENT, "%s", strerror(-ret));
}

static void
creator(void)
{
	struct note joined;
	int16_t group;

	CHECK_OK(rte_dma_access_pair_group_create(dev, self_id, token, &group, on_event_destroy));
	tell(group);
	hear(&joined);
	copy_both_ways(group, joined.buf);
	expect_event(RTE_DMA_GROUP_EVENT_MEMBER_LEFT);
	wait_destroyed(group);

	CHECK_OK(rte_dma_access_pair_group_create(dev, self_id, token, &group, NULL));
	tell(group);
	hear(&joined);
	CHECK(rte_dma_access_pair_group_destroy(dev, group) == -EBUSY, "the joiner is in");
	copy_both_ways(group, joined.buf);
	CHECK_OK(rte_dma_close(dev));
}

static int
join(const struct note *made)
{
	rte_uuid_copy(token, made->token);

	return rte_dma_access_pair_group_join(dev, self_id, token, made->group, on_event);
}

static void
joiner(void)
{
	struct note made, wrong;
	uint16_t handler;

	hear(&made);
	wrong = made;
	wrong.token[0] ^= 1;
	CHECK(join(&wrong) == -EACCES, "a wrong token is not refused");
	CHECK_OK(join(&made));
	tell(made.group);
	copy_both_ways(made.group, made.buf);
	CHECK_OK(rte_dma_access_pair_group_leave(dev, made.group));
	CHECK(rte_dma_access_pair_group_handler_get(dev, made.group, peer_id, &handler) == -ENOENT,
		"the group is known after it was left");

	hear(&made);
	CHECK_OK(join(&made));
	tell(made.group);
	copy_both_ways(made.group, made.buf);
	expect_event(RTE_DMA_GROUP_EVENT_GROUP_DESTROYED);
	CHECK_OK(rte_dma_close(dev));
}

static void
run(int argc, char **argv, const char *name, void (*role)(void), const char *self, const char *peer)
{
	alarm(DEADLINE_S);
	who = name;
	CHECK_OK(rte_uuid_parse(self, self_id));
	CHECK_OK(rte_uuid_parse(peer, peer_id));
	CHECK_OK(rte_uuid_parse("0d6f8a3e-91c4-4c57-a2b0-5e7d13f04c98", token));
	self_seed = self_id[15];
	peer_seed = peer_id[15];
	CHECK(pipe(events) == 0, "%s", strerror(errno));
	start_eal(argc, argv);
	buf = rte_malloc(NULL, LEN, 4096);
	CHECK(buf != NULL, "no memory for %d bytes", LEN);
	fill(buf, self_seed);
	find_dev();
	role();
	CHECK_OK(rte_eal_cleanup());
}

int
main(int argc, char **argv)
{
	static const char a[] = "8b1e64f0-3d27-4a95-b6c8-20f7d9e15a3a";
	static const char b[] = "8b1e64f0-3d27-4a95-b6c8-20f7d9e15a3b";
	int socks[2], status = 0;
	pid_t pid;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks) == 0, "%s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "%s", strerror(errno));
	sock = socks[pid == 0];
	close(socks[pid != 0]);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(argc, argv, "joiner", joiner, b, a);
		_exit(EXIT_SUCCESS);
	}
	run(argc, argv, "creator", creator, a, b);
	CHECK(waitpid(pid, &status, 0) == pid, "%s", strerror(errno));
	CHECK(status == 0, "the joiner ended with 0x%x", status);
	printf("two pairs copied %d bytes each way, and parted\n", LEN);

	return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A program as somebody outside of this repository writes it: of the DMA headers it includes only
 * rte_dma_access.h. Two processes, made by fork() before rte_eal_init(), form an access group. One
 * lets the other read one buffer and write another; the other does both by DMA, finds that it can
 * do nothing else, and leaves.
 *
 * The arguments are those of EAL for both processes. The deadline of all waiting is alarm().
 */

#include <rte_dma_access.h>

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

#define LEN (256 * 1024)
#define DEADLINE_S 50
#define MAX_ARGS 32
#define VCHAN 0
#define INTER_PROCESS (RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_OPS_HANDLER)

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

/* What the joiner has to be told. */
struct invitation {
	rte_uuid_t host;
	rte_uuid_t token;
	rte_iova_t readable;
	rte_iova_t writable;
	int16_t group;
};

static const rte_uuid_t host_id =
	RTE_UUID_INIT(0x3c9f1b52, 0x7a0e, 0x4d61, 0x8f25, 0x6e0b4c1d9701ULL);
static const rte_uuid_t joiner_id =
	RTE_UUID_INIT(0x3c9f1b52, 0x7a0e, 0x4d61, 0x8f25, 0x6e0b4c1d9702ULL);
static const char *who = "main";
/* A byte for each event, the reason, from the callback's thread to main(). */
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

static int16_t
start_dev(void)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = 32,
		.domain = {
			.type = RTE_DMA_INTER_PROCESS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};
	struct rte_dma_info info;
	int16_t dev;

	RTE_DMA_FOREACH_DEV(dev) {
		CHECK_OK(rte_dma_info_get(dev, &info));
		if ((info.dev_capa & INTER_PROCESS) == INTER_PROCESS)
			break;
	}
	CHECK(dev >= 0, "no device reaches other processes");
	CHECK_OK(rte_dma_configure(dev, &conf));
	CHECK_OK(rte_dma_vchan_setup(dev, VCHAN, &vchan));
	CHECK_OK(rte_dma_start(dev));

	return dev;
}

static enum rte_dma_status_code
copy(int16_t dev, rte_iova_t src, rte_iova_t dst, uint64_t flags)
{
	enum rte_dma_status_code status;
	uint16_t last;
	int ret;

	ret = rte_dma_copy(dev, VCHAN, src, dst, LEN, flags | RTE_DMA_OP_FLAG_SUBMIT);
	CHECK(ret >= 0, "%s", strerror(-ret));
	while (rte_dma_completed_status(dev, VCHAN, 1, &last, &status) == 0)
		rte_pause();

	return status;
}

static uint8_t
pattern(size_t i, uint8_t seed)
{
	return (i * 7 + (i >> 8)) ^ seed;
}

static uint8_t *
new_buffer(uint8_t seed)
{
	uint8_t *buf = rte_malloc(NULL, LEN, 4096);
	size_t i;

	CHECK(buf != NULL, "no memory for %d bytes", LEN);
	for (i = 0; i < LEN; i++)
		buf[i] = pattern(i, seed);

	return buf;
}

static void
check_buffer(const uint8_t *buf, uint8_t seed)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		CHECK(buf[i] == pattern(i, seed), "byte %zu is 0x%02x, expected 0x%02x", i, buf[i],
			pattern(i, seed));
}

static void
on_event(int16_t dev_id, enum rte_dma_event_type event, const struct rte_dma_event_info *info,
		void *arg)
{
	const uint8_t reason = info->reason;

	(void)dev_id;
	(void)event;
	(void)arg;
	CHECK(rte_uuid_compare(info->domain_id, joiner_id) == 0, "reason %u", reason);
	CHECK(write(events[1], &reason, 1) == 1, "%s", strerror(errno));
}

static void
expect_event(enum rte_dma_access_reason expected)
{
	uint8_t reason;

	CHECK(read(events[0], &reason, 1) == 1, "%s", strerror(errno));
	CHECK(reason == expected, "reason %u, expected %d", reason, expected);
}

static void
host(int sock)
{
	struct invitation inv;
	int16_t dev = start_dev();
	uint8_t *readable = new_buffer(1), *writable = new_buffer(2);
	const struct rte_dma_access_window windows[] = {
		{ rte_malloc_virt2iova(readable), LEN, RTE_DMA_ACCESS_PROT_READ },
		{ rte_malloc_virt2iova(writable), LEN, RTE_DMA_ACCESS_PROT_WRITE },
	};

	memset(&inv, 0, sizeof(inv));
	CHECK(pipe(events) == 0, "%s", strerror(errno));
	CHECK_OK(rte_dma_event_callback_register(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, on_event,
		NULL));
	CHECK_OK(rte_dma_access_token_generate(inv.token));
	CHECK_OK(rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, windows, 2));
	CHECK_OK(rte_dma_access_group_create(dev, host_id, inv.token, &inv.group));

	rte_uuid_copy(inv.host, host_id);
	inv.readable = windows[0].base;
	inv.writable = windows[1].base;
	CHECK(send(sock, &inv, sizeof(inv), 0) == sizeof(inv), "%s", strerror(errno));
	expect_event(RTE_DMA_ACCESS_REASON_JOINED);
	expect_event(RTE_DMA_ACCESS_REASON_LEFT);
	check_buffer(readable, 1);
	check_buffer(writable, 3);
	CHECK(rte_dma_access_group_size_get(dev, inv.group) == 1, "the joiner is still in");
	CHECK_OK(rte_dma_access_group_destroy(dev, inv.group));
	CHECK_OK(rte_dma_stop(dev));
	CHECK_OK(rte_dma_close(dev));
}

/* Everything that the host allows, and what it does not. */
static void
copy_from_and_to(int16_t dev, const struct invitation *inv, uint16_t handler)
{
	uint8_t *buf = new_buffer(4), *mine = new_buffer(3);
	const uint64_t from = RTE_DMA_OP_FLAG_SRC_HANDLER | RTE_DMA_OP_HANDLER(handler);
	const uint64_t to = RTE_DMA_OP_FLAG_DST_HANDLER | RTE_DMA_OP_HANDLER(handler);
	enum rte_dma_status_code status;

	status = copy(dev, inv->readable, rte_malloc_virt2iova(buf), from);
	CHECK(status == RTE_DMA_STATUS_SUCCESSFUL, "status %d", status);
	check_buffer(buf, 1);
	status = copy(dev, rte_malloc_virt2iova(mine), inv->writable, to);
	CHECK(status == RTE_DMA_STATUS_SUCCESSFUL, "status %d", status);
	status = copy(dev, inv->writable, rte_malloc_virt2iova(buf), from);
	CHECK(status == RTE_DMA_STATUS_ACCESS_DENIED, "status %d", status);
	status = copy(dev, rte_malloc_virt2iova(mine), inv->readable, to);
	CHECK(status == RTE_DMA_STATUS_ACCESS_DENIED, "status %d", status);
	check_buffer(buf, 1);
}

static void
joiner(int sock)
{
	struct rte_dma_access_entry table[2];
	struct invitation inv;
	enum rte_dma_status_code status;
	int16_t dev = start_dev();
	uint8_t *buf = new_buffer(5);
	uint16_t handler;

	CHECK(recv(sock, &inv, sizeof(inv), 0) == sizeof(inv), "the host does not invite");
	CHECK_OK(rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, NULL, 0));
	CHECK_OK(rte_dma_access_group_join(dev, joiner_id, inv.token, inv.group));
	CHECK(rte_dma_access_group_get(dev, inv.group, table, 2) == 2, "not two members");
	CHECK(table[0].flags == RTE_DMA_ACCESS_ENTRY_CREATOR, "flags 0x%x", table[0].flags);
	CHECK_OK(rte_dma_access_group_handler_get(dev, inv.group, inv.host, &handler));
	CHECK(handler == table[0].handler, "%u and %u", handler, table[0].handler);
	copy_from_and_to(dev, &inv, handler);

	CHECK_OK(rte_dma_access_group_leave(dev, inv.group));
	status = copy(dev, inv.readable, rte_malloc_virt2iova(buf),
		RTE_DMA_OP_FLAG_SRC_HANDLER | RTE_DMA_OP_HANDLER(handler));
	CHECK(status == RTE_DMA_STATUS_INVALID_HANDLER || status == RTE_DMA_STATUS_ACCESS_DENIED,
		"status %d", status);
	check_buffer(buf, 5);
	CHECK_OK(rte_dma_stop(dev));
	CHECK_OK(rte_dma_close(dev));
}

static void
run(int argc, char **argv, const char *name, void (*role)(int sock), int sock)
{
	alarm(DEADLINE_S);
	who = name;
	start_eal(argc, argv);
	role(sock);
	CHECK_OK(rte_eal_cleanup());
}

int
main(int argc, char **argv)
{
	int socks[2], status = 0;
	pid_t pid;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks) == 0, "%s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "%s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(socks[0]);
		run(argc, argv, "joiner", joiner, socks[1]);
		_exit(EXIT_SUCCESS);
	}
	close(socks[1]);
	run(argc, argv, "host", host, socks[0]);
	CHECK(waitpid(pid, &status, 0) == pid, "%s", strerror(errno));
	CHECK(status == 0, "the joiner ended with 0x%x", status);
	printf("read and wrote %d bytes of another process, and was refused elsewhere\n", LEN);

	return EXIT_SUCCESS;
}

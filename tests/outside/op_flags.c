/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What may be in the flags of an operation, as a user's program sees it who compiles it with
 * RTE_DMADEV_DEBUG, and without. With it the library refuses misuse before the device has seen it;
 * without, the device fails the operation, and takes no address for a local one that is not. What
 * is right passes and moves data in both.
 *
 * Two processes, made by fork() before rte_eal_init(), form an access group. The host does nothing
 * but own a buffer; the other one does all the operations. The arguments are those of EAL for both,
 * with dma_sw0 and dma_skeleton. The deadline of all waiting is alarm().
 */

#include <rte_dma_access.h>

#include <errno.h>
#include <inttypes.h>
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

#define LEN 256
#define DEADLINE_S 50
#define MAX_ARGS 32

#define SRC RTE_DMA_OP_FLAG_SRC_HANDLER
#define DST RTE_DMA_OP_FLAG_DST_HANDLER
#define BOTH (SRC | DST)
#define SELF RTE_DMA_OP_HANDLER(RTE_DMA_HANDLER_SELF)
#define FILL_PATTERN 0x1122334455667788ull

#ifdef RTE_DMADEV_DEBUG
static const bool debug = true;
#else
static const bool debug;
#endif

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

/* The channels of dma_sw0: local; at home by default; sources in the host's memory by default. */
enum { LOCAL, HOME, FROM_HOST, NB_VCHANS };
enum op { COPY, COPY_SG, FILL, NB_OPS };

/* The parts of the host's buffer, and how they are to end. */
enum {
	READABLE, /* as it began: seed READABLE */
	WRITTEN,  /* seed 10, from the joiner */
	COPIED,   /* READABLE again, copied within the host */
	FILLED,   /* FILL_PATTERN */
	NB_PARTS
};

struct invitation {
	rte_uuid_t token;
	rte_iova_t buf;
	int16_t group;
};

static const rte_uuid_t host_id =
	RTE_UUID_INIT(0x51d7c3a4, 0x2b6e, 0x4f90, 0xa318, 0x7c2e905d4b01ULL);
static const rte_uuid_t joiner_id =
	RTE_UUID_INIT(0x51d7c3a4, 0x2b6e, 0x4f90, 0xa318, 0x7c2e905d4b02ULL);
static const char *const op_names[] = { "copy", "copy_sg", "fill" };
static const char *who = "main";
/* Own memory of the joiner. */
static uint8_t *mine, *other;
static unsigned int refused, passed;

static void
start_eal(int argc, char **argv)
{
	char *args[MAX_ARGS + 2], prefix[64];
	int i;

	CHECK(argc <= MAX_ARGS, "%d arguments are too many", argc);
	for (i = 0; i < argc; i++)
		args[i] = argv[i];
	snprintf(prefix, sizeof(prefix), "--file-prefix=flags_%s", who);
	args[i++] = prefix;
	args[i] = NULL;
	CHECK(rte_eal_init(i, args) >= 0, "EAL does not start");
}

static int16_t
device(const char *name)
{
	int dev = rte_dma_get_dev_id_by_name(name);

	CHECK(dev >= 0, "there is no %s", name);

	return dev;
}

static void
put_pattern(uint8_t *p, uint8_t seed)
{
	int i;

	for (i = 0; i < LEN; i++)
		p[i] = seed * 16 + i % 13;
}

static void
check_pattern(const uint8_t *p, uint8_t seed, const char *what)
{
	int i;

	for (i = 0; i < LEN; i++)
		CHECK(p[i] == (uint8_t)(seed * 16 + i % 13), "%s: byte %d is 0x%02x", what, i,
			p[i]);
}

static void
check_filled(const uint8_t *p, const char *what)
{
	const uint64_t pattern = FILL_PATTERN;
	int i;

	for (i = 0; i < LEN; i += sizeof(pattern))
		CHECK(memcmp(p + i, &pattern, sizeof(pattern)) == 0, "%s: byte %d", what, i);
}

/* Submit an operation: its index, or what the library says. */
static int
submit(int16_t dev, uint16_t vchan, enum op op, rte_iova_t src, rte_iova_t dst, uint64_t flags)
{
	struct rte_dma_sge from[2] = { { src, LEN / 4 }, { src + LEN / 4, LEN - LEN / 4 } };
	struct rte_dma_sge to[2] = { { dst, LEN / 2 }, { dst + LEN / 2, LEN / 2 } };

	flags |= RTE_DMA_OP_FLAG_SUBMIT;
	switch (op) {
	case COPY:
		return rte_dma_copy(dev, vchan, src, dst, LEN, flags);
	case COPY_SG:
		return rte_dma_copy_sg(dev, vchan, from, to, 2, 2, flags);
	default:
		return rte_dma_fill(dev, vchan, FILL_PATTERN, dst, LEN, flags);
	}
}

static enum rte_dma_status_code
status_of_next(int16_t dev, uint16_t vchan)
{
	enum rte_dma_status_code status;
	uint16_t last;

	while (rte_dma_completed_status(dev, vchan, 1, &last, &status) == 0)
		rte_pause();

	return status;
}

/*
 * An operation that must not be done. Its addresses are right ones of the joiner: who takes them
 * for that moves data. Without the library's checks the device answers, if it knows handlers.
 */
static void
misuse(int16_t dev, uint16_t vchan, enum op op, uint64_t flags, int expected)
{
	const uint16_t room = rte_dma_burst_capacity(dev, vchan);
	struct rte_dma_stats before, after;
	int ret;

	put_pattern(mine, 1);
	put_pattern(other, 2);
	CHECK_OK(rte_dma_stats_get(dev, vchan, &before));
	ret = submit(dev, vchan, op, (uintptr_t)mine, (uintptr_t)other, flags);
	if (debug) {
		CHECK(ret == -EINVAL, "device %d, vchan %u, %s, flags 0x%" PRIx64 ": %d", dev,
			vchan, op_names[op], flags, ret);
		CHECK_OK(rte_dma_stats_get(dev, vchan, &after));
		CHECK(after.submitted == before.submitted, "flags 0x%" PRIx64 " reached the device",
			flags);
		CHECK(rte_dma_burst_capacity(dev, vchan) == room, "flags 0x%" PRIx64 " took room",
			flags);
	} else {
		CHECK(ret >= 0, "vchan %u, %s, flags 0x%" PRIx64 ": %s", vchan, op_names[op], flags,
			strerror(-ret));
		ret = status_of_next(dev, vchan);
		CHECK(ret == expected, "vchan %u, %s, flags 0x%" PRIx64 ": status %d, expected %d",
			vchan, op_names[op], flags, ret, expected);
	}
	check_pattern(other, 2, "what a refused operation leaves alone");
	refused++;
}

static void
use(int16_t dev, uint16_t vchan, enum op op, rte_iova_t src, rte_iova_t dst, uint64_t flags)
{
	const uint64_t hints = RTE_DMA_OP_FLAG_FENCE | RTE_DMA_OP_FLAG_LLC;
	int ret;

	ret = submit(dev, vchan, op, src, dst, flags | (passed % 2 == 0 ? hints : 0));
	CHECK(ret >= 0, "device %d, vchan %u, %s, flags 0x%" PRIx64 ": %s", dev, vchan,
		op_names[op], flags, strerror(-ret));
	ret = status_of_next(dev, vchan);
	CHECK(ret == RTE_DMA_STATUS_SUCCESSFUL, "device %d, vchan %u, %s, flags 0x%" PRIx64
		": status %d", dev, vchan, op_names[op], flags, ret);
	passed++;
}

static void
misuse_everywhere(int16_t dev, uint64_t handler, enum op op)
{
	uint16_t vchan;
	int bit;

	for (vchan = 0; vchan < NB_VCHANS; vchan++) {
		/* A handler of neither end. */
		misuse(dev, vchan, op, handler, RTE_DMA_STATUS_INVALID_HANDLER);
		misuse(dev, vchan, op, SELF, RTE_DMA_STATUS_INVALID_HANDLER);
		misuse(dev, vchan, op, RTE_DMA_OP_HANDLER(1), RTE_DMA_STATUS_INVALID_HANDLER);
		for (bit = 0; bit < 48; bit++)
			if ((RTE_BIT64(bit) & (RTE_DMA_OP_FLAG_FENCE | RTE_DMA_OP_FLAG_SUBMIT |
					RTE_DMA_OP_FLAG_LLC | BOTH)) == 0)
				misuse(dev, vchan, op, RTE_BIT64(bit),
					RTE_DMA_STATUS_INVALID_OPCODE);
		if (op == FILL) {
			misuse(dev, vchan, op, SRC | handler, RTE_DMA_STATUS_INVALID_HANDLER);
			misuse(dev, vchan, op, SRC | SELF, RTE_DMA_STATUS_INVALID_HANDLER);
			misuse(dev, vchan, op, BOTH | handler, RTE_DMA_STATUS_INVALID_HANDLER);
		}
	}
	/* A local channel has no ends to replace, be it by what they are. */
	misuse(dev, LOCAL, op, DST | handler, RTE_DMA_STATUS_INVALID_HANDLER);
	misuse(dev, LOCAL, op, DST | SELF, RTE_DMA_STATUS_INVALID_HANDLER);
	misuse(dev, LOCAL, op, DST, RTE_DMA_STATUS_INVALID_HANDLER);
	if (op != FILL) {
		misuse(dev, LOCAL, op, SRC | handler, RTE_DMA_STATUS_INVALID_HANDLER);
		misuse(dev, LOCAL, op, SRC | SELF, RTE_DMA_STATUS_INVALID_HANDLER);
		misuse(dev, LOCAL, op, BOTH | handler, RTE_DMA_STATUS_INVALID_HANDLER);
	}
	if (debug)
		CHECK(submit(dev, NB_VCHANS, op, (uintptr_t)mine, (uintptr_t)other,
			DST | handler) == -EINVAL, "a channel that is not there");
}

/* Flags that are right name a domain that is none: for the device to find out, always. */
static void
no_domain(int16_t dev)
{
	const uint64_t flags[] = { SRC, DST, BOTH, SRC | RTE_DMA_OP_HANDLER(0xfffe) };
	enum rte_dma_status_code status;
	unsigned int i;
	int ret;

	put_pattern(other, 2);
	for (i = 0; i < RTE_DIM(flags); i++) {
		ret = submit(dev, HOME, COPY, (uintptr_t)mine, (uintptr_t)other, flags[i]);
		CHECK(ret >= 0, "flags 0x%" PRIx64 ": %s", flags[i], strerror(-ret));
		status = status_of_next(dev, HOME);
		CHECK(status == RTE_DMA_STATUS_INVALID_HANDLER, "flags 0x%" PRIx64 ": status %d",
			flags[i], status);
	}
	check_pattern(other, 2, "what goes to no domain");
}

/* The same as 'from' of 'vchan', but the result comes home. */
static void
fetch(int16_t dev, uint16_t vchan, enum op op, rte_iova_t from, uint64_t flags, uint8_t seed)
{
	memset(other, 0, LEN);
	use(dev, vchan, op, from, (uintptr_t)other, flags);
	check_pattern(other, seed, op_names[op]);
}

static void
uses(int16_t dev, uint64_t handler, rte_iova_t host, enum op op)
{
	const rte_iova_t readable = host + READABLE * LEN, written = host + WRITTEN * LEN,
		copied = host + COPIED * LEN;

	put_pattern(mine, 10);
	fetch(dev, LOCAL, op, (uintptr_t)mine, 0, 10);
	fetch(dev, HOME, op, (uintptr_t)mine, 0, 10);
	fetch(dev, HOME, op, (uintptr_t)mine, BOTH | SELF, 10);
	fetch(dev, HOME, op, readable, SRC | handler, READABLE);
	fetch(dev, FROM_HOST, op, readable, 0, READABLE);
	fetch(dev, FROM_HOST, op, readable, DST | SELF, READABLE);
	/* The default of the channel replaced. */
	fetch(dev, FROM_HOST, op, (uintptr_t)mine, SRC | SELF, 10);

	use(dev, HOME, op, (uintptr_t)mine, written, DST | handler);
	fetch(dev, HOME, COPY, written, SRC | handler, 10);
	use(dev, HOME, op, readable, copied, BOTH | handler);
	fetch(dev, HOME, COPY, copied, SRC | handler, READABLE);
	use(dev, HOME, op, (uintptr_t)mine, copied, DST | handler);
	use(dev, FROM_HOST, op, readable, copied, DST | handler);
	fetch(dev, HOME, COPY, copied, SRC | handler, READABLE);
}

static void
fills(int16_t dev, uint64_t handler, rte_iova_t host)
{
	const uint64_t at_home[] = { 0, DST | SELF };
	const rte_iova_t filled = host + FILLED * LEN;
	uint16_t vchan;

	for (vchan = 0; vchan < NB_VCHANS; vchan++) {
		memset(other, 0, LEN);
		use(dev, vchan, FILL, 0, (uintptr_t)other, at_home[vchan != LOCAL]);
		check_filled(other, "filled at home");
		memset(other, 0, LEN);
		use(dev, vchan, FILL, 0, (uintptr_t)other, 0);
		check_filled(other, "filled by default");
	}
	use(dev, FROM_HOST, FILL, 0, filled, DST | handler);
	use(dev, HOME, FILL, 0, filled, DST | handler);
	memset(other, 0, LEN);
	use(dev, HOME, COPY, filled, (uintptr_t)other, SRC | handler);
	check_filled(other, "filled in the host");
}

static void
start_sw(int16_t dev, uint16_t handler)
{
	const struct rte_dma_conf conf = { .nb_vchans = NB_VCHANS };
	struct rte_dma_vchan_conf vchan = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 32 };

	CHECK_OK(rte_dma_configure(dev, &conf));
	CHECK_OK(rte_dma_vchan_setup(dev, LOCAL, &vchan));
	vchan.domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	vchan.domain.src_handler = RTE_DMA_HANDLER_SELF;
	vchan.domain.dst_handler = RTE_DMA_HANDLER_SELF;
	CHECK_OK(rte_dma_vchan_setup(dev, HOME, &vchan));
	vchan.domain.src_handler = handler;
	CHECK_OK(rte_dma_vchan_setup(dev, FROM_HOST, &vchan));
	CHECK_OK(rte_dma_start(dev));
}

/* A device without the capability: only the library can refuse there what is not to be done. */
static void
skeleton(void)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 128,
	};
	const uint64_t flags[] = {
		SRC, DST, BOTH, SRC | SELF, DST | SELF, BOTH | SELF, SRC | RTE_DMA_OP_HANDLER(1),
		SELF, RTE_DMA_OP_HANDLER(1), RTE_BIT64(3), RTE_BIT64(6), RTE_BIT64(47),
	};
	const int16_t dev = device("dma_skeleton");
	struct rte_dma_info info;
	unsigned int i;

	CHECK_OK(rte_dma_info_get(dev, &info));
	CHECK((info.dev_capa & RTE_DMA_CAPA_OPS_HANDLER) == 0, "dma_skeleton knows handlers");
	CHECK_OK(rte_dma_configure(dev, &conf));
	CHECK_OK(rte_dma_vchan_setup(dev, 0, &vchan));
	CHECK_OK(rte_dma_start(dev));
	for (i = 0; debug && i < RTE_DIM(flags); i++)
		misuse(dev, 0, COPY, flags[i], 0);
	put_pattern(mine, 3);
	for (i = 0; i < 2; i++)
		fetch(dev, 0, COPY, (uintptr_t)mine, 0, 3);
	CHECK_OK(rte_dma_stop(dev));
	CHECK_OK(rte_dma_close(dev));
}

static void
joiner(int sock)
{
	const int16_t dev = device("dma_sw0");
	struct invitation inv;
	uint16_t handler;
	enum op op;

	mine = rte_zmalloc(NULL, LEN, 64);
	other = rte_zmalloc(NULL, LEN, 64);
	CHECK(mine != NULL && other != NULL, "no memory");
	CHECK(recv(sock, &inv, sizeof(inv), 0) == sizeof(inv), "the host does not invite");
	CHECK_OK(rte_dma_access_group_join(dev, joiner_id, inv.token, inv.group));
	CHECK_OK(rte_dma_access_group_handler_get(dev, inv.group, host_id, &handler));
	start_sw(dev, handler);

	for (op = 0; op < NB_OPS; op++)
		misuse_everywhere(dev, RTE_DMA_OP_HANDLER(handler), op);
	no_domain(dev);
	uses(dev, RTE_DMA_OP_HANDLER(handler), inv.buf, COPY);
	uses(dev, RTE_DMA_OP_HANDLER(handler), inv.buf, COPY_SG);
	fills(dev, RTE_DMA_OP_HANDLER(handler), inv.buf);
	skeleton();

	CHECK(send(sock, "", 1, 0) == 1, "%s", strerror(errno));
	CHECK_OK(rte_dma_stop(dev));
	CHECK_OK(rte_dma_close(dev));
	CHECK(refused > 0 && passed > 0, "%u refused, %u passed", refused, passed);
	printf("%s RTE_DMADEV_DEBUG: %u operations refused, %u passed\n",
		debug ? "with" : "without", refused, passed);
	fflush(stdout);
}

static void
host(int sock)
{
	const int16_t dev = device("dma_sw0");
	uint8_t *buf = rte_zmalloc(NULL, NB_PARTS * LEN, 64);
	struct invitation inv;
	char done;

	CHECK(buf != NULL, "no memory");
	put_pattern(buf + READABLE * LEN, READABLE);
	memset(&inv, 0, sizeof(inv));
	inv.buf = rte_malloc_virt2iova(buf);
	CHECK_OK(rte_dma_access_token_generate(inv.token));
	CHECK_OK(rte_dma_access_group_create(dev, host_id, inv.token, &inv.group));
	CHECK(send(sock, &inv, sizeof(inv), 0) == sizeof(inv), "%s", strerror(errno));
	CHECK(recv(sock, &done, 1, 0) == 1, "the joiner ended too early");

	check_pattern(buf + READABLE * LEN, READABLE, "read");
	check_pattern(buf + WRITTEN * LEN, 10, "written");
	check_pattern(buf + COPIED * LEN, READABLE, "copied");
	check_filled(buf + FILLED * LEN, "filled");
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

	return EXIT_SUCCESS;
}

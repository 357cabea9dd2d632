/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What has to be there before anything can be measured: a controller, the peer, which shares one
 * buffer for writing, and the submitter's memory and devices. The peer lives as long as its
 * connection to the submitter.
 */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_dma_access.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "bench.h"

#define MIB ((size_t)1 << 20)
/* EAL's and the driver's own needs. */
#define SPARE_MIB 32
#define ANSWER_MS 60000
#define END_MS 10000
#define MAX_ARGS 16

/* The first message of the peer. */
struct offer {
	uint8_t *area;
	int16_t group;
};

/* What the peer is asked, and its answer: bench_differs(). */
struct question {
	size_t len;
	uint64_t seed;
};

static const rte_uuid_t peer_id =
	RTE_UUID_INIT(0x51d0a7c4, 0x2b83, 0x4e6f, 0x9a17, 0xc84e02f6b391ULL);
static const rte_uuid_t self_id =
	RTE_UUID_INIT(0x51d0a7c4, 0x2b83, 0x4e6f, 0x9a17, 0xc84e02f6b392ULL);
static const struct bench *to_remove;
static pid_t remover;
static char *eal_args[MAX_ARGS + 1];

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);

	return 0;
}

static void
remove_dir(void)
{
	if (getpid() == remover)
		nftw(to_remove->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
make_dir(struct bench *b)
{
	char path[sizeof(b->dir) + 16];

	snprintf(b->dir, sizeof(b->dir), "/tmp/dma-bench.XXXXXX");
	if (mkdtemp(b->dir) == NULL)
		bench_die("cannot make %s: %s", b->dir, strerror(errno));
	to_remove = b;
	remover = getpid();
	atexit(remove_dir);
	snprintf(path, sizeof(path), "%s/access", b->dir);
	if (mkdir(path, 0700) != 0)
		bench_die("cannot make %s: %s", path, strerror(errno));
	setenv("RTE_DMA_ACCESS_DIR", path, 1);
	setenv("RUNTIME_DIRECTORY", b->dir, 1);
}

/* With an engine on a core of its own. It goes to the background once it serves. */
static void
start_controller(const struct bench_options *opt)
{
	char core[16];
	int status;
	pid_t pid;

	snprintf(core, sizeof(core), "%d", opt->engine_core);
	pid = fork();
	if (pid == 0) {
		execlp("dpdk-dma-controller", "dpdk-dma-controller", "--dir",
			getenv("RTE_DMA_ACCESS_DIR"), "--cores", core, "--daemon",
			"--exit-when-unused", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bench_die("cannot start a process: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		bench_die("dpdk-dma-controller is not in PATH; source devtools/env.sh first");
	if (status != 0)
		bench_die("dpdk-dma-controller did not come up: status 0x%x", status);
}

static size_t
max_area(const struct bench_options *opt)
{
	uint32_t i, most = 0;

	for (i = 0; i < opt->nb_footprints; i++)
		if (opt->footprints[i] > most)
			most = opt->footprints[i];

	return most * MIB / 2;
}

static size_t
free_huge_mib(void)
{
	unsigned long nb = 0, kib = 0, n;
	char line[128];
	FILE *f;

	f = fopen("/proc/meminfo", "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "HugePages_Free: %lu", &n) == 1)
			nb = n;
		else if (sscanf(line, "Hugepagesize: %lu", &n) == 1)
			kib = n;
	}
	fclose(f);

	return nb * kib / 1024;
}

/* EAL keeps the arguments and sorts them. */
__attribute__((format(printf, 1, 2)))
static int
add_arg(const char *fmt, ...)
{
	static char text[MAX_ARGS][64];
	static int nb;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text[nb], sizeof(text[0]), fmt, ap);
	va_end(ap);
	eal_args[nb] = text[nb];

	return ++nb;
}

static void
start_eal(const struct bench_options *opt, const char *who, size_t mib, bool is_submitter)
{
	int nb;

	add_arg("dma_bench");
	add_arg("--no-pci");
	add_arg("--no-telemetry");
	add_arg("--log-level=warning");
	/* It warns of each kind of huge page of which there is none. */
	add_arg("--log-level=lib.eal:error");
	add_arg("--file-prefix=%s", who);
	add_arg("-m%zu", mib + SPARE_MIB);
	add_arg(opt->huge ? "--in-memory" : "--no-huge");
	if (is_submitter) {
		add_arg("-l%d,%d", opt->submitter_core, opt->engine_core);
		add_arg("--main-lcore=%d", opt->submitter_core);
		add_arg("--vdev=dma_skeleton,lcore=%d", opt->engine_core);
	} else {
		add_arg("-l%d", opt->submitter_core);
	}
	nb = add_arg("--vdev=dma_sw0,spawn=0");
	if (rte_eal_init(nb, eal_args) < 0)
		bench_die("EAL does not start in the %s", who);
}

static uint8_t *
new_area(size_t len)
{
	uint8_t *area = rte_malloc(NULL, len, 4096);

	if (area == NULL)
		bench_die("no memory for %zu MiB", len / MIB);
	/* So that no page has to be found while the clock runs. */
	memset(area, 0, len);

	return area;
}

void
bench_fill(uint8_t *area, size_t len, uint64_t seed)
{
	uint64_t *word = (uint64_t *)area;
	size_t i;

	for (i = 0; i < len / 8; i++)
		word[i] = (i + 1) * 0x9e3779b97f4a7c15 ^ seed;
}

size_t
bench_differs(const uint8_t *area, size_t len, uint64_t seed)
{
	const uint64_t *word = (const uint64_t *)area;
	size_t i;

	for (i = 0; i < len / 8; i++)
		if (word[i] != ((i + 1) * 0x9e3779b97f4a7c15 ^ seed))
			return i * 8;

	return len;
}

/* --- The peer --------------------------------------------------------------------------------- */

static void
make_group(int16_t dev, const struct bench *b, struct offer *offer)
{
	const struct rte_dma_access_window window = {
		.base = rte_malloc_virt2iova(offer->area),
		.len = b->area,
		.prot = RTE_DMA_ACCESS_PROT_WRITE,
	};
	int ret;

	ret = rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, &window, 1);
	if (ret == 0)
		ret = rte_dma_access_group_create(dev, peer_id, b->token, &offer->group);
	if (ret != 0)
		bench_die("the peer cannot create a group: %s", strerror(-ret));
}

/* Says what it has, then answers questions until the submitter goes. */
static void
be_peer(const struct bench *b, int sock)
{
	struct question question;
	struct offer offer;
	size_t answer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* An interrupt of the terminal is the submitter's business. */
	signal(SIGINT, SIG_IGN);
	start_eal(b->opt, "peer", b->area / MIB, false);
	memset(&offer, 0, sizeof(offer));
	offer.area = new_area(b->area);
	make_group(rte_dma_get_dev_id_by_name("dma_sw0"), b, &offer);
	if (send(sock, &offer, sizeof(offer), MSG_NOSIGNAL) != sizeof(offer))
		bench_die("the peer cannot speak: %s", strerror(errno));
	while (recv(sock, &question, sizeof(question), 0) == sizeof(question)) {
		answer = bench_differs(offer.area, question.len, question.seed);
		if (send(sock, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			break;
	}
	rte_dma_close(rte_dma_get_dev_id_by_name("dma_sw0"));
	rte_eal_cleanup();
	exit(EXIT_SUCCESS);
}

/* --- The submitter ---------------------------------------------------------------------------- */

static void
start_peer(struct bench *b)
{
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) != 0)
		bench_die("no socket: %s", strerror(errno));
	b->peer = fork();
	if (b->peer < 0)
		bench_die("cannot start a process: %s", strerror(errno));
	if (b->peer == 0) {
		close(socks[0]);
		be_peer(b, socks[1]);
	}
	close(socks[1]);
	b->sock = socks[0];
}

static void
hear_peer(const struct bench *b, void *answer, size_t len)
{
	struct pollfd pfd = { .fd = b->sock, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, ANSWER_MS);
	} while (ret < 0 && errno == EINTR && !bench_interrupted());
	if (bench_interrupted())
		bench_die("interrupted");
	if (ret != 1)
		bench_die("no answer of the peer in %d s", ANSWER_MS / 1000);
	if (recv(b->sock, answer, len, 0) != (ssize_t)len)
		bench_die("the peer is gone");
}

size_t
bench_peer_differs(struct bench *b, size_t len, uint64_t seed)
{
	const struct question question = { .len = len, .seed = seed };
	size_t answer;

	if (send(b->sock, &question, sizeof(question), MSG_NOSIGNAL) != sizeof(question))
		bench_die("the peer cannot be asked: %s", strerror(errno));
	hear_peer(b, &answer, sizeof(answer));

	return answer;
}

static void
configure(int16_t dev, const struct rte_dma_vchan_conf *vchans, uint16_t nb)
{
	const struct rte_dma_conf conf = { .nb_vchans = nb };
	uint16_t i;
	int ret;

	ret = rte_dma_configure(dev, &conf);
	for (i = 0; ret == 0 && i < nb; i++)
		ret = rte_dma_vchan_setup(dev, i, &vchans[i]);
	if (ret != 0)
		bench_die("device %d cannot be set up: %s", dev, strerror(-ret));
}

/* Channel 0 of dma_sw writes to the peer, channel 1 is one as it was without access groups. */
static void
start_devices(struct bench *b, const struct offer *offer)
{
	struct rte_dma_vchan_conf vchans[2];
	uint16_t handler;
	int ret;

	ret = rte_dma_access_window_set(b->sw, RTE_DMA_ACCESS_GROUP_NONE, NULL, 0);
	if (ret == 0)
		ret = rte_dma_access_group_join(b->sw, self_id, b->token, offer->group);
	if (ret == 0)
		ret = rte_dma_access_group_handler_get(b->sw, offer->group, peer_id, &handler);
	if (ret != 0)
		bench_die("cannot join the peer's group: %s", strerror(-ret));
	memset(vchans, 0, sizeof(vchans));
	vchans[0].direction = vchans[1].direction = RTE_DMA_DIR_MEM_TO_MEM;
	vchans[0].nb_desc = vchans[1].nb_desc = BENCH_NB_DESC;
	vchans[0].domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	vchans[0].domain.src_handler = RTE_DMA_HANDLER_SELF;
	vchans[0].domain.dst_handler = handler;
	configure(b->sw, vchans, 2);
	configure(b->skeleton, &vchans[1], 1);
	ret = rte_dma_start(b->sw);
	if (ret != 0)
		bench_die("dma_sw does not start: %s", strerror(-ret));
}

void
bench_setup(struct bench *b, struct bench_options *opt)
{
	struct offer offer;
	int ret;

	b->opt = opt;
	b->area = max_area(opt);
	if (opt->huge && free_huge_mib() < 3 * b->area / MIB + 2 * SPARE_MIB) {
		fprintf(stderr, "dma_bench: %zu MiB of huge pages are needed and %zu are free: "
			"taking small ones\n", 3 * b->area / MIB + 2 * SPARE_MIB, free_huge_mib());
		opt->huge = false;
	}
	ret = rte_dma_access_token_generate(b->token);
	if (ret != 0)
		bench_die("no token: %s", strerror(-ret));
	make_dir(b);
	start_controller(opt);
	/* Before EAL, which a child could not use. */
	start_peer(b);
	start_eal(opt, "submitter", 2 * b->area / MIB, true);
	b->src = new_area(b->area);
	b->local = new_area(b->area);
	b->sw = rte_dma_get_dev_id_by_name("dma_sw0");
	b->skeleton = rte_dma_get_dev_id_by_name("dma_skeleton");
	if (b->sw < 0 || b->skeleton < 0)
		bench_die("a DMA device is missing: dma_sw %d, dma_skeleton %d", b->sw,
			b->skeleton);
	hear_peer(b, &offer, sizeof(offer));
	b->remote = offer.area;
	start_devices(b, &offer);
}

/* Its directory's lock is free once it has ended. */
static void
wait_controller_end(void)
{
	char path[96];
	int fd, ms;

	snprintf(path, sizeof(path), "%s/dma_sw.lock", getenv("RTE_DMA_ACCESS_DIR"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (ms = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; ms += 5) {
		if (ms >= END_MS)
			bench_die("the controller did not end after its last client");
		poll(NULL, 0, 5);
	}
	close(fd);
}

void
bench_cleanup(struct bench *b)
{
	int status;

	rte_dma_stop(b->sw);
	rte_dma_close(b->sw);
	rte_dma_close(b->skeleton);
	close(b->sock);
	if (waitpid(b->peer, &status, 0) != b->peer || status != 0)
		bench_die("the peer ended with 0x%x", status);
	rte_eal_cleanup();
	wait_controller_end();
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: any trick with shared memory. Descriptors that are no memory, ranges that are none of
 * the file's, memory that goes away under a copy or never was there: requests are refused,
 * operations fail, and the controller neither dies nor pays for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "good_pair.h"
#include "testing.h"

#define PAGE   4096ul
#define HUGE   (2ul << 20)
#define LEN    (4ul << 20)
#define BASE   (1ul << 40)
#define CANARY 0xc5

static struct controller ctl;
static uid_t attacker_uid, victim_uid;
static struct sw_client c; /* the attacker */

static void
must_refuse(const char *what, int fd)
{
	int ret;

	if (fd < 0) {
		test_say("  %s: not to be had here: %s", what, strerror(errno));
		return;
	}
	ret = sw_region_add(&c, BASE, PAGE, 0, fd);
	CHECK(ret < 0 && ret != -ENOTCONN && ret != -ETIMEDOUT, "%s as memory: %d", what, ret);
	close(fd);
	/* What is no memory is closed by and by; a crowd of it would be taken for an attack. */
	pause_ms(2);
}

static int
shm_file(const char *dir, int flags)
{
	char path[64];
	int fd, again;

	snprintf(path, sizeof(path), "%s/dma-hostile.XXXXXX", dir);
	fd = mkstemp(path);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, PAGE) != 0)
		test_say("  %s: %s", path, strerror(errno));
	again = open(path, flags | O_CLOEXEC);
	unlink(path);
	close(fd);

	return again;
}

static int
sealed(unsigned int seals)
{
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, PAGE) != 0 || fcntl(fd, F_ADD_SEALS, seals) != 0)) {
		close(fd);
		return -1;
	}

	return fd;
}

static void
odd_descriptors(void)
{
	int pair[2], fd, before, after;
	sigset_t set;

	test_say("descriptors that are no memory, or not for writing");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	before = controller_fds(&ctl);
	CHECK(pipe2(pair, O_CLOEXEC) == 0, "pipe");
	must_refuse("a pipe's end for reading", pair[0]);
	must_refuse("a pipe's end for writing", pair[1]);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	must_refuse("a Unix socket", pair[0]);
	close(pair[1]);
	must_refuse("a TCP socket", socket(AF_INET, SOCK_STREAM, 0));
	must_refuse("its own connection", dup(c.fd));
	must_refuse("an epoll", epoll_create1(EPOLL_CLOEXEC));
	must_refuse("an eventfd", eventfd(0, 0));
	must_refuse("a signalfd", signalfd(-1, &set, 0));
	must_refuse("a timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	must_refuse("an inotify", inotify_init1(0));
	must_refuse("a directory", open("/tmp", O_RDONLY | O_DIRECTORY));
	must_refuse("a terminal", open("/dev/ptmx", O_RDWR | O_NOCTTY));
	must_refuse("/dev/null", open("/dev/null", O_RDWR));
	must_refuse("/dev/zero", open("/dev/zero", O_RDWR));
	must_refuse("/dev/mem", open("/dev/mem", O_RDWR));
	must_refuse("/proc/self/mem", open("/proc/self/mem", O_RDWR));
	must_refuse("a process", syscall(SYS_pidfd_open, getpid(), 0));
	must_refuse("a userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | 1));
	must_refuse("a secret memory", syscall(SYS_memfd_secret, 0));
	must_refuse("a file of a disk", shm_file("/var/tmp", O_RDWR));
	must_refuse("shared memory for reading", shm_file("/dev/shm", O_RDONLY));
	must_refuse("shared memory as a path", shm_file("/dev/shm", O_PATH));
	must_refuse("memory sealed against writing", sealed(F_SEAL_WRITE));
	must_refuse("memory sealed against writing later", sealed(F_SEAL_FUTURE_WRITE));
	must_refuse("empty memory", memfd_create("empty", MFD_CLOEXEC));

	fd = shm_file("/dev/shm", O_RDWR);
	if (fd >= 0) {
		int ret = sw_region_add(&c, BASE, PAGE, 0, fd);

		CHECK(ret == 0, "shared memory as it should be: %d", ret);
		CHECK(sw_region_del(&c, BASE, PAGE) == 0, "region");
		close(fd);
	}
	after = controller_fds_settled(&ctl, before);
	CHECK(after <= before, "descriptors before %d, after %d", before, after);
}

static void
expect_add(int want, uint64_t base, uint64_t len, uint64_t offset, int fd, const char *what)
{
	const int ret = sw_region_add(&c, base, len, offset, fd);

	CHECK(ret == want, "%s: %d (%s), expected %d", what, ret, strerror(-ret), want);
}

static void
ranges(void)
{
	const uint64_t top = UINT64_MAX & ~(PAGE - 1);
	struct sw_mem m;
	int ret;

	test_say("ranges beyond files and areas, that overlap, wrap, or lie between pages");
	sw_mem_make(&m, 16 * PAGE, 1);
	expect_add(-ERANGE, BASE, 17 * PAGE, 0, m.fd, "beyond the end of the file");
	expect_add(-ERANGE, BASE, PAGE, 16 * PAGE, m.fd, "from the end of the file");
	expect_add(-ERANGE, BASE, 2 * PAGE, top, m.fd, "an offset that wraps");
	expect_add(-ERANGE, BASE, PAGE, 1ul << 63, m.fd, "a negative offset");
	expect_add(-EINVAL, BASE, 0, 0, m.fd, "nothing");
	expect_add(-EINVAL, BASE + 1, PAGE, 0, m.fd, "an odd address");
	expect_add(-EINVAL, BASE, PAGE + 1, 0, m.fd, "an odd length");
	expect_add(-EINVAL, BASE, PAGE, 1, m.fd, "an odd offset");
	expect_add(-EINVAL, BASE - PAGE, PAGE, 0, m.fd, "before the area");
	expect_add(-EINVAL, BASE - PAGE, 2 * PAGE, 0, m.fd, "into the area");
	expect_add(-EINVAL, BASE + LEN - PAGE, 2 * PAGE, 0, m.fd, "out of the area");
	expect_add(-EINVAL, BASE + LEN, PAGE, 0, m.fd, "behind the area");
	expect_add(-EINVAL, top, 2 * PAGE, 0, m.fd, "addresses that wrap");
	expect_add(-EINVAL, BASE, top, 0, m.fd, "a length that wraps");
	expect_add(0, BASE + 4 * PAGE, 4 * PAGE, 0, m.fd, "as it should be");
	expect_add(-EEXIST, BASE + 4 * PAGE, 4 * PAGE, 0, m.fd, "the same again");
	expect_add(-EEXIST, BASE + 7 * PAGE, 4 * PAGE, 0, m.fd, "over its end");
	expect_add(-EEXIST, BASE + PAGE, 4 * PAGE, 0, m.fd, "over its start");
	expect_add(-EEXIST, BASE, 16 * PAGE, 0, m.fd, "all around it");

	ret = sw_area_add(&c, BASE + LEN - PAGE, 2 * PAGE);
	CHECK(ret == -EEXIST, "an area over another: %d", ret);
	ret = sw_area_add(&c, BASE - PAGE, 2 * LEN);
	CHECK(ret == -EEXIST, "an area around another: %d", ret);
	ret = sw_area_add(&c, top, 2 * PAGE);
	CHECK(ret == -EINVAL, "an area that wraps: %d", ret);
	ret = sw_area_add(&c, top, PAGE);
	CHECK(ret == -EINVAL, "an area up to 2^64: %d", ret);
	ret = sw_area_add(&c, 2 * BASE, 0);
	CHECK(ret == -EINVAL, "an empty area: %d", ret);
	ret = sw_area_add(&c, 2 * BASE, top);
	CHECK(ret < 0, "an area of nearly 2^64: %d", ret);
	ret = sw_area_add(&c, 2 * BASE + 8, PAGE);
	CHECK(ret == -EINVAL, "an area between pages: %d", ret);

	ret = sw_region_del(&c, BASE - PAGE, 2 * PAGE);
	CHECK(ret == -EINVAL, "removing what is not in an area: %d", ret);
	ret = sw_region_del(&c, BASE, LEN);
	CHECK(ret == 0, "removing all: %d", ret);
	sw_mem_free(&m);
}

/*
 * One try: an area whose place in the controller's memory depends on base, a region in it that
 * cannot be mapped, and then a ring of another user. Nothing of what the attacker names may be
 * there.
 */
static void
mapping_that_fails_at(uint64_t base, uint64_t len, int fd, const struct sw_mem *own)
{
	struct sw_client x, other;
	struct sw_chan ch, ring;
	uint64_t at;
	int ret, st;

	CHECK(sw_open(&x, ctl.dir, attacker_uid) == 0 && sw_open(&other, ctl.dir, victim_uid) == 0,
		"no connection");
	CHECK(sw_area_add(&x, base, len) == 0, "area");
	ret = sw_region_add(&x, base, len, 0, fd);
	CHECK(ret != -ENOTCONN && ret != -ETIMEDOUT, "%lu bytes of huge pages that are not "
		"there: %d", len,
		ret);
	CHECK(sw_chan_open(&other, SW_MAX_DESC, false, SW_HANDLER_SELF, SW_HANDLER_SELF,
		&ring) == 0,
		"ring of another");
	CHECK(sw_chan_open(&x, 64, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "ring");
	CHECK(sw_mem_register(&x, own) == 0, "own memory");
	for (at = len - PAGE; at > len - (64ul << 20); at -= 256 * PAGE) {
		st = sw_chan_copy(&ch, base + at, (uintptr_t)own->p, 64, 0);
		CHECK(st == SW_ST_BAD_SRC, "reading where a mapping failed, at 0x%lx: 0x%x", at,
			st);
		st = sw_chan_copy(&ch, (uintptr_t)own->p, base + at, 64, 0);
		CHECK(st == SW_ST_BAD_DST, "writing where a mapping failed, at 0x%lx: 0x%x", at,
			st);
	}
	sw_close(&x);
	sw_close(&other);
	sw_chan_free(&ch);
	sw_chan_free(&ring);
	sw_wait_clients(ctl.dir, 0);
}

/*
 * Huge pages that the machine does not have. The kernel can refuse to map them when it has already
 * taken away what was there; if that stayed open, the next mapping of the controller would come to
 * be there, in reach of the attacker: another client's memory or ring. Whether the request is
 * refused or not, every operation there must fail.
 */
static void
mapping_that_fails(void)
{
	/* Twice what the machine has of any memory. */
	const uint64_t len = (2 * PAGE * sysconf(_SC_PHYS_PAGES) + HUGE) & ~(HUGE - 1);
	struct sw_mem own;
	uint64_t i;
	int fd;

	test_say("a mapping that fails");
	fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	if (fd < 0 || ftruncate(fd, len) != 0) {
		test_say("  no huge memfd here: %s", strerror(errno));
		return;
	}
	sw_mem_make(&own, LEN, 0x11);
	for (i = 0; i < 64; i++)
		mapping_that_fails_at(3 * BASE + i * (16ul << 20), len, fd, &own);
	sw_mem_free(&own);
	close(fd);
}

/* Copies within the attacker's memory without end; it counts how they end. */
struct copier {
	struct sw_chan ch;
	uint64_t base;
	size_t len;
	_Atomic bool stop;
	_Atomic uint64_t ok, failed;
};

static void *
copy_on(void *arg)
{
	struct copier *k = arg;
	uint32_t i;
	uint8_t st;

	while (!atomic_load(&k->stop)) {
		for (i = 0; i < 32; i++) {
			const struct sw_desc d = {
				.op = i % 4 == 3 ? SW_OP_FILL : SW_OP_COPY, .len = k->len / 2,
				.src = k->base, .dst = k->base + k->len / 2,
			};
			sw_chan_put(&k->ch, &d);
		}
		sw_chan_submit(&k->ch);
		CHECK(sw_chan_wait(&k->ch, SW_CLIENT_MS) == 0, "operations did not end");
		for (i = 0; i < 32; i++) {
			st = k->ch.status[(k->ch.tail - 1 - i) & (k->ch.nb - 1)];
			CHECK(st == SW_ST_OK || st == SW_ST_BAD_SRC || st == SW_ST_BAD_DST,
				"an operation ended with 0x%x", st);
			atomic_fetch_add(st == SW_ST_OK ? &k->ok : &k->failed, 1);
		}
	}

	return NULL;
}

static void
goes_away(struct good_pair *good)
{
	const long before = controller_kib(&ctl, "RssShmem");
	const uint64_t base = 5 * BASE, end = now_ms() + 1000;
	struct copier k = { .base = base, .len = LEN };
	uint32_t truncated = 0, punched = 0;
	pthread_t thread;
	struct sw_mem m;
	long after;

	test_say("memory that goes away and comes back while it is copied");
	sw_mem_make(&m, LEN, 0x22);
	CHECK(sw_area_add(&c, base, LEN) == 0 && sw_region_add(&c, base, LEN, 0, m.fd) == 0,
		"memory");
	CHECK(sw_chan_open(&c, 64, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &k.ch) == 0, "ring");
	CHECK(pthread_create(&thread, NULL, copy_on, &k) == 0, "no thread");
	while (now_ms() < end || atomic_load(&k.failed) < 100 || atomic_load(&k.ok) < 100) {
		CHECK(now_ms() < end + SW_CLIENT_MS, "%lu copies done, %lu failed",
			(unsigned long)k.ok, (unsigned long)k.failed);
		if (rnd_below(2) != 0) {
			CHECK(ftruncate(m.fd, rnd_below(LEN)) == 0, "truncate");
			CHECK(ftruncate(m.fd, LEN) == 0, "grow");
			truncated++;
		} else {
			CHECK(fallocate(m.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				rnd_below(LEN / PAGE) * PAGE, PAGE) == 0, "punch");
			punched++;
		}
		if (rnd_below(4) == 0) {
			CHECK(fallocate(m.fd, 0, 0, LEN) == 0, "fill again");
			pause_ms(3);
		}
	}
	atomic_store(&k.stop, true);
	pthread_join(thread, NULL);
	test_say("  truncated %u times, punched %u times: %lu operations done, %lu failed",
		truncated,
		punched, (unsigned long)k.ok, (unsigned long)k.failed);
	good_pair_check(good);
	sw_chan_free(&k.ch);
	CHECK(sw_chan_destroy(&c, &k.ch) == 0 && sw_region_del(&c, base, LEN) == 0, "end");
	sw_mem_free(&m);
	after = controller_kib(&ctl, "RssShmem");
	CHECK(sanitized() || after < before + 1024, "RssShmem before %ld, after %ld KiB", before,
		after);
}

/* A file of a GiB without a page: operations there fail, and no page is made for them. */
static void
never_was_there(void)
{
	const uint64_t base = 7 * BASE, len = 1ul << 30;
	struct sw_rep_status s = { .hole_guard = 0 };
	const long before = controller_kib(&ctl, "RssShmem");
	struct sw_client status;
	struct sw_chan ch;
	struct stat stat;
	long after;
	int fd, st, i;

	CHECK(sw_open_status(&status, ctl.dir, geteuid()) == 0 && sw_status(&status, &s) == 0,
		"status");
	sw_close(&status);
	if (!s.hole_guard) {
		test_say("holes: left out, for this kernel gives the controller no userfaultfd");
		return;
	}
	test_say("a file with nothing in it");
	fd = memfd_create("sparse", MFD_CLOEXEC);
	CHECK(fd >= 0 && ftruncate(fd, len) == 0, "no memory file");
	CHECK(sw_area_add(&c, base, len) == 0 && sw_region_add(&c, base, len, 0, fd) == 0,
		"memory");
	CHECK(sw_chan_open(&c, 64, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "ring");
	for (i = 0; i < 20000; i++) {
		const uint64_t at = base + rnd_below(len / PAGE - 1) * PAGE;
		const uint64_t to = base + rnd_below(len / PAGE - 1) * PAGE;
		const struct sw_desc d = {
			.op = i % 2 != 0 ? SW_OP_FILL : SW_OP_COPY, .len = PAGE, .src = at,
				.dst = to,
		};

		st = sw_chan_run(&ch, &d);
		CHECK(st == SW_ST_BAD_SRC || st == SW_ST_BAD_DST, "an operation in a hole: 0x%x",
			st);
	}
	after = controller_kib(&ctl, "RssShmem");
	CHECK(fstat(fd, &stat) == 0, "fstat");
	test_say("  20000 operations: the file has %ld pages, RssShmem %ld -> %ld KiB",
		(long)stat.st_blocks * 512 / (long)PAGE, before, after);
	CHECK((sanitized() || after < before + 256) && stat.st_blocks == 0,
		"RssShmem %ld -> %ld KiB, the file %ld blocks",
		before, after, (long)stat.st_blocks);
	sw_chan_free(&ch);
	close(fd);
}

int
main(int argc, char **argv)
{
	struct good_pair good;
	int fds_before, fds_after;

	test_start("hostile-memory", 240);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	rnd_init();
	controller_start(&ctl, argv[1], true);
	attacker_uid = am_root() ? UID_ATTACKER : geteuid();
	victim_uid = am_root() ? UID_VICTIM : geteuid();
	/* First: where the kernel puts the next mapping depends on what there is. */
	mapping_that_fails();
	good_pair_start(&good, ctl.dir, victim_uid);
	sw_wait_clients(ctl.dir, 2);
	fds_before = controller_fds(&ctl);

	CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
	CHECK(sw_area_add(&c, BASE, LEN) == 0, "no area");
	odd_descriptors();
	ranges();
	goes_away(&good);
	never_was_there();
	sw_close(&c);

	controller_check_alive(&ctl);
	good_pair_check(&good);
	sw_wait_clients(ctl.dir, 2);
	fds_after = controller_fds_settled(&ctl, fds_before);
	CHECK(fds_after <= fds_before, "descriptors before %d, after %d", fds_before, fds_after);
	good_pair_stop(&good);
	controller_stop(&ctl);

	return test_end();
}

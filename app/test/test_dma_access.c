/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * dma_access_autotest: DMA between processes, and the groups of processes that may do so. Here is
 * what is made before each test and removed after it, passed or failed; the tests are in the files
 * that test_dma_access.h lists.
 */

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "test_dma_access.h"

#define DIR_ENV "RTE_DMA_ACCESS_DIR"
#define CONTROLLER "dpdk-dma-controller"

struct da_test da;

static char *saved_dir_env;

/* Say what a test saw instead of what it expected. */
int
da_fail(const char *func, int line, long long saw, long long expected, const char *fmt, ...)
{
	va_list ap;

	printf("%s() line %d: ", func, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": saw %lld (%s), expected %lld (%s)\n", saw, saw < 0 && saw > -4096 ?
		strerror(-saw) : "no error", expected, expected < 0 && expected > -4096 ?
		strerror(-expected) : "no error");
	da.failed = true;

	return TEST_FAILED;
}

uint64_t
da_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

void
da_domain(unsigned int n, rte_uuid_t id)
{
	memset(id, 0xda, sizeof(rte_uuid_t));
	memcpy(id, &n, sizeof(n));
}

/* The number of a domain of ours; UINT_MAX: it is none. */
unsigned int
da_domain_number(const rte_uuid_t id)
{
	rte_uuid_t own;
	unsigned int n;

	memcpy(&n, id, sizeof(n));
	da_domain(n, own);

	return rte_uuid_compare(own, id) == 0 ? n : UINT_MAX;
}

void
da_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", da.dir, name);
}

static bool
is_controller_of(pid_t pid, const char *dir)
{
	char path[64], args[PATH_MAX];
	char wanted[PATH_MAX];
	size_t len, n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	len = fread(args, 1, sizeof(args), f);
	fclose(f);
	n = snprintf(wanted, sizeof(wanted), "--dir%c%s", '\0', dir) + 1;

	return memmem(args, len, CONTROLLER, strlen(CONTROLLER)) != NULL &&
		memmem(args, len, wanted, n) != NULL;
}

/* The controller that was started for a directory of ours; 0: there is none. */
pid_t
da_controller_pid(const char *dir)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	pid_t pid, found = 0;

	if (proc == NULL)
		return 0;
	while (found == 0 && (e = readdir(proc)) != NULL) {
		pid = atoi(e->d_name);
		if (pid > 1 && is_controller_of(pid, dir))
			found = pid;
	}
	closedir(proc);

	return found;
}

static bool
thread_is_stopped(pid_t pid, const char *tid)
{
	char path[PATH_MAX], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, tid);
	f = fopen(path, "r");
	/* A thread that has just ended is as good. */
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);

	return state == 'T';
}

/* Stop all threads of a controller. The signal is only on its way when kill() returns. */
int
da_controller_stop(pid_t pid)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	char path[64];
	struct dirent *e;
	bool stopped;
	DIR *tasks;

	kill(pid, SIGSTOP);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	do {
		tasks = opendir(path);
		DA_CHECK(tasks != NULL && da_now_ms() < end, true, "whether controller %d stops",
			pid);
		stopped = true;
		while ((e = readdir(tasks)) != NULL)
			if (e->d_name[0] != '.' && !thread_is_stopped(pid, e->d_name))
				stopped = false;
		closedir(tasks);
	} while (!stopped);

	return TEST_SUCCESS;
}

/* Wait until a process has ended that is no child of ours. */
static void
wait_end(pid_t pid)
{
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd < 0)
		return;
	poll(&pfd, 1, DA_WAIT_MS);
	close(pfd.fd);
}

/* Whether the controllers that were started for the tests end by themselves. */
static int
controllers_end(bool kill_them)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	static const char *const dirs[] = { "run", "second" };
	char path[PATH_MAX];
	unsigned int i;
	pid_t pid;

	for (i = 0; i < RTE_DIM(dirs); i++) {
		da_path(path, sizeof(path), dirs[i]);
		while ((pid = da_controller_pid(path)) != 0) {
			if (kill_them)
				kill(pid, SIGKILL);
			if (da_now_ms() > end)
				return da_fail(__func__, __LINE__, pid, 0,
					"controller of %s without clients", path);
			wait_end(pid);
		}
	}

	return TEST_SUCCESS;
}

/* Create a group with da.dev as its creator. */
int
da_create(void)
{
	rte_uuid_t self;

	da_domain(DA_SELF, self);
	DA_CHECK(rte_dma_access_token_generate(da.token), 0, "making a token");
	DA_CHECK(rte_dma_access_group_create(da.dev.id, self, da.token, &da.group), 0,
		"creating a group");

	return TEST_SUCCESS;
}

/* Create a group with a number of peers in it, of which da.dev has heard and knows the handlers. */
int
da_group_with(unsigned int nb_peers)
{
	rte_uuid_t domain;
	unsigned int n;

	DA_TRY(da_peers_start(nb_peers));
	DA_TRY(da_create());
	for (n = 0; n < nb_peers; n++) {
		DA_CHECK(da_peer_join(n, "join"), 0, "peer %u joining group %d", n, da.group);
		DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_JOINED,
			DA_PEER(n)));
		da_domain(DA_PEER(n), domain);
		DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, domain,
			&da.handler[n]), 0, "getting the handler of peer %u", n);
	}

	return TEST_SUCCESS;
}

/*
 * Where a member has taken a peer's handler away by letting the others have a new one: wait for it.
 * It can be asked for before the event has come.
 */
int
da_follow(unsigned int n)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	uint16_t handler = da.handler[n];
	rte_uuid_t domain;

	if (!da.kind->renews)
		return TEST_SUCCESS;
	da_domain(DA_PEER(n), domain);
	do {
		DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, domain, &handler), 0,
			"getting the handler of peer %u", n);
		sched_yield();
	} while (handler == da.handler[n] && da_now_ms() < end);
	DA_CHECK(handler != da.handler[n], true, "whether handler %u of peer %u is a new one",
		handler, n);
	da.handler[n] = handler;

	return TEST_SUCCESS;
}

/* Before each test: a device that is in no group. */
int
da_setup(void)
{
	const char *name = da_own_name(0);

	da.failed = false;
	da.dev.id = -1;
	da.other.id = -1;
	da.group = -1;
	DA_CHECK(name != NULL, true, "whether there is a device");
	DA_CHECK(da_dev_open(&da.dev, name, ""), 0, "opening %s", name);

	return TEST_SUCCESS;
}

/* After some test a device could not leave its groups, or a peer did not end as it should. */
static bool untidy;

void
da_teardown(void)
{
	if (da.failed)
		da_peers_show_logs();
	/* Where a device has to leave its own groups, the others have to have left before. */
	if (!da.kind->made_here && da_peers_stop() != TEST_SUCCESS)
		untidy = true;
	if (da_dev_return(&da.other) != TEST_SUCCESS || da_dev_return(&da.dev) != TEST_SUCCESS)
		untidy = true;
	/* A failure may have left them in any state: no later test shall suffer. */
	if (da.failed)
		da_peers_stop();
	else if (da_peers_reset() != TEST_SUCCESS)
		untidy = true;
}

/* After this, tests can have a device only if it is of a kind that is made here. */
static int
test_closed_device_is_einval(void)
{
	int16_t id = da.dev.id;

	da_dev_close(&da.dev);

	return da_check_no_device(id);
}

/* Not a single process and not a single ring is left of all tests. */
static int
test_peers_and_controllers_end_by_themselves(void)
{
	DA_CHECK(untidy, false, "whether peers or devices were not tidy after a test");
	DA_TRY(da_peers_stop());
	DA_TRY(controllers_end(false));

	return TEST_SUCCESS;
}

static int
remove_entry(const char *path, const struct stat *st __rte_unused, int type __rte_unused,
	struct FTW *ftw __rte_unused)
{
	remove(path);
	return 0;
}

static void
main_teardown(void)
{
	da_peers_stop();
	controllers_end(true);
	nftw(da.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (saved_dir_env != NULL)
		setenv(DIR_ENV, saved_dir_env, 1);
	else
		unsetenv(DIR_ENV);
	free(saved_dir_env);
	saved_dir_env = NULL;
}

/* The kind of the first device that was given and that the tests know. */
static const struct da_kind *
kind_of_given(void)
{
	const struct da_kind *kind = NULL;
	struct rte_dma_info info;
	int16_t dev_id;

	RTE_DMA_FOREACH_DEV(dev_id) {
		if (da_is_capable(dev_id) && rte_dma_info_get(dev_id, &info) == 0)
			kind = da_kind_of(info.dev_name);
		if (kind != NULL)
			break;
	}

	return kind;
}

static int
main_setup(void)
{
	const char *env = getenv(DIR_ENV);
	char path[PATH_MAX];

	da.kind = kind_of_given();
	if (da.kind == NULL) {
		printf("No device can reach other processes; run with --vdev=dma_sw0 or -a wq0.0, "
			"and a DPDK that was built with libcrypto\n");
		return TEST_SKIPPED;
	}
	rte_strscpy(da.dir, "/tmp/dma_access_XXXXXX", sizeof(da.dir));
	if (mkdtemp(da.dir) == NULL) {
		printf("Cannot make %s: %s\n", da.dir, strerror(errno));
		return TEST_FAILED;
	}
	saved_dir_env = env == NULL ? NULL : strdup(env);
	da_path(path, sizeof(path), "run");
	if (mkdir(path, 0700) != 0 || setenv(DIR_ENV, path, 1) != 0) {
		printf("Cannot make %s: %s\n", path, strerror(errno));
		main_teardown();
		return TEST_FAILED;
	}
	if (da_dev_open(&da.dev, da_own_name(0), "") != 0) {
		printf("%s cannot be used; perhaps EAL has physical IOVAs\n", da_own_name(0));
		main_teardown();
		return TEST_SKIPPED;
	}
	da_dev_return(&da.dev);

	return TEST_SUCCESS;
}

/* Groups of the devices that were given to this process, whatever their driver. */
static int
one_device_forms_a_group(int16_t dev_id)
{
	struct rte_dma_access_entry entry;
	rte_uuid_t domain, token;
	int16_t group;

	da_domain(DA_SELF, domain);
	rte_dma_access_token_generate(token);
	DA_CHECK(rte_dma_access_group_create(dev_id, domain, token, &group), 0,
		"device %d creating a group", dev_id);
	DA_CHECK(rte_dma_access_group_size_get(dev_id, group), 1, "size of a new group");
	DA_CHECK(rte_dma_access_group_get(dev_id, group, &entry, 1), 1, "table of a new group");
	DA_CHECK(entry.handler, DA_SELF_H, "own handler");
	DA_CHECK(entry.flags, RTE_DMA_ACCESS_ENTRY_SELF | RTE_DMA_ACCESS_ENTRY_CREATOR,
		"flags of the own entry");
	DA_CHECK(rte_dma_access_group_destroy(dev_id, group), 0, "device %d destroying its group",
		dev_id);

	return TEST_SUCCESS;
}

static int
two_devices_are_one_member(int16_t a, int16_t b)
{
	rte_uuid_t domain, token;
	int16_t group;

	da_domain(DA_SELF, domain);
	rte_dma_access_token_generate(token);
	DA_CHECK(rte_dma_access_group_create(a, domain, token, &group), 0, "device %d creating", a);
	DA_CHECK(rte_dma_access_group_join(b, domain, token, group), 0,
		"device %d joining the group of device %d", b, a);
	DA_CHECK(rte_dma_access_group_size_get(b, group), 1, "members of a group of two devices");
	DA_CHECK(rte_dma_access_group_leave(b, group), 0, "device %d leaving", b);
	DA_CHECK(rte_dma_access_group_destroy(a, group), 0, "device %d destroying", a);

	return TEST_SUCCESS;
}

static int
test_given_devices_form_groups(void)
{
	struct rte_dma_info info_a, info_b;
	int16_t a, b;

	RTE_DMA_FOREACH_DEV(a) {
		if (!da_is_capable(a))
			continue;
		DA_TRY(one_device_forms_a_group(a));
		rte_dma_info_get(a, &info_a);
		for (b = rte_dma_next_dev(a + 1); b >= 0; b = rte_dma_next_dev(b + 1)) {
			if (!da_is_capable(b))
				continue;
			rte_dma_info_get(b, &info_b);
			if (info_a.controller_id >= 0 &&
			    info_a.controller_id == info_b.controller_id)
				DA_TRY(two_devices_are_one_member(a, b));
		}
	}

	return TEST_SUCCESS;
}

static struct unit_test_suite given_suite = {
	.suite_name = "given devices",
	.unit_test_cases = {
		TEST_CASE(test_given_devices_form_groups),
		TEST_CASES_END(),
	},
};

static struct unit_test_suite end_suite = {
	.suite_name = "the end",
	.unit_test_cases = {
		TEST_CASE_ST(da_setup, da_teardown, test_closed_device_is_einval),
		TEST_CASE(test_peers_and_controllers_end_by_themselves),
		TEST_CASES_END(),
	},
};

static struct unit_test_suite last_suite;

static struct unit_test_suite *suites[] = {
	&given_suite,
	&da_api_suite,
	&da_env_suite,
	&da_group_suite,
	&da_data_suite,
	&da_window_suite,
	&da_fault_suite,
	&da_pair_suite,
	&end_suite,
	&last_suite,
};

static struct unit_test_suite main_suite = {
	.suite_name = "DMA access groups",
	.setup = main_setup,
	.teardown = main_teardown,
	.unit_test_suites = suites,
	.unit_test_cases = { TEST_CASES_END() },
};

static int
test_dma_access(void)
{
	return unit_test_suite_runner(&main_suite);
}

REGISTER_TEST_COMMAND(dma_access_autotest, test_dma_access);

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What is around the calls of rte_dma_access.h: the run-time directory, the controller, the state
 * of the device, the kind of process.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_eal.h>

#include "test_dma_access.h"

#define NOBODY_UID 65534
#define DIR_ENV "RTE_DMA_ACCESS_DIR"
/* More groups than any controller lets one process have. */
#define MANY_GROUPS 4096

static rte_uuid_t self_id;

static int
env_setup(void)
{
	da_domain(DA_SELF, self_id);

	return da_setup();
}

/* Whether create answers as it should where the run-time directory is at a path. */
static int
check_dir(const char *path, int expected, const char *what)
{
	char *saved = strdup(getenv(DIR_ENV));
	int16_t group;
	int created, joined;

	setenv(DIR_ENV, path, 1);
	created = rte_dma_access_group_create(da.dev.id, self_id, self_id, &group);
	if (created == 0)
		rte_dma_access_group_destroy(da.dev.id, group);
	joined = rte_dma_access_group_join(da.dev.id, self_id, self_id, 0);
	setenv(DIR_ENV, saved, 1);
	free(saved);
	DA_CHECK(created, expected, "create, %s", what);
	DA_CHECK(joined, expected == 0 ? -ENOENT : expected, "join, %s", what);

	return TEST_SUCCESS;
}

static int
test_runtime_directory_of_others_is_refused(void)
{
	char dir[PATH_MAX], path[PATH_MAX], name[160];

	da_path(dir, sizeof(dir), "odd");
	DA_CHECK(mkdir(dir, 0700), 0, "making a directory");
	DA_TRY(check_dir(dir, 0, "our directory"));
	chmod(dir, 0777);
	DA_TRY(check_dir(dir, -EPERM, "a directory that others can change"));
	chmod(dir, 01777);
	DA_TRY(check_dir(dir, 0, "a sticky directory"));
	chmod(dir, 0700);
	da_path(path, sizeof(path), "link");
	DA_CHECK(symlink(dir, path), 0, "making a link");
	DA_TRY(check_dir(path, -ELOOP, "a link"));
	da_path(path, sizeof(path), "link/");
	DA_TRY(check_dir(path, -ELOOP, "a link with a slash"));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	da_path(path, sizeof(path), name);
	DA_CHECK(mkdir(path, 0700), 0, "making a directory with a long name");
	DA_TRY(check_dir(path, -ENAMETOOLONG, "a long path"));
	da_path(path, sizeof(path), "nowhere");
	DA_TRY(check_dir(path, -ENOENT, "no directory"));
	if (geteuid() != 0)
		return TEST_SUCCESS;
	DA_CHECK(chown(dir, NOBODY_UID, -1), 0, "giving the directory away");
	DA_TRY(check_dir(dir, -EPERM, "a directory of somebody else"));

	return TEST_SUCCESS;
}

static int
test_group_calls_need_no_started_device(void)
{
	const int16_t dev = da.dev.id;

	DA_CHECK(rte_dma_stop(dev), 0, "stopping");
	DA_TRY(da_create());
	DA_CHECK(da_dev_start(&da.dev, DA_SELF_H, DA_SELF_H), 0, "configuring and starting");
	DA_CHECK(rte_dma_access_group_size_get(dev, da.group), 1, "members after start");
	DA_CHECK(rte_dma_stop(dev), 0, "stopping");
	DA_CHECK(rte_dma_access_group_size_get(dev, da.group), 1, "members after stop");
	DA_CHECK(rte_dma_access_group_destroy(dev, da.group), 0, "destroying while stopped");

	return TEST_SUCCESS;
}

static int
test_group_ids_are_used_again(void)
{
	int16_t first;

	DA_TRY(da_create());
	first = da.group;
	DA_TRY(da_create());
	DA_CHECK(da.group == first, false, "whether two groups have one id");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, first), 0, "destroying the first");
	DA_TRY(da_create());
	DA_CHECK(da.group, first, "id of a group after the first is gone");

	return TEST_SUCCESS;
}

/* Where to find another controller than the one of our device; it is the device's argument. */
static int
other_controller(char *args, size_t size)
{
	char path[PATH_MAX];

	if (!da.kind->made_here) {
		DA_NEED(da_queue_name(0, false, args, size), "there is no other controller");
		return TEST_SUCCESS;
	}
	da_path(path, sizeof(path), "second");
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return da_fail(__func__, __LINE__, -errno, 0, "making %s", path);
	snprintf(args, size, "controller=%s", path);

	return TEST_SUCCESS;
}

static int
check_own_device_of(const char *args)
{
	struct rte_dma_info info, other;

	DA_CHECK(da_dev_open(&da.other, da_own_name(1), args), 0, "opening a second controller");
	rte_dma_info_get(da.dev.id, &info);
	rte_dma_info_get(da.other.id, &other);
	DA_CHECK(info.controller_id == other.controller_id, false, "whether controllers are one");
	DA_CHECK(rte_dma_access_group_join(da.other.id, self_id, da.token, da.group), -EXDEV,
		"a device of another controller joining");

	return TEST_SUCCESS;
}

static int
test_other_controller_is_exdev(void)
{
	char args[PATH_MAX + 16];

	DA_TRY(other_controller(args, sizeof(args)));
	DA_TRY(da_create());
	if (da.kind->made_here)
		DA_TRY(check_own_device_of(args));
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_join(0, "join"), 0, "a peer of the same controller joining");
	DA_TRY(da_peer_start(1, args, 32));
	DA_CHECK(da_answer_start(1), 0, "starting a peer on the second controller");
	DA_CHECK(da_peer_join(1, "join"), -EXDEV, "a peer of another controller joining");

	return TEST_SUCCESS;
}

/* The directory of a controller can be written in several ways and is one controller all the same. */
static int
test_spellings_of_a_controller_are_one(void)
{
	char args[PATH_MAX + 32], first[PATH_MAX];

	DA_NEED(da.kind->has_controller, "%s* has no process as its controller", da.kind->prefix);
	da_path(first, sizeof(first), "spelled");
	DA_CHECK(mkdir(first, 0700), 0, "making a directory");
	da_dev_close(&da.dev);
	snprintf(args, sizeof(args), "controller=%s", first);
	DA_CHECK(da_dev_open(&da.dev, da_own_name(0), args), 0, "opening a device");
	snprintf(args, sizeof(args), "controller=/.//%s//./dma_sw.sock", first);
	DA_CHECK(da_dev_open(&da.other, da_own_name(1), args), 0, "opening a second device");
	rte_dma_access_token_generate(da.token);
	DA_CHECK(rte_dma_access_group_create(da.dev.id, self_id, da.token, &da.group), 0, "creating");
	DA_CHECK(rte_dma_access_group_join(da.other.id, self_id, da.token, da.group), 0,
		"the second device joining as the same domain");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 1, "members");

	return TEST_SUCCESS;
}

static int
test_secondary_process_is_enotsup(void)
{
	const struct da_peer *p = da_peer(0);
	unsigned int i;

	if (!rte_eal_has_hugepages()) {
		printf("Without huge pages there are no secondary processes\n");
		return TEST_SKIPPED;
	}
	da_peer_kill(0);
	DA_TRY(da_secondary_start(0));
	DA_CHECK(da_answer_start(0), 0, "starting a secondary process");
	DA_CHECK(da_ask(0, "secondary %d", da.dev.id), 0, "making a token in a secondary process");
	DA_CHECK(p->nb_val, 9, "answers of a secondary process");
	for (i = 0; i < 8; i++)
		DA_CHECK((int)p->val[i], -ENOTSUP, "call %u of a secondary process", i);
	DA_CHECK((int)p->val[8], -ENOTSUP, "pair create of a secondary process");

	return TEST_SUCCESS;
}

/* Until the controller has no room; each that goes makes room for another. */
static int
test_too_many_groups_are_enospc(void)
{
	int16_t group = -1, last = -1;
	int i, ret;

	rte_dma_access_token_generate(da.token);
	for (i = 0; i < MANY_GROUPS; i++) {
		ret = rte_dma_access_group_create(da.dev.id, self_id, da.token, &group);
		if (ret != 0)
			break;
		last = group;
	}
	DA_CHECK(ret, -ENOSPC, "creating group %d", i);
	DA_CHECK(i > 1, true, "whether there is room for a few");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, last), 0, "destroying the last");
	DA_CHECK(rte_dma_access_group_create(da.dev.id, self_id, da.token, &group), 0,
		"creating another in its place");

	return TEST_SUCCESS;
}

static int
test_held_lock_does_not_stop_create(void)
{
	uint64_t start, took;
	char path[PATH_MAX];
	int16_t group;
	int fd, ret;

	/* Whoever can open a shared directory can do so: it must keep nobody from working. */
	DA_TRY(da_create());
	da_path(path, sizeof(path), "run/lock");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	DA_CHECK(fd >= 0, true, "whether there is %s", path);
	if (flock(fd, LOCK_EX) != 0)
		return da_fail(__func__, __LINE__, -errno, 0, "locking %s", path);
	start = da_now_ms();
	ret = rte_dma_access_group_create(da.dev.id, self_id, da.token, &group);
	took = da_now_ms() - start;
	close(fd);
	DA_CHECK(ret, 0, "creating while somebody holds the lock");
	DA_CHECK(group != da.group, true, "whether %d is another group", group);
	DA_CHECK(took < 2000, true, "whether %" PRIu64 " ms are less than 2 s", took);
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, group), 0, "destroying it");

	return TEST_SUCCESS;
}

/* The dump of a device shows its groups, and their tokens in no form. */
static int
test_dump_shows_groups_but_no_token(void)
{
	char *text = NULL, uuid[RTE_UUID_STRLEN], group[64];
	bool shown, token;
	size_t len = 0;
	FILE *f;
	int ret;

	DA_TRY(da_create());
	f = open_memstream(&text, &len);
	DA_CHECK(f != NULL, true, "whether there is memory");
	ret = rte_dma_dump(da.dev.id, f);
	fclose(f);
	snprintf(group, sizeof(group), "access_group: %d, members: 1\n", da.group);
	shown = strstr(text, group) != NULL;
	/* The last and the first bytes of the text stand for other ways to write it. */
	rte_uuid_unparse(da.token, uuid, sizeof(uuid));
	token = strcasestr(text, uuid + 24) != NULL || memmem(text, len, da.token, 8) != NULL;
	uuid[8] = '\0';
	token = token || strcasestr(text, uuid) != NULL;
	free(text);
	DA_CHECK(ret, 0, "dumping");
	DA_CHECK(shown, true, "whether the dump has \"%s\"", group);
	DA_CHECK(token, false, "whether the dump has the token");

	return TEST_SUCCESS;
}

#define ENV_CASE(test) TEST_CASE_ST(env_setup, da_teardown, test)

struct unit_test_suite da_env_suite = {
	.suite_name = "directories, controllers and states",
	.unit_test_cases = {
		ENV_CASE(test_runtime_directory_of_others_is_refused),
		ENV_CASE(test_held_lock_does_not_stop_create),
		ENV_CASE(test_group_calls_need_no_started_device),
		ENV_CASE(test_group_ids_are_used_again),
		ENV_CASE(test_too_many_groups_are_enospc),
		ENV_CASE(test_dump_shows_groups_but_no_token),
		ENV_CASE(test_other_controller_is_exdev),
		ENV_CASE(test_spellings_of_a_controller_are_one),
		ENV_CASE(test_secondary_process_is_enotsup),
		TEST_CASES_END(),
	},
};

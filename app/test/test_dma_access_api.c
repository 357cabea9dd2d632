/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the calls of rte_dma_access.h answer to right and wrong arguments, as far as one process
 * can see it. What needs other processes is in test_dma_access_group.c.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dev_driver.h>
#include <rte_bus_vdev.h>
#include <rte_dmadev_pmd.h>

#include "test_dma_access.h"

/* More than any number of devices. */
#define NO_DEV INT16_MAX
/* More than there are at the same time. */
#define NO_GROUP INT16_MAX

static rte_uuid_t null_id, self_id, stranger_id;

static int
api_setup(void)
{
	da_domain(DA_SELF, self_id);
	da_domain(DA_STRANGER, stranger_id);

	return da_setup();
}

static void
never_called(int16_t dev_id __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info __rte_unused, void *arg __rte_unused)
{
}

static int
test_token_is_random(void)
{
	rte_uuid_t a, b;

	DA_CHECK(rte_dma_access_token_generate(NULL), -EINVAL, "a token in no place");
	DA_CHECK(rte_dma_access_token_generate(a), 0, "a token");
	DA_CHECK(rte_dma_access_token_generate(b), 0, "another token");
	DA_CHECK(rte_uuid_is_null(a), false, "whether a token is null");
	DA_CHECK(rte_uuid_compare(a, b) == 0, false, "whether two tokens are equal");

	return TEST_SUCCESS;
}

/* Each call with a device that is not there. */
int
da_check_no_device(int16_t dev)
{
	const struct rte_dma_access_window win = { 4096, 4096, DA_RW };
	struct rte_dma_access_entry entry;
	uint16_t handler;
	int16_t group;

	DA_CHECK(rte_dma_access_group_create(dev, self_id, self_id, &group), -EINVAL,
		"create, device %d", dev);
	DA_CHECK(rte_dma_access_group_destroy(dev, 0), -EINVAL, "destroy, device %d", dev);
	DA_CHECK(rte_dma_access_group_join(dev, self_id, self_id, 0), -EINVAL, "join, device %d",
		dev);
	DA_CHECK(rte_dma_access_group_leave(dev, 0), -EINVAL, "leave, device %d", dev);
	DA_CHECK(rte_dma_access_group_size_get(dev, 0), -EINVAL, "size, device %d", dev);
	DA_CHECK(rte_dma_access_group_get(dev, 0, &entry, 1), -EINVAL, "table, device %d", dev);
	DA_CHECK(rte_dma_access_group_handler_get(dev, 0, self_id, &handler), -EINVAL,
		"handler, device %d", dev);
	DA_CHECK(rte_dma_access_window_set(dev, 0, &win, 1), -EINVAL, "windows, device %d", dev);
	DA_CHECK(rte_dma_event_callback_register(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		never_called, NULL), -EINVAL, "register, device %d", dev);
	DA_CHECK(rte_dma_event_callback_unregister(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		never_called, NULL), -EINVAL, "unregister, device %d", dev);
	DA_CHECK(rte_dma_access_pair_group_create(dev, self_id, self_id, &group, NULL), -EINVAL,
		"pair create, device %d", dev);

	return TEST_SUCCESS;
}

static int
test_no_such_device_is_einval(void)
{
	DA_TRY(da_check_no_device(-1));
	DA_TRY(da_check_no_device(NO_DEV));

	return TEST_SUCCESS;
}

static int
check_no_capability(int16_t dev)
{
	const struct rte_dma_access_window win = { 4096, 4096, DA_RW };
	struct rte_dma_access_entry entry;
	uint16_t handler;
	int16_t group;

	DA_CHECK(rte_dma_access_group_create(dev, self_id, self_id, &group), -ENOTSUP, "create");
	DA_CHECK(rte_dma_access_group_destroy(dev, 0), -ENOTSUP, "destroy");
	DA_CHECK(rte_dma_access_group_join(dev, self_id, self_id, 0), -ENOTSUP, "join");
	DA_CHECK(rte_dma_access_group_leave(dev, 0), -ENOTSUP, "leave");
	DA_CHECK(rte_dma_access_group_size_get(dev, 0), -ENOTSUP, "size");
	DA_CHECK(rte_dma_access_group_get(dev, 0, &entry, 1), -ENOTSUP, "table");
	DA_CHECK(rte_dma_access_group_handler_get(dev, 0, self_id, &handler), -ENOTSUP, "handler");
	DA_CHECK(rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, &win, 1), -ENOTSUP,
		"windows");
	DA_CHECK(rte_dma_event_callback_register(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		never_called, NULL), -ENOTSUP, "register");
	DA_CHECK(rte_dma_event_callback_unregister(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		never_called, NULL), -ENOTSUP, "unregister");
	DA_CHECK(rte_dma_access_pair_group_create(dev, self_id, self_id, &group, NULL), -EINVAL,
		"pair create");
	DA_CHECK(rte_dma_access_pair_group_join(dev, self_id, self_id, 0, NULL), -EINVAL,
		"pair join");
	DA_CHECK(rte_dma_access_pair_group_leave(dev, 0), -EINVAL, "pair leave");
	DA_CHECK(rte_dma_access_pair_group_destroy(dev, 0), -EINVAL, "pair destroy");
	DA_CHECK(rte_dma_access_pair_group_handler_get(dev, 0, self_id, &handler), -EINVAL,
		"pair handler");

	return TEST_SUCCESS;
}

/* Channels of a device that cannot reach other processes are of no type but NONE. */
static int
check_no_inter_channel(int16_t dev)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = DA_NB_DESC,
	};

	DA_CHECK(rte_dma_configure(dev, &conf), 0, "configuring dma_skeleton");
	vchan.domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	DA_CHECK(rte_dma_vchan_setup(dev, 0, &vchan), -EINVAL, "a channel without the capability");

	return TEST_SUCCESS;
}

static int
test_no_capability_is_enotsup(void)
{
	const char *name = "dma_skeleton_test";
	struct rte_dma_info info;
	int16_t dev;
	int ret;

	if (rte_vdev_init(name, NULL) != 0) {
		printf("There is no dma_skeleton, or there is one already\n");
		return TEST_SKIPPED;
	}
	dev = rte_dma_get_dev_id_by_name(name);
	ret = check_no_capability(dev);
	if (ret == TEST_SUCCESS)
		ret = check_no_inter_channel(dev);
	rte_dma_info_get(dev, &info);
	rte_vdev_uninit(name);
	DA_CHECK(info.controller_id, -1, "controller of dma_skeleton");
	DA_CHECK(info.max_access_windows, 0, "windows of dma_skeleton");

	return ret;
}

static int
test_create_and_join_refuse_null_arguments(void)
{
	const int16_t dev = da.dev.id;
	int16_t group = 0;

	DA_CHECK(rte_dma_access_group_create(dev, NULL, self_id, &group), -EINVAL, "no domain");
	DA_CHECK(rte_dma_access_group_create(dev, null_id, self_id, &group), -EINVAL,
		"null domain");
	DA_CHECK(rte_dma_access_group_create(dev, self_id, NULL, &group), -EINVAL, "no token");
	DA_CHECK(rte_dma_access_group_create(dev, self_id, null_id, &group), -EINVAL, "null token");
	DA_CHECK(rte_dma_access_group_create(dev, self_id, self_id, NULL), -EINVAL, "no group id");
	DA_CHECK(rte_dma_access_group_join(dev, NULL, self_id, 0), -EINVAL, "join, no domain");
	DA_CHECK(rte_dma_access_group_join(dev, null_id, self_id, 0), -EINVAL, "join, null domain");
	DA_CHECK(rte_dma_access_group_join(dev, self_id, NULL, 0), -EINVAL, "join, no token");
	DA_CHECK(rte_dma_access_group_join(dev, self_id, null_id, 0), -EINVAL, "join, null token");
	DA_CHECK(rte_dma_access_group_join(dev, self_id, self_id, -1), -ENOENT, "join, group -1");

	return TEST_SUCCESS;
}

static int
check_no_group(int16_t group)
{
	const struct rte_dma_access_window win = { 4096, 4096, DA_RW };
	const int16_t dev = da.dev.id;
	struct rte_dma_access_entry entry;
	uint16_t handler;

	DA_CHECK(rte_dma_access_group_destroy(dev, group), -ENOENT, "destroy %d", group);
	DA_CHECK(rte_dma_access_group_leave(dev, group), -ENOENT, "leave %d", group);
	DA_CHECK(rte_dma_access_group_size_get(dev, group), -ENOENT, "size of %d", group);
	DA_CHECK(rte_dma_access_group_get(dev, group, &entry, 1), -ENOENT, "table of %d", group);
	DA_CHECK(rte_dma_access_group_handler_get(dev, group, self_id, &handler), -ENOENT,
		"handler in %d", group);
	DA_CHECK(rte_dma_access_pair_group_destroy(dev, group), -ENOENT, "pair destroy %d", group);
	DA_CHECK(rte_dma_access_pair_group_leave(dev, group), -ENOENT, "pair leave %d", group);
	if (group != RTE_DMA_ACCESS_GROUP_NONE)
		DA_CHECK(rte_dma_access_window_set(dev, group, &win, 1), -ENOENT, "windows in %d",
			group);

	return TEST_SUCCESS;
}

static int
test_no_such_group_is_enoent(void)
{
	DA_TRY(check_no_group(NO_GROUP));
	DA_TRY(check_no_group(RTE_DMA_ACCESS_GROUP_NONE));
	DA_TRY(check_no_group(INT16_MIN));
	DA_CHECK(rte_dma_access_group_join(da.dev.id, self_id, self_id, NO_GROUP), -ENOENT,
		"joining group %d", NO_GROUP);
	DA_TRY(da_create());
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying");
	DA_TRY(check_no_group(da.group));

	return TEST_SUCCESS;
}

/* A group of other devices of the process is none of this one's. */
static int
test_group_of_another_device_is_enoent(void)
{
	DA_NEED(da_own_name(1) != NULL, "this process has one device");
	DA_TRY(da_create());
	DA_CHECK(da_dev_open(&da.other, da_own_name(1), ""), 0, "opening a second device");
	DA_CHECK(rte_dma_access_group_size_get(da.other.id, da.group), -ENOENT, "size");
	DA_CHECK(rte_dma_access_group_leave(da.other.id, da.group), -ENOENT, "leave");
	DA_CHECK(rte_dma_access_group_destroy(da.other.id, da.group), -ENOENT, "destroy");

	return TEST_SUCCESS;
}

static int
test_devices_of_a_process_are_one_member(void)
{
	struct rte_dma_info info, other_info;
	struct rte_dma_access_entry table[2];
	const int16_t dev = da.dev.id;
	rte_uuid_t wrong;
	uint16_t handler = 0;
	int16_t other;

	DA_NEED(da_own_name(1) != NULL, "this process has one device");
	DA_TRY(da_create());
	DA_CHECK(da_dev_open(&da.other, da_own_name(1), ""), 0, "opening a second device");
	other = da.other.id;
	rte_dma_info_get(dev, &info);
	rte_dma_info_get(other, &other_info);
	DA_CHECK(other_info.controller_id, info.controller_id, "controller of the second device");
	DA_CHECK(info.controller_id >= 0, true, "whether the controller is known");

	rte_dma_access_token_generate(wrong);
	DA_CHECK(rte_dma_access_group_join(dev, self_id, da.token, da.group), -EALREADY,
		"the same device joining twice");
	DA_CHECK(rte_dma_access_group_join(other, stranger_id, da.token, da.group), -EINVAL,
		"a second device joining as another domain");
	DA_CHECK(rte_dma_access_group_join(other, self_id, wrong, da.group), -EACCES,
		"a second device joining with a wrong token");
	DA_CHECK(rte_dma_access_group_join(other, self_id, da.token, da.group), 0,
		"a second device joining as the same domain");
	DA_CHECK(rte_dma_access_group_join(other, self_id, da.token, da.group), -EALREADY,
		"a second device joining twice");
	DA_CHECK(rte_dma_access_group_size_get(dev, da.group), 1, "members");
	DA_CHECK(rte_dma_access_group_size_get(other, da.group), 1, "members for the second");
	DA_CHECK(rte_dma_access_group_get(other, da.group, table, 2), 1, "table of the second");
	DA_CHECK(rte_dma_access_group_handler_get(other, da.group, self_id, &handler), 0,
		"handler");
	DA_CHECK(handler, DA_SELF_H, "own handler of the second");
	DA_CHECK(rte_dma_access_group_destroy(other, da.group), -EPERM, "destroyed by the second");
	DA_CHECK(rte_dma_access_group_destroy(dev, da.group), -EBUSY, "destroyed with two devices");
	DA_CHECK(rte_dma_access_group_leave(other, da.group), 0, "the second leaving");
	DA_CHECK(rte_dma_access_group_leave(other, da.group), -ENOENT, "the second leaving twice");
	DA_CHECK(rte_dma_access_group_destroy(dev, da.group), 0, "destroyed by its creator");

	return TEST_SUCCESS;
}

static int
test_creator_cannot_leave(void)
{
	DA_TRY(da_create());
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, da.group), -EPERM, "the creator leaving");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 1, "members after that");

	return TEST_SUCCESS;
}

static int
test_table_too_small_is_enospc_and_not_written(void)
{
	struct rte_dma_access_entry entry, untouched;

	memset(&entry, 0x5a, sizeof(entry));
	memset(&untouched, 0x5a, sizeof(untouched));
	DA_TRY(da_create());
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, NULL, 1), -EINVAL, "no table");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, &entry, 0), -ENOSPC, "size 0");
	DA_CHECK(memcmp(&entry, &untouched, sizeof(entry)), 0, "whether something was written");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, &entry, 1), 1, "size 1");
	DA_CHECK(da_domain_number(entry.domain_id), DA_SELF, "own domain");
	DA_CHECK(entry.handler, DA_SELF_H, "own handler");
	DA_CHECK(entry.prot, DA_RW, "own permissions");
	DA_CHECK(entry.flags, RTE_DMA_ACCESS_ENTRY_SELF | RTE_DMA_ACCESS_ENTRY_CREATOR,
		"own flags");

	return TEST_SUCCESS;
}

static int
test_handler_of_a_stranger_is_enoent(void)
{
	uint16_t handler = 0;

	DA_TRY(da_create());
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, self_id, &handler), 0,
		"own");
	DA_CHECK(handler, DA_SELF_H, "own handler");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, stranger_id, &handler),
		-ENOENT, "stranger");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, NULL, &handler), -EINVAL,
		"no domain");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, self_id, NULL), -EINVAL,
		"nowhere to put it");

	return TEST_SUCCESS;
}

static int
check_bad_window(int16_t group, uint64_t base, uint64_t len, uint32_t prot, const char *what)
{
	const struct rte_dma_access_window win[2] = { { 4096, 4096, DA_RW }, { base, len, prot } };

	DA_CHECK(rte_dma_access_window_set(da.dev.id, group, &win[1], 1), -EINVAL, "%s", what);
	DA_CHECK(rte_dma_access_window_set(da.dev.id, group, win, 2), -EINVAL, "%s, second", what);

	return TEST_SUCCESS;
}

static int
check_bad_windows(int16_t group)
{
	struct rte_dma_info info;
	struct rte_dma_access_window *win;
	uint16_t i;
	int max, more;

	DA_TRY(check_bad_window(group, 4096, 0, DA_RW, "an empty window"));
	DA_TRY(check_bad_window(group, UINT64_MAX - 4095, 4097, DA_RW, "a window that wraps"));
	DA_TRY(check_bad_window(group, 1, UINT64_MAX, DA_RW, "a window that ends at 2^64"));
	DA_TRY(check_bad_window(group, 4096, 4096, 0, "a window without permissions"));
	DA_TRY(check_bad_window(group, 4096, 4096, DA_RW | 4, "a window with unknown permissions"));
	DA_CHECK(rte_dma_access_window_set(da.dev.id, group, NULL, 1), -EINVAL, "no window");
	DA_CHECK(rte_dma_access_window_set(da.dev.id, group, NULL, 0), 0, "no windows");

	rte_dma_info_get(da.dev.id, &info);
	DA_CHECK(info.max_access_windows > 0, true, "whether there are windows");
	win = calloc(info.max_access_windows + 1, sizeof(*win));
	for (i = 0; i <= info.max_access_windows; i++)
		win[i] = (struct rte_dma_access_window){ 8192 * (i + 1), 4096, DA_RD };
	max = rte_dma_access_window_set(da.dev.id, group, win, info.max_access_windows);
	more = rte_dma_access_window_set(da.dev.id, group, win, info.max_access_windows + 1);
	free(win);
	DA_CHECK(max, 0, "as many windows as there are");
	DA_CHECK(more, -ENOSPC, "a window too many");

	return TEST_SUCCESS;
}

static int
test_bad_windows_are_refused(void)
{
	DA_TRY(check_bad_windows(RTE_DMA_ACCESS_GROUP_NONE));
	DA_TRY(da_create());
	DA_TRY(check_bad_windows(da.group));

	return TEST_SUCCESS;
}

static int
test_callback_registration_is_by_function_and_argument(void)
{
	const enum rte_dma_event_type ev = RTE_DMA_EVENT_ACCESS_TABLE_UPDATE;
	const int16_t dev = da.dev.id;
	int a, b;

	DA_CHECK(rte_dma_event_callback_register(dev, ev, NULL, NULL), -EINVAL, "no function");
	DA_CHECK(rte_dma_event_callback_unregister(dev, ev, NULL, NULL), -EINVAL, "no function");
	DA_CHECK(rte_dma_event_callback_register(dev, RTE_DMA_EVENT_MAX, never_called, NULL),
		-EINVAL, "no such event");
	DA_CHECK(rte_dma_event_callback_unregister(dev, ev, never_called, &a), -ENOENT, "unknown");
	DA_CHECK(rte_dma_event_callback_register(dev, ev, never_called, &a), 0, "argument a");
	DA_CHECK(rte_dma_event_callback_register(dev, ev, never_called, &a), -EEXIST, "a, again");
	DA_CHECK(rte_dma_event_callback_register(dev, ev, never_called, &b), 0, "argument b");
	DA_CHECK(rte_dma_event_callback_unregister(dev, ev, never_called, &a), 0, "a goes");
	DA_CHECK(rte_dma_event_callback_unregister(dev, ev, never_called, &a), -ENOENT, "a, again");
	DA_CHECK(rte_dma_event_callback_unregister(dev, ev, never_called, &b), 0, "b goes");

	return TEST_SUCCESS;
}

static int
check_channel(const struct rte_dma_vchan_conf *conf, int expected, const char *what)
{
	DA_CHECK(rte_dma_vchan_setup(da.dev.id, da_local(&da.dev), conf), expected, "%s", what);

	return TEST_SUCCESS;
}

static int
test_channel_setup_refuses_bad_domains(void)
{
	const struct rte_dma_vchan_conf good = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = DA_NB_DESC,
		.domain = {
			.type = RTE_DMA_INTER_PROCESS_DOMAIN,
			.src_handler = DA_SELF_H,
			.dst_handler = DA_SELF_H,
		},
	};
	struct rte_dma_vchan_conf bad = good;

	DA_CHECK(rte_dma_stop(da.dev.id), 0, "stopping");
	DA_TRY(check_channel(&good, 0, "a channel between processes"));
	bad.domain.type = RTE_DMA_INTER_OS_DOMAIN + 1;
	DA_TRY(check_channel(&bad, -EINVAL, "an unknown type"));
	bad.domain.type = RTE_DMA_INTER_OS_DOMAIN;
	DA_TRY(check_channel(&bad, -EINVAL, "a type without its capability"));
	bad = good;
	bad.domain.reserved[0] = 1;
	DA_TRY(check_channel(&bad, -EINVAL, "the first reserved field"));
	bad = good;
	bad.domain.reserved[1] = 1;
	DA_TRY(check_channel(&bad, -EINVAL, "the second reserved field"));
	bad = good;
	bad.domain.type = RTE_DMA_INTER_DOMAIN_NONE;
	DA_TRY(check_channel(&bad, -EINVAL, "both handlers with type NONE"));
	bad.domain.dst_handler = 0;
	DA_TRY(check_channel(&bad, -EINVAL, "a source handler with type NONE"));
	bad.domain.src_handler = 0;
	DA_TRY(check_channel(&bad, 0, "type NONE without handlers"));
	bad.domain.dst_handler = 1;
	DA_TRY(check_channel(&bad, -EINVAL, "a destination handler with type NONE"));

	return TEST_SUCCESS;
}

/* A device that has ports, and could reach other processes: no driver here has both. */
static unsigned int ports_channels;

static int
ports_info_get(const struct rte_dma_dev *dev __rte_unused, struct rte_dma_info *info,
	uint32_t info_sz __rte_unused)
{
	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_MEM_TO_DEV |
		RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_OPS_COPY;
	info->max_vchans = 1;
	info->min_desc = DA_NB_DESC;
	info->max_desc = DA_NB_DESC;

	return 0;
}

static int
ports_configure(struct rte_dma_dev *dev __rte_unused, const struct rte_dma_conf *conf __rte_unused,
	uint32_t conf_sz __rte_unused)
{
	return 0;
}

static int
ports_vchan_setup(struct rte_dma_dev *dev __rte_unused, uint16_t vchan __rte_unused,
	const struct rte_dma_vchan_conf *conf __rte_unused, uint32_t conf_sz __rte_unused)
{
	ports_channels++;

	return 0;
}

static int
ports_close(struct rte_dma_dev *dev __rte_unused)
{
	return 0;
}

static int
check_ports_channels(int16_t id)
{
	const struct rte_dma_conf dev_conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_DEV,
		.nb_desc = DA_NB_DESC,
		.dst_port.port_type = RTE_DMA_PORT_PCIE,
	};

	ports_channels = 0;
	DA_CHECK(rte_dma_configure(id, &dev_conf), 0, "configuring a device with ports");
	DA_CHECK(rte_dma_vchan_setup(id, 0, &conf), 0, "a channel to a port");
	conf.domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	conf.domain.src_handler = DA_SELF_H;
	conf.domain.dst_handler = DA_SELF_H;
	DA_CHECK(rte_dma_vchan_setup(id, 0, &conf), -EINVAL, "a channel between processes to a port");
	conf.direction = RTE_DMA_DIR_MEM_TO_MEM;
	conf.dst_port.port_type = RTE_DMA_PORT_NONE;
	DA_CHECK(rte_dma_vchan_setup(id, 0, &conf), 0, "a channel between processes");
	DA_CHECK(ports_channels, 2, "channels that the driver was asked for");

	return TEST_SUCCESS;
}

static int
test_channel_between_processes_needs_mem2mem(void)
{
	static const struct rte_dma_dev_ops ops = {
		.dev_info_get = ports_info_get,
		.dev_configure = ports_configure,
		.dev_close = ports_close,
		.vchan_setup = ports_vchan_setup,
	};
	static const char name[] = "dma_with_ports";
	static struct rte_device device = { .numa_node = -1 };
	struct rte_dma_dev *dev;
	int ret;

	dev = rte_dma_pmd_allocate(name, -1, 1);
	DA_CHECK(dev != NULL, true, "whether there is room for a device");
	dev->device = &device;
	dev->dev_ops = &ops;
	dev->state = RTE_DMA_DEV_READY;
	ret = check_ports_channels(dev->data->dev_id);
	DA_CHECK(rte_dma_pmd_release(name), 0, "releasing a device");

	return ret;
}

#define API_CASE(test) TEST_CASE_ST(api_setup, da_teardown, test)

struct unit_test_suite da_api_suite = {
	.suite_name = "calls and errors",
	.unit_test_cases = {
		API_CASE(test_token_is_random),
		API_CASE(test_no_such_device_is_einval),
		API_CASE(test_no_capability_is_enotsup),
		API_CASE(test_create_and_join_refuse_null_arguments),
		API_CASE(test_no_such_group_is_enoent),
		API_CASE(test_group_of_another_device_is_enoent),
		API_CASE(test_devices_of_a_process_are_one_member),
		API_CASE(test_creator_cannot_leave),
		API_CASE(test_table_too_small_is_enospc_and_not_written),
		API_CASE(test_handler_of_a_stranger_is_enoent),
		API_CASE(test_bad_windows_are_refused),
		API_CASE(test_callback_registration_is_by_function_and_argument),
		API_CASE(test_channel_setup_refuses_bad_domains),
		API_CASE(test_channel_between_processes_needs_mem2mem),
		TEST_CASES_END(),
	},
};

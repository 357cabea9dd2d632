/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The model's directory: what a program finds in /dev/dsa and in /sys/bus/dsa/devices. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

#define OP_CAP_WORDS 4
#define OP_CAP_GROUPS 8

static bool made_top;

/* One line, or nothing, in a new file below the directory. */
__attribute__((format(printf, 3, 4)))
static int
write_file(const char *dir, const char *name, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s/%s/%s", model.opt.dir, dir, name);
	f = fopen(path, "wx");
	if (f == NULL)
		return -errno;
	va_start(ap, fmt);
	ret = vfprintf(f, fmt, ap) < 0 ? -EIO : 0;
	va_end(ap);
	if (fclose(f) != 0)
		ret = -errno;

	return ret;
}

static int
make_dir(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", model.opt.dir, name);
	return mkdir(path, 0755) == 0 ? 0 : -errno;
}

static void
op_cap_set(uint32_t *groups, unsigned int opcode)
{
	groups[opcode / 32] |= UINT32_C(1) << opcode % 32;
}

/* The privileged opcodes are not for users, and so not in there. */
static int
write_op_cap(const char *dir)
{
	static const uint8_t always[] = { DSA_OPCODE_NOOP, DSA_OPCODE_BATCH, DSA_OPCODE_DRAIN,
		DSA_OPCODE_MEMMOVE, DSA_OPCODE_MEMFILL, DSA_OPCODE_CFLUSH };
	uint32_t g[OP_CAP_GROUPS] = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(always); i++)
		op_cap_set(g, always[i]);
	if (!model.opt.no_inter_domain) {
		op_cap_set(g, DSA_OPCODE_UPDATE_WINDOW);
		for (i = DSA_OPCODE_INTER_COPY; i <= DSA_OPCODE_INTER_CACHE_FLUSH; i++)
			op_cap_set(g, i);
	}
	if (model.opt.op_cap_groups)
		return write_file(dir, "op_cap", "%08x,%08x,%08x,%08x,%08x,%08x,%08x,%08x\n", g[7],
			g[6], g[5], g[4], g[3], g[2], g[1], g[0]);
	return write_file(dir, "op_cap", "0x%llx 0x%llx 0x%llx 0x%llx\n",
		g[0] | (unsigned long long)g[1] << 32, g[2] | (unsigned long long)g[3] << 32,
		g[4] | (unsigned long long)g[5] << 32, g[6] | (unsigned long long)g[7] << 32);
}

static int
make_device(unsigned int d)
{
	char dir[32];
	int ret;

	snprintf(dir, sizeof(dir), "sysfs/dsa%u", d);
	ret = make_dir(dir);
	if (ret == 0)
		ret = write_op_cap(dir);
	if (ret == 0)
		ret = write_file(dir, "numa_node", "0\n");
	if (ret == 0)
		ret = write_file(dir, "state", "enabled\n");
	if (ret == 0)
		ret = write_file(dir, "max_batch_size", "%u\n", model.opt.max_batch);
	if (ret == 0)
		ret = write_file(dir, "max_transfer_size", "%u\n", MAX_TRANSFER);

	return ret;
}

static int
make_queue(unsigned int d, unsigned int q)
{
	char name[32], dir[64], path[PATH_MAX];
	int ret;

	snprintf(name, sizeof(name), "wq%u.%u", d, q);
	snprintf(dir, sizeof(dir), "sysfs/%s", name);
	ret = make_dir(dir);
	if (ret == 0)
		ret = write_file(dir, "type", "user\n");
	if (ret == 0)
		ret = write_file(dir, "name", "dpdk_%s\n", name);
	if (ret == 0)
		ret = write_file(dir, "mode", "dedicated\n");
	if (ret == 0)
		ret = write_file(dir, "state", "enabled\n");
	if (ret == 0)
		ret = write_file(dir, "size", "%u\n", model.opt.queue_size);
	if (ret == 0)
		ret = write_file(dir, "max_batch_size", "%u\n", model.opt.max_batch);
	if (ret == 0)
		ret = write_file(dir, "max_transfer_size", "%u\n", MAX_TRANSFER);
	if (ret == 0)
		ret = write_file("dev", name, "%s", "");
	if (ret != 0)
		return ret;
	/* Who may use a queue is for the administrator; the model has nothing to protect. */
	snprintf(path, sizeof(path), "%s/dev/%s", model.opt.dir, name);
	return chmod(path, 0666) == 0 ? 0 : -errno;
}

static void
remove_in(const char *dir, const char *const *names)
{
	char path[PATH_MAX];

	for (; *names != NULL; names++) {
		snprintf(path, sizeof(path), "%s/%s/%s", model.opt.dir, dir, *names);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%s", model.opt.dir, dir);
	rmdir(path);
}

/* Only what a model makes, whatever its switches were. */
static void
remove_below(void)
{
	static const char *const device[] = { "op_cap", "numa_node", "state", "max_batch_size",
		"max_transfer_size", NULL };
	static const char *const queue[] = { "type", "name", "mode", "state", "size",
		"max_batch_size", "max_transfer_size", NULL };
	char dir[64], node[32];
	unsigned int d, q;

	for (d = 0; d < MAX_DEVICES; d++) {
		for (q = 0; q < MAX_QUEUES; q++) {
			const char *const nodes[] = { node, NULL };

			snprintf(node, sizeof(node), "wq%u.%u", d, q);
			remove_in("dev", nodes);
			snprintf(dir, sizeof(dir), "sysfs/%s", node);
			remove_in(dir, queue);
		}
		snprintf(dir, sizeof(dir), "sysfs/dsa%u", d);
		remove_in(dir, device);
	}
	remove_in("sysfs", device + sizeof(device) / sizeof(device[0]) - 1);
	remove_in("dev", device + sizeof(device) / sizeof(device[0]) - 1);
}

/* Makes the directory if it is not there. Its absolute path is the one that clients are told. */
int
tree_prepare(char path[PATH_MAX])
{
	made_top = mkdir(model.opt.dir, 0755) == 0;
	if ((!made_top && errno != EEXIST) || realpath(model.opt.dir, path) == NULL)
		return -errno;
	model.opt.dir = path;

	return 0;
}

/* Only once it is sure that no other model has the directory. */
int
tree_make(void)
{
	unsigned int d, q;
	int ret;

	/* What a model left that was killed. */
	remove_below();
	ret = make_dir("dev");
	if (ret == 0)
		ret = make_dir("sysfs");
	for (d = 0; d < model.opt.devices && ret == 0; d++) {
		ret = make_device(d);
		for (q = 0; q < model.opt.queues && ret == 0; q++)
			ret = make_queue(d, q);
	}

	return ret;
}

void
tree_remove(void)
{
	char path[PATH_MAX];

	remove_below();
	snprintf(path, sizeof(path), "%s/%s", model.opt.dir, DSA_WIRE_SOCKET);
	unlink(path);
	if (made_top)
		rmdir(model.opt.dir);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Clients' address spaces. What the device reads and writes there goes through the page tables of
 * the process, so that pages that are not there, or not writable, are faults.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "model.h"

static LIST_HEAD(, process) processes = LIST_HEAD_INITIALIZER(processes);
static uint32_t last_pasid;

/* Also false after exec. The descriptor is no way to the memory: it would ignore protections. */
bool
process_alive(const struct process *p)
{
	uint8_t byte;

	/* What is gone reads as an empty file, what lives as an error or a byte. */
	return !p->gone && pread(p->mem_fd, &byte, 1, 0) != 0;
}

struct process *
process_find(pid_t pid)
{
	struct process *p;

	LIST_FOREACH(p, &processes, next)
		if (p->pid == pid && process_alive(p))
			return p;

	return NULL;
}

/* The caller gets a reference. */
struct process *
process_enter(pid_t pid)
{
	struct process *p;
	char path[32];

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	p->mem_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p->mem_fd < 0) {
		free(p);
		return NULL;
	}
	p->pid = pid;
	p->pasid = ++last_pasid;
	p->refs = 1;
	LIST_INSERT_HEAD(&processes, p, next);

	return p;
}

void
process_put(struct process *p)
{
	if (--p->refs > 0)
		return;
	LIST_REMOVE(p, next);
	close(p->mem_fd);
	free(p);
}

size_t
process_read(const struct process *p, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	/* The call stops at the page that is not there, and fails when it is the first. */
	while (done < len && n > 0) {
		struct iovec local = { (uint8_t *)buf + done, len - done };
		struct iovec remote = { (void *)(uintptr_t)(addr + done), len - done };

		n = process_vm_readv(p->pid, &local, 1, &remote, 1, 0);
		done += n > 0 ? n : 0;
	}

	return done;
}

size_t
process_write(const struct process *p, uint64_t addr, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		struct iovec local = { (uint8_t *)(uintptr_t)buf + done, len - done };
		struct iovec remote = { (void *)(uintptr_t)(addr + done), len - done };

		n = process_vm_writev(p->pid, &local, 1, &remote, 1, 0);
		done += n > 0 ? n : 0;
	}

	return done;
}

/* For what must not be written to learn it. */
bool
process_writable(const struct process *p, uint64_t addr, uint64_t len)
{
	const uint64_t end = addr + len;
	uint64_t first, last;
	char path[32], line[512], perm;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", p->pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (addr < end && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*c%c", &first, &last, &perm) == 3 &&
				perm == 'w' && first <= addr && addr < last)
			addr = last;
	fclose(f);

	return addr >= end;
}

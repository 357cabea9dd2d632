/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The kernel's side of inter-domain operations: what device and kernel can do, and windows. All
 * errors of the kernel are turned into those of the API here, with what to do about them.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "idxd_idpt.h"
#include "idxd_internal.h"

#define OP_CAP_BITS 256


/* Four words of 64 bits, the lowest first, each with 0x; separated by blanks. */
static int
op_cap_words(const char *text, unsigned int opcode)
{
	unsigned long long word;
	unsigned int i;
	char *end;

	for (i = 0; i <= opcode / 64; i++, text = end) {
		while (isspace((unsigned char)*text))
			text++;
		if (strncmp(text, "0x", 2) != 0)
			return -EINVAL;
		errno = 0;
		word = strtoull(text, &end, 16);
		if (errno != 0 || (*end != '\0' && !isspace((unsigned char)*end)))
			return -EINVAL;
	}
	return word >> (opcode % 64) & 1;
}

/* Groups of 32 bits, the highest first, separated by commas. */
static int
op_cap_groups(const char *text, unsigned int opcode)
{
	unsigned long groups[OP_CAP_BITS / 32];
	unsigned int nb = 0;
	char *end;

	do {
		if (nb == RTE_DIM(groups) || !isxdigit((unsigned char)*text))
			return -EINVAL;
		groups[nb] = strtoul(text, &end, 16);
		if (groups[nb++] > UINT32_MAX || end - text > 8)
			return -EINVAL;
		text = end + 1;
	} while (*end == ',');
	if (*end != '\0' && !isspace((unsigned char)*end))
		return -EINVAL;
	if (opcode / 32 >= nb)
		return 0;
	return groups[nb - 1 - opcode / 32] >> (opcode % 32) & 1;
}

int
idxd_op_cap_has(const char *text, unsigned int opcode)
{
	if (opcode >= OP_CAP_BITS)
		return -EINVAL;
	return strchr(text, 'x') != NULL ? op_cap_words(text, opcode) :
			op_cap_groups(text, opcode);
}

#define REQUEST_CREATE "IDXD_WIN_CREATE"
#define REQUEST_ATTACH "IDXD_WIN_ATTACH"

/* What an operator can do about an error of the kernel. */
static const char *
advice(const char *request, int error)
{
	switch (error) {
	case ENOTTY:
		return "this kernel does not know it; inter-domain operations need one with IDPT";
	case EOPNOTSUPP:
		return "the device cannot do it; use a DSA 2.0 device with inter-domain operations";
	case ENOSPC:
		return "the device's table has no free entry; leave groups that are not needed";
	case EPERM:
	case EACCES:
		return "this user must not; check owner and mode of the work queue's device node";
	case EBADF:
	case EINVAL:
		return strcmp(request, REQUEST_CREATE) == 0 ?
			"the range wraps around the address space; set another window" :
			"the window is closed, or none of this device";
	case EFAULT:
		return "the kernel could not read the request; this is a mistake of the driver";
	case EBUSY:
		return "the window has its only submitter already; leave the group and join again";
	case ETIMEDOUT:
	case EINTR:
		return "the device is busy; try again";
	case EMFILE:
	case ENFILE:
		return "too many open files; raise the limit (ulimit -n)";
	case ENOMEM:
		return "the kernel has no memory left";
	case ENODEV:
	case ENXIO:
		return "the device is gone or was reset; enable it again and restart";
	default:
		return "not an error that this driver knows; see the kernel's log";
	}
}

static void
request_failed(const struct idxd_wq_file *wq, const char *request, int error)
{
	IDXD_PMD_ERR("%s on a work queue of dsa%u: %s: %s", request, wq->dsa_id, strerror(error),
		advice(request, error));
}

/* Group calls say other things by most errnos. */
static int
api_error(int error)
{
	switch (error) {
	case ENOTTY:
	case EOPNOTSUPP:
		return -ENOTSUP;
	case ENOSPC:
	case ENOMEM:
	case EINVAL:
		return -error;
	default:
		return -EIO;
	}
}

static int
window_ioctl(const struct idxd_wq_file *wq, struct idxd_win_create *req)
{
	int fd = ioctl(wq->fd, IDXD_WIN_CREATE, req);

	if (fd < 0)
		return -errno;
	/* a program that is executed must not hold it */
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int
idxd_window_create(const struct idxd_wq_file *wq, struct idxd_win_create *req)
{
	int fd = window_ioctl(wq, req);

	if (fd >= 0)
		return fd;
	request_failed(wq, REQUEST_CREATE, -fd);
	return api_error(-fd);
}

int
idxd_window_attach(const struct idxd_wq_file *wq, int fd, uint16_t *handle)
{
	struct idxd_win_attach req = { .fd = fd };

	if (ioctl(wq->fd, IDXD_WIN_ATTACH, &req) < 0)
		return errno == EBADF ? -EINVAL : -errno;
	*handle = req.handle;
	return 0;
}

int
idxd_attach_failed(const struct idxd_wq_file *wq, int error, bool quiet)
{
	if (!quiet)
		request_failed(wq, REQUEST_ATTACH, -error);
	return error == -EINVAL ? -ESTALE : api_error(-error);
}

static int
type_probe(const struct idxd_wq_file *wq, enum idxd_win_type type)
{
	struct idxd_win_create req = {
		.size = IDXD_WIN_NOTHING_SIZE,
		.type = type,
		.flags = IDXD_WIN_FLAG_CHECK,
	};
	int fd = window_ioctl(wq, &req);

	if (fd >= 0)
		close(fd);
	/* others may have the table full at the moment */
	return fd >= 0 || fd == -ENOSPC || fd == -ENOMEM ? 0 : fd;
}

int
idxd_window_type_probe(const struct idxd_wq_file *wq)
{
	static const enum idxd_win_type types[] = {
		IDXD_WIN_MULTI_SUBMITTER,
		IDXD_WIN_SINGLE_SUBMITTER,
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < RTE_DIM(types); i++) {
		ret = type_probe(wq, types[i]);
		if (ret == 0)
			return types[i];
	}
	if (ret == -ENOTTY || ret == -EOPNOTSUPP)
		IDXD_PMD_INFO(REQUEST_CREATE " on a work queue of dsa%u: %s: %s", wq->dsa_id,
			strerror(-ret), advice(REQUEST_CREATE, -ret));
	else
		request_failed(wq, REQUEST_CREATE, -ret);
	return -ENOTSUP;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The file at either end, and its checksum. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "dma_access.h"

/* Open a file to send. */
int
file_open(const char *path, int *fd, uint64_t *size)
{
	struct stat st;
	int ret;

	/* Non-blocking, for it could be a FIFO that nobody writes to. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 || fstat(*fd, &st) != 0) {
		ret = -errno;
		error("cannot open %s: %s", path, strerror(-ret));
		return ret;
	}
	if (!S_ISREG(st.st_mode)) {
		error("cannot send %s: it is no regular file", path);
		return -EINVAL;
	}
	*size = st.st_size;

	return 0;
}

const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

int
file_read(int fd, const char *path, void *buf, size_t len)
{
	ssize_t n;
	int ret;

	for (; len > 0; len -= n, buf = RTE_PTR_ADD(buf, n)) {
		n = read(fd, buf, len);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n <= 0) {
			ret = n == 0 ? -EIO : -errno;
			error("cannot read %s: %s", path,
				n == 0 ? "it became shorter meanwhile" : strerror(-ret));
			return ret;
		}
	}

	return 0;
}

/* Whether a part that was opened is ours alone: whoever had the lock before us may have renamed it. */
static int
part_check(int fd, const char *path)
{
	struct stat st, named;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0)
		return -errno;
	if (lstat(path, &named) != 0 || named.st_dev != st.st_dev || named.st_ino != st.st_ino)
		return -EWOULDBLOCK;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return -EPERM;

	return ftruncate(fd, 0) != 0 ? -errno : 0;
}

/* What a receiver that was killed has left is taken over by the next one. */
static int
part_open(const char *path, int *fd)
{
	int ret;

	/* Non-blocking, for somebody could have put a FIFO there. */
	*fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	ret = *fd < 0 ? -errno : part_check(*fd, path);
	if (ret == 0)
		return 0;
	if (ret == -EWOULDBLOCK)
		error("%s: another process is receiving this file; wait for it", path);
	else if (ret == -EPERM)
		error("%s is no file of this user alone; remove it", path);
	else
		error("cannot create %s: %s", path, strerror(-ret));
	if (*fd >= 0)
		close(*fd);
	*fd = -1;

	return ret;
}

/* Where a directory is given, the file goes into it under the name that the sender has for it. */
int
out_file_open(struct out_file *f, const char *path, const char *name)
{
	struct stat st;
	bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	int n;

	n = snprintf(f->path, sizeof(f->path), dir ? "%s/%s" : "%s", path, name);
	if (n < (int)sizeof(f->path))
		n = snprintf(f->temp, sizeof(f->temp), "%s.part", f->path);
	if (n >= (int)sizeof(f->temp)) {
		error("%s: the path is too long", path);
		return -ENAMETOOLONG;
	}

	return part_open(f->temp, &f->fd);
}

int
out_file_write(struct out_file *f, const void *buf, size_t len)
{
	ssize_t n;
	int ret;

	for (; len > 0; len -= n, buf = RTE_PTR_ADD(buf, n)) {
		n = write(f->fd, buf, len);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0) {
			ret = -errno;
			error("cannot write %s: %s", f->temp, strerror(-ret));
			return ret;
		}
	}

	return 0;
}

int
out_file_commit(struct out_file *f)
{
	int copy = dup(f->fd);
	int ret = 0;

	/* A file system may tell only at a close that it has no room; the lock is still needed. */
	if (copy < 0 || close(copy) != 0 || rename(f->temp, f->path) != 0) {
		ret = -errno;
		error("cannot write %s: %s", f->path, strerror(-ret));
		unlink(f->temp);
	}
	close(f->fd);
	f->fd = -1;

	return ret;
}

void
out_file_drop(struct out_file *f)
{
	if (f->fd < 0)
		return;
	unlink(f->temp);
	close(f->fd);
	f->fd = -1;
}

static int
digest_failed(void)
{
	error("libcrypto cannot compute a SHA-256");

	return -ENOTSUP;
}

int
digest_init(struct digest *d)
{
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx != NULL && EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) == 1)
		return 0;
	digest_free(d);

	return digest_failed();
}

int
digest_add(struct digest *d, const void *buf, size_t len)
{
	return EVP_DigestUpdate(d->ctx, buf, len) == 1 ? 0 : digest_failed();
}

int
digest_end(struct digest *d, uint8_t sha256[MAIL_SHA256_LEN])
{
	return EVP_DigestFinal_ex(d->ctx, sha256, NULL) == 1 ? 0 : digest_failed();
}

void
digest_free(struct digest *d)
{
	EVP_MD_CTX_free(d->ctx);
	d->ctx = NULL;
}

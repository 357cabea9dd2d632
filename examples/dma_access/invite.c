/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The invitation: a file that only its owner can read, for who reads it can join. It appears with
 * all its content at once, so nobody ever reads half of it, and only if nobody was faster.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dma_access.h"

#define INVITE_MAX 512

/* The file that invite_write() made, so that nobody else's is removed. */
static struct stat written;

static int
write_temp(const char *temp, const struct invite *inv)
{
	char token[RTE_UUID_STRLEN], text[INVITE_MAX];
	int fd, len, ret = 0;

	rte_uuid_unparse(inv->token, token, sizeof(token));
	len = snprintf(text, sizeof(text),
		"dma_access invitation %d\ngroup %d\ntoken %s\nmailbox 0x%" PRIx64 "\n",
		MAIL_VERSION, inv->group_id, token, inv->mailbox);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len || fstat(fd, &written) != 0)
		ret = errno != 0 ? -errno : -ENOSPC;
	if (close(fd) != 0 && ret == 0)
		ret = -errno;

	return ret;
}

/* -EEXIST: somebody else has written one. */
int
invite_write(const char *path, const struct invite *inv)
{
	char temp[PATH_MAX];
	int ret;

	if (snprintf(temp, sizeof(temp), "%s.%d.tmp", path, getpid()) >= (int)sizeof(temp)) {
		error("%s: the path is too long", path);
		return -ENAMETOOLONG;
	}
	ret = write_temp(temp, inv);
	/* A plain rename would replace the invitation of a process that was started with us. */
	if (ret == 0 && renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
		ret = -errno;
	if (ret != 0 && ret != -EEXIST)
		error("cannot write the invitation %s: %s", path, strerror(-ret));
	if (ret != 0) {
		unlink(temp);
		written.st_ino = 0;
	}

	return ret;
}

void
invite_remove(const char *path)
{
	struct stat st;

	if (written.st_ino != 0 && lstat(path, &st) == 0 && st.st_ino == written.st_ino &&
	    st.st_dev == written.st_dev)
		unlink(path);
	written.st_ino = 0;
}

/*
 * A token that others could read is no secret; and who can put a file of his own at this path must
 * not make us his partner.
 */
static int
read_text(const char *path, char *text)
{
	struct stat st;
	ssize_t len;
	int fd, ret;

	/* Non-blocking, for it could be a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		ret = -errno;
		if (ret != -ENOENT)
			error("cannot read the invitation %s: %s", path, strerror(-ret));
		return ret;
	}
	len = read(fd, text, INVITE_MAX);
	ret = -EINVAL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		error("%s is no invitation: it is no regular file", path);
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		error("the invitation %s has mode %o: others could know the token; use a new one",
			path, st.st_mode & 07777);
	else if (st.st_uid != geteuid())
		error("the invitation %s belongs to uid %u, not to us", path, st.st_uid);
	else if (len <= 0 || len >= INVITE_MAX)
		error("%s is no invitation: it has %zd bytes", path, len);
	else
		ret = 0;
	close(fd);
	text[ret == 0 ? len : 0] = '\0';

	return ret;
}

/* The value of the next line, which must have this name. */
static char *
next_value(char **text, const char *name)
{
	char *line = strsep(text, "\n");
	size_t len = strlen(name);

	if (line == NULL || *text == NULL || strncmp(line, name, len) != 0 || line[len] != ' ')
		return NULL;

	return line + len + 1;
}

/* -ENOENT, and no word printed: there is none. */
int
invite_read(const char *path, struct invite *inv)
{
	const char *version, *group, *token, *mailbox;
	char buf[INVITE_MAX], *text = buf;
	uint64_t v, id, iova;
	int ret;

	ret = read_text(path, buf);
	if (ret != 0)
		return ret;
	version = next_value(&text, "dma_access invitation");
	group = version == NULL ? NULL : next_value(&text, "group");
	token = group == NULL ? NULL : next_value(&text, "token");
	mailbox = token == NULL ? NULL : next_value(&text, "mailbox");
	if (mailbox == NULL || *text != '\0' ||
	    parse_u64(version, MAIL_VERSION, MAIL_VERSION, &v) != 0 ||
	    parse_u64(group, 0, INT16_MAX, &id) != 0 ||
	    parse_u64(mailbox, 1, UINT64_MAX - sizeof(struct mailbox), &iova) != 0 ||
	    rte_uuid_parse(token, inv->token) != 0 || rte_uuid_is_null(inv->token)) {
		error("%s is no invitation that this program wrote", path);
		return -EINVAL;
	}
	inv->group_id = id;
	inv->mailbox = iova;

	return 0;
}

/* The creator died and left it behind. What another process put in its place meanwhile stays. */
void
invite_discard(const char *path, const struct invite *stale)
{
	struct invite now;

	if (invite_read(path, &now) != 0 || now.group_id != stale->group_id ||
	    rte_uuid_compare(now.token, stale->token) != 0)
		return;
	printf("the invitation %s is of a group that is gone, and is replaced\n", path);
	unlink(path);
}

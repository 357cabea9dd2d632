/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Requests and their answers, from the clients' side. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "link.h"

/* This is part of libraries that stand in for close(). */
static void
shut(int fd)
{
	syscall(SYS_close, fd);
}

int
link_connect(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = DSA_WIRE_ANSWER_MS / 1000 };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd, ret;

	ret = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, DSA_WIRE_SOCKET);
	if (ret >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		shut(fd);
		return -ENXIO;
	}
	/* A model that is stopped does not stop its clients for ever. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	/* Where Yama restricts who reaches whose memory, the model may reach ours. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		prctl(PR_SET_PTRACER, cred.pid);

	return fd;
}

static int
send_request(int conn, const struct dsa_wire_request *req, const int *fds, unsigned int nb_fds)
{
	struct iovec iov = { (void *)(uintptr_t)req, sizeof(*req) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int)) };
	ssize_t n;

	*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(nb_fds * sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, nb_fds * sizeof(int));
	do {
		n = sendmsg(conn, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? -ENXIO : -errno;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static int
wait_answer(int sock)
{
	const int64_t end = now_ms() + DSA_WIRE_ANSWER_MS;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = end - now_ms();
		n = poll(&p, 1, left > 0 ? left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	return n == 0 ? -ETIMEDOUT : 0;
}

static int
receive_answer(int sock, struct dsa_wire_reply *reply, int *got)
{
	struct iovec iov = { reply, sizeof(*reply) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	const struct cmsghdr *cmsg;
	ssize_t n;
	int ret;

	ret = wait_answer(sock);
	if (ret != 0)
		return ret;
	n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n != sizeof(*reply))
		return -ENXIO;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS && got != NULL)
		memcpy(got, CMSG_DATA(cmsg), sizeof(int));
	/* The descriptor found no place in this process. */
	if ((msg.msg_flags & MSG_CTRUNC) != 0)
		return -EMFILE;

	return 0;
}

int
link_request(int conn, const struct dsa_wire_request *req, int fd,
		struct dsa_wire_reply *reply, int *got)
{
	int sock[2], fds[2], ret;

	if (got != NULL)
		*got = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return -errno;
	fds[0] = sock[1];
	fds[1] = fd;
	ret = send_request(conn, req, fds, fd < 0 ? 1 : 2);
	/* The model has the other end alone, so that its end is seen here. */
	shut(sock[1]);
	if (ret == 0)
		ret = receive_answer(sock[0], reply, got);
	shut(sock[0]);

	return ret;
}

/* The kernel reads desc: a bad address is an error, not a second fault. */
int
link_submit(int conn, const void *desc)
{
	const uint32_t head[2] = { DSA_WIRE_SUBMIT, 0 };
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)head, sizeof(head) },
		{ (void *)(uintptr_t)desc, sizeof(((struct dsa_wire_request *)0)->desc) },
	};
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct pollfd p = { .fd = conn, .events = POLLOUT };
	ssize_t n;

	do {
		n = sendmsg(conn, &msg, MSG_NOSIGNAL);
		/* A program may have made its queue non-blocking; the device has no such thing. */
		if (n < 0 && errno == EAGAIN && poll(&p, 1, DSA_WIRE_ANSWER_MS) > 0)
			errno = EINTR;
	} while (n < 0 && errno == EINTR);

	return n < 0 ? -errno : 0;
}

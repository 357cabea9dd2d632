/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* dpdk-dma-controller --status: asks the controller of a directory and prints what it tells. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "controller.h"

#define UUID_STR 37

static const char *
uuid_str(const uint8_t *u, char *buf)
{
	snprintf(buf, UUID_STR,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		u[13], u[14], u[15]);

	return buf;
}

static const char *
prot_str(uint32_t prot)
{
	static const char *const names[] = { "-", "r", "w", "rw" };

	return names[prot & (SW_PROT_READ | SW_PROT_WRITE)];
}

/* One request and its reply; returns the reply's status. */
static int
ask(int fd, struct sw_msg_hdr *req, size_t req_len, struct sw_msg_hdr *rep, size_t rep_len)
{
	ssize_t n;

	if (send(fd, req, req_len, MSG_NOSIGNAL) != (ssize_t)req_len)
		return -errno;
	n = recv(fd, rep, rep_len, 0);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (n != (ssize_t)rep_len || rep->type != req->type || rep->seq != req->seq)
		return -EPROTO;

	return rep->status;
}

static int
ask_status(int fd, enum sw_msg_type type, uint32_t index, void *rep, size_t rep_len)
{
	struct sw_req_status req = { .hdr = { .type = type }, .index = index };

	return ask(fd, &req.hdr, sizeof(req), rep, rep_len);
}

static int
hello(int fd)
{
	struct sw_req_hello req = {
		.hdr = { .type = SW_MSG_HELLO },
		.magic = SW_PROTO_MAGIC,
		.version = SW_PROTO_VERSION,
		.status_only = 1,
	};
	struct sw_rep_hello rep;

	return ask(fd, &req.hdr, sizeof(req), &rep.hdr, sizeof(rep));
}

static void
print_controller(const struct sw_rep_status *s, bool json)
{
	char uuid[UUID_STR];

	uuid_str(s->instance, uuid);
	if (json)
		printf("{\"instance\": \"%s\", \"pid\": %u, \"uid\": %u, \"engines\": %u, "
			"\"uptime_ms\": %lu, \"sleeps\": %lu, \"cut_off\": %lu, \"hole_guard\": %s",
			uuid, s->pid, s->uid, s->engines, (unsigned long)s->uptime_ms,
			(unsigned long)s->sleeps, (unsigned long)s->cut_off,
			s->hole_guard ? "true" : "false");
	else
		printf("controller %s: pid %u, uid %u, engines %u, up %lu s, sleeps %lu, cut off %lu, hole guard %s\n",
			uuid, s->pid, s->uid, s->engines, (unsigned long)s->uptime_ms / 1000,
			(unsigned long)s->sleeps, (unsigned long)s->cut_off,
			s->hole_guard ? "on" : "off");
}

static void
print_client(const struct sw_rep_status_client *s, bool json, bool first)
{
	char uuid[UUID_STR];

	uuid_str(s->domain_id, uuid);
	if (json)
		printf("%s{\"handler\": %u, \"domain\": \"%s\", \"pid\": %u, \"uid\": %u, "
			"\"groups\": %u, \"rings\": %u, \"regions\": %u, \"registered_bytes\": %lu, "
			"\"ops\": %lu, \"bytes\": %lu, \"errors\": %lu, \"denied\": %lu}",
			first ? "" : ", ", s->handler, uuid, s->pid, s->uid, s->groups, s->rings,
			s->regions, (unsigned long)s->bytes_registered, (unsigned long)s->ops,
			(unsigned long)s->bytes, (unsigned long)s->errors, (unsigned long)s->denied);
	else
		printf("%7u  %s %7u %6u %6u %5u %7u %8lu %12lu %15lu %8lu %8lu\n", s->handler, uuid,
			s->pid, s->uid, s->groups, s->rings, s->regions,
			(unsigned long)s->bytes_registered >> 20, (unsigned long)s->ops,
			(unsigned long)s->bytes, (unsigned long)s->errors, (unsigned long)s->denied);
}

static int
print_clients(int fd, bool json)
{
	struct sw_rep_status_client s;
	uint32_t index = 1;
	bool first = true;
	int ret;

	if (json)
		printf(", \"domains\": [");
	while ((ret = ask_status(fd, SW_MSG_STATUS_CLIENT, index, &s, sizeof(s))) == 0) {
		if (first && !json)
			printf("\n%7s  %-36s %7s %6s %6s %5s %7s %8s %12s %15s %8s %8s\n", "handler",
				"domain", "pid", "uid", "groups", "rings", "regions", "MiB", "ops",
				"bytes", "errors", "denied");
		print_client(&s, json, first);
		first = false;
		if (s.next <= index)
			return -EPROTO;
		index = s.next;
	}
	if (json)
		printf("]");
	else if (first)
		printf("no domains\n");

	return ret == -ENOENT ? 0 : ret;
}

static int
print_grants(int fd, bool json)
{
	struct sw_rep_status_grant s;
	uint32_t index = 0;
	bool first = true;
	int ret;

	if (json)
		printf(", \"grants\": [");
	while ((ret = ask_status(fd, SW_MSG_STATUS_GRANT, index, &s, sizeof(s))) == 0) {
		if (json)
			printf("%s{\"grantee\": %u, \"owner\": %u, \"prot\": \"%s\", \"windows\": %u}",
				first ? "" : ", ", s.grantee, s.owner, prot_str(s.prot), s.windows);
		else if (s.windows == 0 && s.prot != 0)
			printf("%s%7u may reach %7u: rw in all memory\n", first ? "\n" : "", s.grantee,
				s.owner);
		else
			printf("%s%7u may reach %7u: %s in %u window%s\n", first ? "\n" : "", s.grantee,
				s.owner, prot_str(s.prot), s.windows, s.windows == 1 ? "" : "s");
		first = false;
		if (s.next <= index)
			return -EPROTO;
		index = s.next;
	}
	if (json)
		printf("]}\n");

	return ret == -ENOENT ? 0 : ret;
}

int
status_print(const char *path, bool json)
{
	const struct timeval limit = { .tv_sec = 2 };
	struct sw_rep_status s;
	int fd, ret;

	fd = dir_connect(path);
	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		log_msg("no controller serves %s", path);
		return fd;
	}
	if (fd < 0) {
		log_msg("cannot reach the controller of %s: %s", path, strerror(-fd));
		return fd;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ret = hello(fd);
	if (ret == 0)
		ret = ask_status(fd, SW_MSG_STATUS, 0, &s, sizeof(s));
	if (ret == 0) {
		print_controller(&s, json);
		ret = print_clients(fd, json);
	}
	if (ret == 0)
		ret = print_grants(fd, json);
	close(fd);
	if (ret != 0)
		log_msg("the controller of %s does not tell its status: %s", path,
			ret == -EPERM ? "it tells its own user and root only" : strerror(-ret));

	return ret;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Cases, peers, and commands for the model. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* A case that takes longer hangs. */
#define CASE_MS 60000
/* Where a case says that it has come to its end. All of its processes have it open. */
#define RESULT_FD 600

static const char *model_path;
static pid_t model_pid;
static const char *case_name = "?";

uint64_t
check_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

void
check_pause(void)
{
	const struct timespec ts = { .tv_nsec = 200000 };

	nanosleep(&ts, NULL);
}

void
check_fail(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	printf("FAIL: %s (pid %d): %s, line %d: %s: ", case_name, getpid(), file, line, cond);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("");
	fflush(stdout);
	_exit(1);
}

pid_t
check_model(void)
{
	return model_pid;
}

const char *
check_model_dir(void)
{
	return getenv("DSA_MODEL_DIR");
}

/* --- Commands --------------------------------------------------------------------------------- */

static void
exec_ctl(const char *command, int out)
{
	char words[128], *save, *word;
	const char *argv[12] = { model_path, "--dir", check_model_dir(), "--ctl" };
	unsigned int nb = 4;

	snprintf(words, sizeof(words), "%s", command);
	for (word = strtok_r(words, " ", &save); word != NULL && nb < 11;
			word = strtok_r(NULL, " ", &save))
		argv[nb++] = word;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execv(model_path, (char *const *)(uintptr_t)argv);
	_exit(126);
}

int
check_ctl_try(const char *command, const char **output)
{
	static char buf[2 << 20];
	size_t used = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0)
		exec_ctl(command, fds[1]);
	close(fds[1]);
	while ((n = read(fds[0], buf + used, sizeof(buf) - 1 - used)) > 0)
		used += n;
	buf[used] = '\0';
	close(fds[0]);
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
	if (output != NULL)
		*output = buf;

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *
check_ctl(const char *command)
{
	const char *output;
	const int status = check_ctl_try(command, &output);

	CHECK(status == 0, "'%s' ended with status %d: %s", command, status, output);
	return output;
}

unsigned long
check_stat(const char *key)
{
	const char *line = check_ctl("stats");
	const size_t len = strlen(key);

	for (; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoul(line + len, NULL, 10);
	check_fail(__FILE__, __LINE__, "key", "no '%s' in the statistics", key);
}

/* Whether the line has the word, whole. */
static bool
line_has(const char *line, size_t len, const char *word, size_t word_len)
{
	const char *at = line;

	while ((at = memmem(at, line + len - at, word, word_len)) != NULL) {
		if ((at == line || at[-1] == ' ') && (at + word_len == line + len ||
				at[word_len] == ' '))
			return true;
		at++;
	}

	return false;
}

unsigned int
check_lines(const char *command, const char *words)
{
	const char *line = check_ctl(command), *end, *word;
	unsigned int nb = 0;
	bool all;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		all = true;
		for (word = words; *word != '\0'; word += strcspn(word, " "), word += *word == ' ')
			all &= line_has(line, end - line, word, strcspn(word, " "));
		nb += all;
	}

	return nb;
}

/* --- Peers ------------------------------------------------------------------------------------ */

void
peer_start(struct peer *p, void (*run)(int sock))
{
	int socks[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) == 0, "socketpair: %s",
		strerror(errno));
	fflush(stdout);
	p->pid = fork();
	CHECK(p->pid >= 0, "fork: %s", strerror(errno));
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(socks[0]);
		run(socks[1]);
		fflush(stdout);
		_exit(0);
	}
	close(socks[1]);
	p->sock = socks[0];
}

void
peer_end(struct peer *p)
{
	int status = 0;

	WAIT_FOR(waitpid(p->pid, &status, WNOHANG) == p->pid);
	CHECK(status == 0, "the peer's status is 0x%x", status);
	close(p->sock);
}

void
peer_kill(struct peer *p)
{
	int status = 0;

	kill(p->pid, SIGKILL);
	CHECK(waitpid(p->pid, &status, 0) == p->pid && WIFSIGNALED(status),
		"the peer's status is 0x%x", status);
	close(p->sock);
}

void
tell(int sock, uint64_t value, int fd)
{
	struct iovec iov = { &value, sizeof(value) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(int));
	}
	CHECK(sendmsg(sock, &msg, MSG_NOSIGNAL) == sizeof(value), "the other process: %s",
		strerror(errno));
}

uint64_t
hear(int sock, int *fd)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint64_t value = 0;
	struct iovec iov = { &value, sizeof(value) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };

	CHECK(poll(&p, 1, STEP_MS) == 1, "the other process says nothing");
	CHECK(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == sizeof(value),
		"the other process has ended");
	if (fd != NULL) {
		CHECK(CMSG_FIRSTHDR(&msg) != NULL, "no descriptor came");
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	}

	return value;
}

/* --- Cases ------------------------------------------------------------------------------------ */

static void
exec_model(const struct check_case *c, const char *dir, char **argv, int result)
{
	const char *words[24] = { model_path, "--dir", dir };
	unsigned int nb = 3, i;

	for (i = 0; c->switches[i] != NULL; i++)
		words[nb++] = c->switches[i];
	words[nb++] = "--";
	words[nb++] = argv[0];
	words[nb++] = model_path;
	words[nb++] = c->name;
	dup2(result, RESULT_FD);
	close(result);
	execv(model_path, (char *const *)(uintptr_t)words);
	printf("FAIL: cannot run %s: %s\n", model_path, strerror(errno));
	_exit(1);
}

/* The end of the pipe is the end of all processes of the case. */
static bool
came_to_end(const char *name, int result, uint64_t end)
{
	struct pollfd p = { .fd = result, .events = POLLIN };
	bool ok = false;
	uint64_t now;
	char byte;

	for (;;) {
		now = check_now_ms();
		if (poll(&p, 1, now < end ? end - now : 0) != 1) {
			printf("FAIL: %s: processes are left after %d ms\n", name, CASE_MS);
			return false;
		}
		if (read(result, &byte, 1) != 1)
			break;
		ok = true;
	}
	if (!ok)
		printf("FAIL: %s did not come to its end\n", name);

	return ok;
}

static bool
run_case(const struct check_case *c, char **argv)
{
	char dir[] = "/tmp/dsa-model-check.XXXXXX", command[64];
	int fds[2], status = 0;
	pid_t pid;
	bool ok;

	CHECK(mkdtemp(dir) != NULL && rmdir(dir) == 0, "%s: %s", dir, strerror(errno));
	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		/* What is left of a case that hangs can be ended together, or ends with us. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exec_model(c, dir, argv, fds[1]);
	}
	close(fds[1]);
	ok = came_to_end(c->name, fds[0], check_now_ms() + CASE_MS);
	if (!ok)
		kill(-pid, SIGKILL);
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (!c->model_killed && status != 0) {
		printf("FAIL: %s: the model's status is 0x%x\n", c->name, status);
		ok = false;
	}
	if (access(dir, F_OK) == 0) {
		ok &= c->model_killed;
		if (!c->model_killed)
			printf("FAIL: %s: the model left %s\n", c->name, dir);
		snprintf(command, sizeof(command), "rm -rf '%s'", dir);
		ok &= system(command) == 0;
	}
	printf("%s: %s\n", c->name, ok ? "ok" : "failed");

	return ok;
}

static int
inside(const struct check_case *c)
{
	case_name = c->name;
	model_pid = getppid();
	if (!c->model_killed)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	c->run();
	fflush(stdout);

	return write(RESULT_FD, "", 1) == 1 ? 0 : 1;
}

int
check_main(int argc, char **argv, const struct check_case *cases, unsigned int nb)
{
	unsigned int i, run = 0, failed = 0;

	CHECK(argc >= 2, "the model's path is missing");
	model_path = argv[1];
	for (i = 0; i < nb; i++) {
		if (argc == 3 && strcmp(cases[i].name, argv[2]) == 0)
			return inside(&cases[i]);
		if (argc == 2 && !cases[i].only_called) {
			failed += !run_case(&cases[i], argv);
			run++;
		}
	}
	CHECK(argc == 2, "there is no case '%s'", argv[2]);
	printf("%u cases, %u failed\n", run, failed);

	return failed != 0 || run == 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the engine takes of a CPU while there is nothing to do. Its process is asked for by
 * "dpdk-dma-controller --status" for the controller whose socket this process is connected to.
 */

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define CONTROLLER "dpdk-dma-controller"
#define SOCKET_NAME "/dma_sw.sock"
#define MAX_FDS 65536

double
bench_cpu_time(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return NAN;

	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* The directory of the controller that one of the process's sockets leads to. */
static bool
find_directory(char *dir, size_t size)
{
	const size_t len = strlen(SOCKET_NAME);
	struct sockaddr_un sa;
	socklen_t sa_len;
	size_t n;
	int fd;

	for (fd = 0; fd < RTE_MIN(sysconf(_SC_OPEN_MAX), MAX_FDS); fd++) {
		memset(&sa, 0, sizeof(sa));
		sa_len = sizeof(sa) - 1;
		if (getpeername(fd, (struct sockaddr *)&sa, &sa_len) != 0 ||
		    sa.sun_family != AF_UNIX)
			continue;
		n = strlen(sa.sun_path);
		if (n > len && n - len < size && strcmp(sa.sun_path + n - len, SOCKET_NAME) == 0) {
			snprintf(dir, size, "%.*s", (int)(n - len), sa.sun_path);
			return true;
		}
	}

	return false;
}

/* The controller's program: beside this one, or in PATH. */
static void
controller_path(char *path, size_t size)
{
	char self[PATH_MAX] = "";
	char *slash;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	if (snprintf(path, size, "%s/" CONTROLLER, self) >= (int)size || access(path, X_OK) != 0)
		snprintf(path, size, CONTROLLER);
}

/* Its output, as much as there is room for. */
static bool
read_status(char *dir, char *text, size_t size)
{
	char path[PATH_MAX + 32];
	char *argv[] = { path, strdupa("--dir"), dir, strdupa("--status"), strdupa("--json"), NULL };
	posix_spawn_file_actions_t actions;
	size_t len = 0;
	int pipes[2], ret, status;
	ssize_t n;
	pid_t pid;

	controller_path(path, sizeof(path));
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	ret = posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	if (ret == 0)
		ret = posix_spawnp(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	while (ret == 0 && (n = read(pipes[0], text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(pipes[0]);

	return ret == 0 && waitpid(pid, &status, 0) == pid && len > 0;
}

pid_t
bench_engine_pid(const struct perf_case *c)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)], text[512];
	const char *pid;

	/* The engine of another device may be a thread of this process; that is counted anyway. */
	if (!find_directory(dir, sizeof(dir)))
		return 0;
	pid = read_status(dir, text, sizeof(text)) ? strstr(text, "\"pid\": ") : NULL;
	if (pid == NULL) {
		fprintf(stderr, "%s: the controller in %s does not tell its process; engine_pid=PID "
			"can\n", c->name, dir);
		return 0;
	}

	return atoi(pid + strlen("\"pid\": "));
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Start and end of the model, and its turns in between. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

#define CLIENT_LIBRARY "libdsa-model-client.so"
/* Events in a turn. */
#define TURN_EVENTS 16
/* How long the command may take to end once it has been told to. */
#define COMMAND_END_US 10000000

struct model model;

static bool ended;
static pid_t command_pid;
static uint64_t command_kill_us; /* 0: it was not told to end */
static int command_status;
static sigset_t old_mask;
static struct rlimit old_files;

uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

void
watch_add(struct watch *w, bool readable)
{
	struct epoll_event ev = { .events = readable ? EPOLLIN : 0, .data.ptr = w };

	if (epoll_ctl(model.epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) != 0)
		abort();
}

__attribute__((noreturn))
static void
die(const char *what, int error)
{
	fprintf(stderr, "dsa-model: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

/* --- Signals and the command ------------------------------------------------------------------ */

static void
reap(void)
{
	int status;

	if (command_pid == 0 || waitpid(command_pid, &status, WNOHANG) != command_pid)
		return;
	command_pid = 0;
	command_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ended = true;
}

static void
signal_ready(struct watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		reap();
	} else if (command_pid != 0) {
		kill(command_pid, info.ssi_signo);
		command_kill_us = now_us() + COMMAND_END_US;
	} else {
		ended = true;
	}
}

static void
signals_start(void)
{
	static struct watch watch = { .ready = signal_ready };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old_mask);
	watch.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (watch.fd < 0)
		die("signals", errno);
	watch_add(&watch, true);
}

/* What a program needs to meet the model: each variable, and its value. */
struct variable {
	const char *name;
	char value[3 * PATH_MAX];
};

static void
make_variables(struct variable vars[4])
{
	const char *dir = model.opt.dir, *preload = getenv("LD_PRELOAD");
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		die("/proc/self/exe", errno);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	vars[0].name = "DSA_DEV_PATH";
	snprintf(vars[0].value, sizeof(vars[0].value), "%s/dev", dir);
	vars[1].name = "DSA_SYSFS_PATH";
	snprintf(vars[1].value, sizeof(vars[1].value), "%s/sysfs", dir);
	vars[2].name = DSA_WIRE_DIR_ENV;
	snprintf(vars[2].value, sizeof(vars[2].value), "%s", dir);
	vars[3].name = "LD_PRELOAD";
	snprintf(vars[3].value, sizeof(vars[3].value), "%s/%s%s%s", path, CLIENT_LIBRARY,
		preload == NULL || *preload == '\0' ? "" : ":", preload == NULL ? "" : preload);
}

static void
command_start(const struct variable vars[4])
{
	unsigned int i;

	command_pid = fork();
	if (command_pid < 0)
		die("fork", errno);
	if (command_pid > 0)
		return;
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	setrlimit(RLIMIT_NOFILE, &old_files);
	for (i = 0; i < 4; i++)
		setenv(vars[i].name, vars[i].value, 1);
	execvp(model.opt.words[0], model.opt.words);
	fprintf(stderr, "dsa-model: cannot run '%s': %s\n", model.opt.words[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* In a form that a shell takes, whatever is in the paths. */
static void
print_variables(const struct variable vars[4])
{
	unsigned int i;
	const char *c;

	for (i = 0; i < 4; i++) {
		printf("export %s='", vars[i].name);
		for (c = vars[i].value; *c != '\0'; c++)
			*c == '\'' ? (void)fputs("'\\''", stdout) : (void)putchar(*c);
		puts("'");
	}
	fflush(stdout);
}

/* --- Turns ------------------------------------------------------------------------------------ */

/* Events one by one: what one of them frees is not in a list of others. */
static void
take_events(int timeout_ms)
{
	struct epoll_event ev;
	unsigned int i;

	for (i = 0; i < TURN_EVENTS; i++) {
		if (epoll_wait(model.epoll_fd, &ev, 1, i == 0 ? timeout_ms : 0) != 1)
			return;
		((struct watch *)ev.data.ptr)->ready(ev.data.ptr);
	}
}

/* Rounded down: a little early is a turn more, late would be late. */
static int
timeout_until(uint64_t when)
{
	uint64_t now;

	if (when == UINT64_MAX)
		return -1;
	now = when == 0 ? 0 : now_us();
	return when <= now ? 0 : (when - now) / 1000;
}

static void
serve(void)
{
	uint64_t next, when;

	while (!ended) {
		next = engine_turn();
		when = drain_turn();
		next = when < next ? when : next;
		if (command_kill_us != 0 && now_us() >= command_kill_us) {
			kill(command_pid, SIGKILL);
			command_kill_us = 0;
		}
		next = command_kill_us != 0 && command_kill_us < next ? command_kill_us : next;
		take_events(timeout_until(next));
	}
}

/* Each window and each connection takes a descriptor. */
static void
files_raise(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &old_files) != 0)
		die("limits", errno);
	files = old_files;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void
devices_make(void)
{
	struct device *dev;
	unsigned int d, i;

	for (d = 0; d < model.opt.devices; d++) {
		dev = &model.devices[d];
		dev->index = d;
		dev->table = calloc(model.opt.idpt_entries, sizeof(*dev->table));
		if (dev->table == NULL)
			die("devices", ENOMEM);
		for (i = 0; i < model.opt.queues; i++) {
			struct queue *q = &dev->queues[i];

			q->dev = dev;
			q->index = i;
			q->slots = calloc(model.opt.queue_size, sizeof(*q->slots));
			q->batch.list = calloc(model.opt.max_batch, sizeof(*q->batch.list));
			if (q->slots == NULL || q->batch.list == NULL)
				die("devices", ENOMEM);
		}
	}
}

static int
send_command(void)
{
	const int ret = control_send(model.opt.dir, model.opt.words);

	if (ret < 0)
		fprintf(stderr, "dsa-model: --ctl: %s\n", ret == -ENXIO ?
			"no model serves this directory" : strerror(-ret));

	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct variable vars[4];
	static char dir[PATH_MAX];
	int ret;

	options_parse(argc, argv, &model.opt);
	if (model.opt.ctl)
		return send_command();
	model.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (model.epoll_fd < 0)
		die("epoll", errno);
	signals_start();
	files_raise();
	devices_make();
	ret = tree_prepare(dir);
	if (ret == 0)
		ret = server_start();
	if (ret == 0)
		ret = tree_make();
	if (ret != 0 && ret != -EADDRINUSE)
		tree_remove();
	if (ret != 0)
		die(model.opt.dir, -ret);
	make_variables(vars);
	if (model.opt.words != NULL)
		command_start(vars);
	else
		print_variables(vars);
	serve();
	server_stop();
	tree_remove();

	return command_status;
}

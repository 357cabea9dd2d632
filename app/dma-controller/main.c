/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* dpdk-dma-controller: options, start and end. controller.h says how the program is made. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controller.h"

#define DEFAULT_IDLE_US 50
#define MAX_IDLE_US     10000000
#define LOG_BURST       200

struct controller ctl;

struct options {
	const char *dir;
	int cores[MAX_ENGINES];
	uint32_t nb_cores;
	uint64_t idle_us;
	bool daemon;
	bool exit_when_unused;
	bool status;
	bool json;
};

/*
 * Whether a line may be written, and how many were not since the last: what clients do wrong is
 * told, but they must not fill a disk by it. As many lines as LOG_BURST at once, then one a second.
 */
static bool
log_allowed(uint32_t *left_out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the three below */
	static uint64_t counted_until;
	static uint32_t lines, dropped;
	const uint64_t now = now_ms() / 1000;
	bool allowed;

	pthread_mutex_lock(&lock);
	if (now > counted_until) {
		lines -= now - counted_until < lines ? now - counted_until : lines;
		counted_until = now;
	}
	allowed = lines < LOG_BURST;
	if (allowed) {
		lines++;
		*left_out = dropped;
		dropped = 0;
	} else {
		dropped++;
	}
	pthread_mutex_unlock(&lock);

	return allowed;
}

/* One write a line: stdio would need more system calls than the sandbox lets through. */
void
log_msg(const char *fmt, ...)
{
	static const char prefix[] = "dma-controller: ";
	const size_t room = 512;
	size_t len = sizeof(prefix) - 1;
	char line[512];
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	uint32_t left_out = 0;
	va_list ap;
	int n;

	if (!log_allowed(&left_out))
		return;
	memcpy(line, prefix, len);
	if (left_out != 0)
		len += snprintf(line + len, room - len, "(%u lines left out) ", left_out);
	va_start(ap, fmt);
	n = vsnprintf(line + len, room - len - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len += (size_t)n < room - len - 1 ? (size_t)n : room - len - 2;
	line[len++] = '\n';
	/* Who reads the log may stand still or be gone; nothing here waits for it. */
	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0)
		(void)!write(STDERR_FILENO, line, len);
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

uint64_t
now_ms(void)
{
	return now_ns() / 1000000;
}

static void
usage(FILE *f)
{
	fprintf(f,
		"usage: dpdk-dma-controller --dir DIR [--cores LIST] [--idle-us N]\n"
		"                           [--daemon] [--exit-when-unused]\n"
		"       dpdk-dma-controller --dir DIR --status [--json]\n"
		"\n"
		"The software DMA controller of dma_sw devices.\n"
		"\n"
		"  --dir DIR           directory of the controller's socket; made if it is missing\n"
		"  --cores LIST        one engine thread on each of these cores, as in 1,4-6;\n"
		"                      without it one engine that runs wherever there is room\n"
		"  --idle-us N         how long an engine polls for work before it sleeps,\n"
		"                      0 to %d (default %d)\n"
		"  --daemon            go to the background when ready; log to DIR/%s\n"
		"  --exit-when-unused  end after the last client has gone\n"
		"  --status            print domains, grants and counters of a running controller\n"
		"  --json              print them as JSON\n"
		"  --help              print this\n",
		MAX_IDLE_US, DEFAULT_IDLE_US, SW_LOG_NAME);
}

/* A core or a range of cores at *s; moves *s behind it. */
static int
parse_range(const char **s, long *first, long *last)
{
	char *end;

	errno = 0;
	*first = strtol(*s, &end, 10);
	if (end == *s)
		return -EINVAL;
	*last = *first;
	if (*end == '-') {
		*s = end + 1;
		*last = strtol(*s, &end, 10);
		if (end == *s)
			return -EINVAL;
	}
	*s = end;

	return errno != 0 || *first < 0 || *last < *first || *last >= 4096 ? -EINVAL : 0;
}

static int
parse_cores(struct options *o, const char *list)
{
	const char *s = list;
	long first, last;

	o->nb_cores = 0;
	for (;;) {
		if (parse_range(&s, &first, &last) != 0 || (*s != ',' && *s != '\0')) {
			log_msg("--cores %s: expected a list of cores, such as 1,4-6", list);
			return -EINVAL;
		}
		for (; first <= last; first++) {
			if (o->nb_cores == MAX_ENGINES) {
				log_msg("--cores %s: more than %d cores", list, MAX_ENGINES);
				return -EINVAL;
			}
			o->cores[o->nb_cores++] = first;
		}
		if (*s++ == '\0')
			return 0;
	}
}

static int
parse_idle(struct options *o, const char *arg)
{
	char *end;

	errno = 0;
	o->idle_us = strtoull(arg, &end, 10);
	if (errno != 0 || end == arg || *end != '\0' || *arg == '-' || o->idle_us > MAX_IDLE_US) {
		log_msg("--idle-us %s: expected microseconds, 0 to %d", arg, MAX_IDLE_US);
		return -EINVAL;
	}

	return 0;
}

enum { OPT_DIR = 1, OPT_CORES, OPT_IDLE, OPT_DAEMON, OPT_EXIT, OPT_STATUS, OPT_JSON, OPT_HELP };

static int
parse_option(struct options *o, int opt)
{
	switch (opt) {
	case OPT_DIR:
		o->dir = optarg;
		return 0;
	case OPT_CORES:
		return parse_cores(o, optarg);
	case OPT_IDLE:
		return parse_idle(o, optarg);
	case OPT_DAEMON:
		o->daemon = true;
		return 0;
	case OPT_EXIT:
		o->exit_when_unused = true;
		return 0;
	case OPT_STATUS:
		o->status = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_HELP:
		usage(stdout);
		exit(EXIT_SUCCESS);
	default:
		return -EINVAL;
	}
}

static int
parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "dir", required_argument, NULL, OPT_DIR },
		{ "cores", required_argument, NULL, OPT_CORES },
		{ "idle-us", required_argument, NULL, OPT_IDLE },
		{ "daemon", no_argument, NULL, OPT_DAEMON },
		{ "exit-when-unused", no_argument, NULL, OPT_EXIT },
		{ "status", no_argument, NULL, OPT_STATUS },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longopts, NULL)) != -1)
		if (parse_option(o, opt) != 0)
			return -EINVAL;
	if (optind != argc || o->dir == NULL || (o->json && !o->status)) {
		if (optind != argc)
			log_msg("unexpected argument %s", argv[optind]);
		else if (o->dir == NULL)
			log_msg("--dir is missing; dma_sw uses dma_access beside EAL's run-time directories, such as /var/run/dpdk/dma_access, unless told otherwise");
		else
			log_msg("--json goes with --status");
		usage(stderr);
		return -EINVAL;
	}

	return 0;
}

/* The end comes as a descriptor, so that no handler interrupts anything. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;

	return signalfd(-1, &set, SFD_CLOEXEC);
}

/*
 * In a shared directory it could be somebody's FIFO, or a second name of some file of ours, or be
 * read by somebody: nothing is written, and nothing is thrown away, before that is known.
 */
static int
log_open(int dir)
{
	int fd = openat(dir, SW_LOG_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		0600);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_nlink == 1 && ftruncate(fd, 0) == 0)
		return fd;
	close(fd);
	errno = EPERM;

	return -1;
}

/*
 * Go to the background. The parent stays until the child serves or has failed, so who started it
 * needs no second look. Returns the descriptor on which to say so.
 */
static int
daemonize(int dir)
{
	int ready[2], log, null;
	cpu_set_t all;
	char ok;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -errno;
	switch (fork()) {
	case -1:
		return -errno;
	case 0:
		break;
	default:
		close(ready[1]);
		_exit(read(ready[0], &ok, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ready[0]);
	setsid();
	/* Who starts a controller may be pinned to a core; the controller is not meant by that. */
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	log = log_open(dir);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (log < 0 || null < 0 || chdir("/") != 0) {
		log_msg("cannot write %s: %s", SW_LOG_NAME, errno == EPERM ?
			"it is no file of ours alone; remove it" : strerror(errno));
		_exit(EXIT_FAILURE);
	}
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close(null);
	close(log);

	return ready[1];
}

/* Rings and connections take three descriptors each. */
static void
raise_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static int
controller_start(const struct options *o)
{
	static const int anywhere[] = { -1 };
	int ret;

	ctl.uid = geteuid();
	ctl.linger_end = o->exit_when_unused;
	ctl.started = now_ms();
	if (getrandom(ctl.instance, sizeof(ctl.instance), 0) != sizeof(ctl.instance))
		return -EIO;
	ctl.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (ctl.epoll < 0)
		return -errno;
	raise_limits();
	memory_guard_init();
	ret = fault_init();
	if (ret == 0)
		ret = discard_start();
	if (ret == 0)
		ret = o->nb_cores == 0 ? engines_start(anywhere, 1, o->idle_us) :
			engines_start(o->cores, o->nb_cores, o->idle_us);

	return ret == 0 ? sandbox_enter() : ret;
}

static int
run(const struct options *o)
{
	int dir, signals, ready = -1, ret;

	dir = dir_open(o->dir, true);
	if (dir < 0)
		return dir;
	signals = signals_open();
	if (signals < 0)
		return signals;
	/* Before the directory is left behind: its path may be a relative one. */
	ctl.listener = dir_listen(dir, o->dir);
	if (ctl.listener < 0)
		return ctl.listener;
	if (o->daemon) {
		ready = daemonize(dir);
		if (ready < 0)
			return ready;
	}
	ret = controller_start(o);
	if (ret != 0)
		return ret;
	log_msg("serving %s with %u engine%s", o->dir, ctl.nb_engines, ctl.nb_engines == 1 ? "" : "s");
	if (ready >= 0) {
		if (write(ready, "", 1) != 1)
			log_msg("who started this controller is gone");
		close(ready);
	}
	ret = server_run(signals);
	engines_stop();

	return ret;
}

int
main(int argc, char **argv)
{
	struct options o = { .idle_us = DEFAULT_IDLE_US };
	int ret;

	if (parse(&o, argc, argv) != 0)
		return EXIT_FAILURE;
	ret = o.status ? status_print(o.dir, o.json) : run(&o);

	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

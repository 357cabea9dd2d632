/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Peers as the test sees them: started, asked, killed. A peer lives on from test to test, with a
 * new device for each, for starting EAL takes most of the time. It ends with the test, however
 * that ends.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_string_fns.h>

#include "test_dma_access.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* A peer's own waits end before ours; many that start together share few cores. */
#define ANSWER_MS (DA_WAIT_MS * 2)
#define START_MS (DA_WAIT_MS * 12)
#define PEER_FD 3
#define PEER_MEM_MB 64
#define PEER_MADE "dma_sw_peer"
/* What da_ask() returns if there is no answer: no errno. */
#define NO_ANSWER INT_MIN

extern char **environ;

static struct da_peer peers[DA_MAX_PEERS];

struct da_peer *
da_peer(unsigned int n)
{
	return &peers[n];
}

static void
log_path(unsigned int n, char *path, size_t size)
{
	char name[32];

	snprintf(name, sizeof(name), "peer%u.log", n);
	da_path(path, size, name);
}

/* One thread on any of the cores that this process has: peers neither spin nor share one core. */
static void
lcores_arg(char *arg, size_t size)
{
	size_t len = snprintf(arg, size, "--lcores=0@(");
	unsigned int lcore, cpu;
	rte_cpuset_t all;

	CPU_ZERO(&all);
	RTE_LCORE_FOREACH(lcore) {
		rte_cpuset_t set = rte_lcore_cpuset(lcore);

		CPU_OR(&all, &all, &set);
	}
	for (cpu = 0; cpu < CPU_SETSIZE && len < size; cpu++)
		if (CPU_ISSET(cpu, &all))
			len += snprintf(arg + len, size - len, "%u,", cpu);
	arg[len - 1] = ')';
}

/* Our environment, but for what is meant for us alone. */
static char **
peer_env(char *const *add, unsigned int nb_add)
{
	static const char *const ours[] = { "DPDK_TEST", "DPDK_TEST_PARAMS", "DMA_ACCESS_PEER",
		RECURSIVE_ENV_VAR };
	unsigned int i, j, nb = 0;
	char **env;

	while (environ[nb] != NULL)
		nb++;
	env = calloc(nb + nb_add + 1, sizeof(*env));
	if (env == NULL)
		return NULL;
	/* Where a name is twice the first counts. */
	for (i = 0; i < nb_add; i++)
		env[i] = add[i];
	for (j = 0, nb = nb_add; environ[j] != NULL; j++) {
		size_t len = strcspn(environ[j], "=");

		for (i = 0; i < RTE_DIM(ours); i++)
			if (strlen(ours[i]) == len && strncmp(ours[i], environ[j], len) == 0)
				break;
		if (i == RTE_DIM(ours))
			env[nb++] = environ[j];
	}

	return env;
}

/* In the child, where nothing may be called that takes a lock. */
static void
child_exec(pid_t parent, int fd, int log, char *const *argv, char *const *env)
{
	int null = open("/dev/null", O_RDONLY), last, i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0)
		_exit(EXIT_FAILURE);
	/* Each may be in the place of another. */
	fd = fcntl(fd, F_DUPFD, PEER_FD + 1);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	dup2(fd, PEER_FD);
	if (syscall(SYS_close_range, PEER_FD + 1, ~0u, 0) != 0)
		for (i = PEER_FD + 1, last = sysconf(_SC_OPEN_MAX); i < last; i++)
			close(i);
	execve("/proc/self/exe", argv, env);
	_exit(EXIT_FAILURE);
}

static int
spawn(unsigned int n, char *const *argv, char *const *env)
{
	struct da_peer *p = &peers[n];
	char path[PATH_MAX];
	pid_t self = getpid();
	int fds[2], log;

	log_path(n, path, sizeof(path));
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		printf("no log %s or no socket for peer %u: %s\n", path, n, strerror(errno));
		return TEST_FAILED;
	}
	p->pid = fork();
	if (p->pid == 0)
		child_exec(self, fds[1], log, argv, env);
	close(fds[1]);
	close(log);
	if (p->pid < 0) {
		printf("cannot fork peer %u: %s\n", n, strerror(errno));
		close(fds[0]);
		p->pid = 0;
		return TEST_FAILED;
	}
	p->fd = fds[0];
	p->n = n;
	p->line_len = 0;

	return TEST_SUCCESS;
}

/* What a peer's device is called: one that it makes, or a work queue that nobody has. */
static int
peer_device(unsigned int n, char *name, size_t size)
{
	rte_strscpy(name, PEER_MADE, size);
	if (!da.kind->made_here && !da_queue_name(n, true, name, size)) {
		printf("there is no work queue for peer %u\n", n);
		return TEST_FAILED;
	}

	return TEST_SUCCESS;
}

/*
 * Start a peer whose device has arguments of its own, or is a work queue of that name, with so much
 * memory, or if that is 0 with huge pages as it needs them. It says when it is ready:
 * da_answer_start().
 */
int
da_peer_start(unsigned int n, const char *args, unsigned int mem_mb)
{
	char mem[16], lcores[256], prefix[32], runtime[PATH_MAX], peer_var[PATH_MAX + 64];
	char device[32], allow[48];
	char *argv[] = { (char *)(uintptr_t)"dma-access-peer", (char *)(uintptr_t)"--no-pci",
		(char *)(uintptr_t)"--no-telemetry", (char *)(uintptr_t)"--iova-mode=va", lcores,
		prefix, mem, NULL, NULL, NULL };
	char *add[] = { (char *)(uintptr_t)"DPDK_TEST=dma_access_peer", peer_var, runtime };
	unsigned int nb = RTE_DIM(argv) - 3;
	char **env;
	int ret;

	if (da.kind->made_here || args[0] == '\0')
		DA_TRY(peer_device(n, device, sizeof(device)));
	else
		rte_strscpy(device, args, sizeof(device));
	if (mem_mb == 0) {
		snprintf(mem, sizeof(mem), "--in-memory");
	} else {
		snprintf(mem, sizeof(mem), "-m%u", mem_mb);
		argv[nb++] = (char *)(uintptr_t)"--no-huge";
	}
	snprintf(allow, sizeof(allow), "--allow=%s", device);
	if (!da.kind->made_here)
		argv[nb++] = allow;
	lcores_arg(lcores, sizeof(lcores));
	snprintf(prefix, sizeof(prefix), "--file-prefix=peer%u", n);
	snprintf(peer_var, sizeof(peer_var), "DMA_ACCESS_PEER=%d %s %s", PEER_FD, device, args);
	/* So that what EAL leaves behind is removed with all the rest. */
	snprintf(runtime, sizeof(runtime), "RUNTIME_DIRECTORY=%s", da.dir);
	env = peer_env(add, RTE_DIM(add));
	ret = env == NULL ? TEST_FAILED : spawn(n, argv, env);
	free(env);
	peers[n].common = args[0] == '\0' && mem_mb == PEER_MEM_MB && da.kind->made_here;
	peers[n].used = true;

	return ret;
}

/* Start a secondary process of this one. */
int
da_secondary_start(unsigned int n)
{
	const char *slash = strrchr(rte_eal_get_runtime_dir(), '/');
	char lcores[256], prefix[128], peer_var[64], allow[48];
	char *argv[] = { (char *)(uintptr_t)"dma-access-peer", (char *)(uintptr_t)"--no-pci",
		(char *)(uintptr_t)"--no-telemetry", (char *)(uintptr_t)"--proc-type=secondary",
		lcores, prefix, da.kind->made_here ? NULL : allow, NULL };
	char *add[] = { (char *)(uintptr_t)"DPDK_TEST=dma_access_peer", peer_var };
	char **env;
	int ret;

	lcores_arg(lcores, sizeof(lcores));
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", slash == NULL ? "rte" : slash + 1);
	/* It does not get the work queue of its primary, nor any other. */
	snprintf(allow, sizeof(allow), "--allow=%s", da.dev.name);
	snprintf(peer_var, sizeof(peer_var), "DMA_ACCESS_PEER=%d %s ", PEER_FD, da.dev.name);
	env = peer_env(add, RTE_DIM(add));
	ret = env == NULL ? TEST_FAILED : spawn(n, argv, env);
	free(env);
	peers[n].common = false;
	peers[n].used = true;

	return ret;
}

/* Have peers 0 to nb - 1, with a device on the common controller each. */
int
da_peers_start(unsigned int nb)
{
	bool started[DA_MAX_PEERS] = { false };
	unsigned int n;

	DA_NEED(da_max_peers() >= nb, "there are devices for %u peers, not %u", da_max_peers(), nb);
	for (n = 0; n < nb; n++) {
		peers[n].used = true;
		if (peers[n].pid != 0)
			continue;
		DA_TRY(da_peer_start(n, "", PEER_MEM_MB));
		started[n] = true;
	}
	for (n = 0; n < nb; n++)
		if (started[n])
			DA_CHECK(da_answer_start(n), 0, "peer %u opening its device", n);

	return TEST_SUCCESS;
}

static void
peer_reap(struct da_peer *p)
{
	close(p->fd);
	p->pid = 0;
}

void
da_peer_kill(unsigned int n)
{
	struct da_peer *p = &peers[n];

	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	peer_reap(p);
}

/* For what a test does to a peer beyond killing it. */
void
da_peer_signal(unsigned int n, int sig)
{
	siginfo_t info;

	if (peers[n].pid == 0)
		return;
	kill(peers[n].pid, sig);
	/* Its threads go on until each has seen the signal. */
	if (sig == SIGSTOP)
		waitid(P_PID, peers[n].pid, &info, WSTOPPED | WEXITED | WNOWAIT);
}

int
da_send(unsigned int n, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[len++] = '\n';
	if (peers[n].pid == 0 || send(peers[n].fd, line, len, MSG_NOSIGNAL) != len) {
		printf("peer %u is gone, cannot be told: %s", n, line);
		return TEST_FAILED;
	}

	return TEST_SUCCESS;
}

/* Wait until a peer has answered a line, or is gone. */
static bool
receive_line(struct da_peer *p, uint64_t wait_ms)
{
	const uint64_t end = da_now_ms() + wait_ms;
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	uint64_t now;
	ssize_t got;

	p->line_len = 0;
	do {
		now = da_now_ms();
		if (now >= end || p->line_len == sizeof(p->line) - 1)
			return false;
		if (poll(&pfd, 1, end - now) <= 0)
			continue;
		got = recv(p->fd, p->line + p->line_len, sizeof(p->line) - 1 - p->line_len, 0);
		if (got <= 0)
			return false;
		p->line_len += got;
	} while (p->line_len == 0 || p->line[p->line_len - 1] != '\n');
	p->line[p->line_len] = '\0';

	return true;
}

static int
answer_within(unsigned int n, uint64_t wait_ms)
{
	struct da_peer *p = &peers[n];
	char *word, *end;

	if (p->pid == 0)
		return NO_ANSWER;
	if (!receive_line(p, wait_ms)) {
		printf("peer %u (pid %d) died, or did not answer in %" PRIu64 " ms\n", n, p->pid,
			wait_ms);
		da_peer_kill(n);
		return NO_ANSWER;
	}
	p->ret = strtol(p->line, &word, 10);
	for (p->nb_val = 0; p->nb_val < DA_MAX_VALS; p->nb_val++) {
		p->val[p->nb_val] = strtoull(word, &end, 16);
		if (end == word)
			break;
		word = end;
	}

	return p->ret;
}

/* The answer to what was sent: its result; the values are in da_peer(n)->val. */
int
da_answer(unsigned int n)
{
	return answer_within(n, ANSWER_MS);
}

/* Whether an answer is there already. */
bool
da_answered(unsigned int n)
{
	struct pollfd pfd = { .fd = peers[n].fd, .events = POLLIN };

	return peers[n].pid == 0 || poll(&pfd, 1, 0) != 0;
}

int
da_answer_start(unsigned int n)
{
	return answer_within(n, START_MS);
}

int
da_ask(unsigned int n, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);

	return da_send(n, "%s", line) == TEST_SUCCESS ? da_answer(n) : NO_ANSWER;
}

/* Tell a peer to end. */
static void
peer_hang_up(struct da_peer *p)
{
	shutdown(p->fd, SHUT_WR);
}

/* Wait until a peer that was told to end has ended, and see whether it did so well. */
static int
peer_end(struct da_peer *p)
{
	const uint64_t end = da_now_ms() + ANSWER_MS;
	int status = 0;

	/*
	 * Its side of the socket is closed by its exit, so what is left then is up to the kernel.
	 */
	if (receive_line(p, ANSWER_MS) || da_now_ms() >= end) {
		printf("peer %u (pid %d) did not end in %u ms\n", p->n, p->pid, ANSWER_MS);
		da_peer_kill(p->n);
		return TEST_FAILED;
	}
	waitpid(p->pid, &status, 0);
	peer_reap(p);
	DA_CHECK(WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0, "signal that ended peer %u", p->n);
	DA_CHECK(WEXITSTATUS(status), 0, "exit status of peer %u", p->n);

	return TEST_SUCCESS;
}

static int
peers_stop(bool all)
{
	bool told[DA_MAX_PEERS];
	int ret = TEST_SUCCESS;
	unsigned int n;

	for (n = 0; n < DA_MAX_PEERS; n++) {
		told[n] = peers[n].pid != 0 && (all || !peers[n].common);
		if (told[n])
			peer_hang_up(&peers[n]);
	}
	for (n = 0; n < DA_MAX_PEERS; n++)
		if (told[n] && peer_end(&peers[n]) != TEST_SUCCESS)
			ret = TEST_FAILED;

	return ret;
}

/* End all peers; fails if one of them does not end by itself, with status 0. */
int
da_peers_stop(void)
{
	return peers_stop(true);
}

/*
 * After a test: give the peers that it used new devices, which end their groups and free their
 * rings. Fails if one that is not to be used again does not end as it should.
 */
int
da_peers_reset(void)
{
	bool asked[DA_MAX_PEERS] = { false };
	int ret = peers_stop(false);
	unsigned int n;

	for (n = 0; n < DA_MAX_PEERS; n++)
		if (peers[n].used && peers[n].pid != 0)
			asked[n] = da_send(n, "open") == TEST_SUCCESS;
	for (n = 0; n < DA_MAX_PEERS; n++) {
		if (asked[n] && da_answer(n) != 0) {
			printf("peer %u cannot open its device again\n", n);
			da_peer_kill(n);
		}
		peers[n].used = false;
	}

	return ret;
}

/* What the peers of the current test said, for somebody who wonders why it failed. */
void
da_peers_show_logs(void)
{
	char path[PATH_MAX], line[512];
	unsigned int n;
	FILE *f;

	for (n = 0; n < DA_MAX_PEERS; n++) {
		log_path(n, path, sizeof(path));
		f = peers[n].used ? fopen(path, "r") : NULL;
		if (f == NULL)
			continue;
		while (fgets(line, sizeof(line), f) != NULL)
			printf("  peer %u: %s", n, line);
		fclose(f);
	}
}

int
da_peer_join(unsigned int n, const char *how)
{
	uint64_t token[2];

	memcpy(token, da.token, sizeof(token));

	return da_ask(n, "%s %d %u 0x%" PRIx64 " 0x%" PRIx64, how, da.group, DA_PEER(n), token[0],
		token[1]);
}

int
da_peer_create(unsigned int n, const char *how)
{
	uint64_t token[2];
	int ret;

	rte_dma_access_token_generate(da.token);
	memcpy(token, da.token, sizeof(token));
	ret = da_ask(n, "%s %u 0x%" PRIx64 " 0x%" PRIx64, how, DA_PEER(n), token[0], token[1]);
	da.group = peers[n].val[0];

	return ret;
}

int
da_peer_expect_event(unsigned int n, int16_t group, int reason, unsigned int domain)
{
	const struct da_peer *p = &peers[n];

	do {
		DA_CHECK(da_ask(n, "event"), 0, "peer %u waiting for the event of reason %d, "
			"domain %u", n, reason, domain);
	} while (da_is_renewal(p->val[1]) && ((int)p->val[1] != reason || p->val[2] != domain));
	DA_CHECK(p->val[1], reason, "reason of an event of peer %u (domain %" PRIu64 ")", n,
		p->val[2]);
	DA_CHECK((int16_t)p->val[0], group, "group of an event of peer %u, reason %d", n, reason);
	DA_CHECK(p->val[2], domain, "domain of an event of peer %u, reason %d", n, reason);

	return TEST_SUCCESS;
}

/* Memory of a peer, with the pattern of a seed in it. It lasts until the peer frees it or ends. */
int
da_peer_buffer(unsigned int n, size_t len, uint64_t seed, uint64_t *addr)
{
	DA_CHECK(da_ask(n, "alloc %zu %" PRIu64, len, seed), 0, "peer %u allocating %zu bytes", n,
		len);
	*addr = peers[n].val[0];

	return TEST_SUCCESS;
}

int
da_peer_expect_bytes(unsigned int n, uint64_t addr, const void *bytes, size_t len)
{
	DA_CHECK(da_ask(n, "sum 0x%" PRIx64 " %zu", addr, len), 0, "peer %u adding up", n);
	DA_CHECK(peers[n].val[0], da_sum(bytes, len), "checksum of %zu bytes at 0x%" PRIx64
		" of peer %u", len, addr, n);

	return TEST_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Device nodes: a program that opens one below DSA_DEV_PATH gets a connection to the model in its
 * place, mmap() of that makes a portal, ioctl() is answered by the model.
 */

/* With it, the headers would give our open() the name of open64(). */
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "link.h"
#include "window_abi.h"

static char model_dir[PATH_MAX]; /* empty: there is no model for this program */
static char dev_path[PATH_MAX];
/*
 * Without a queue a program makes only the system calls that are its own: it may be sandboxed. One
 * that is given a queue by another process, and has none, is not looked after.
 */
static atomic_bool may_have_queue;

/*
 * The lock guards the first meeting with the model. What comes of it is read without: meet() stores
 * the descriptor last, and client_engaged() reads it first.
 */
static pthread_mutex_t meet_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int process_conn = -1;
static _Atomic pid_t process_pid;
static enum dsa_wire_movdir64b movdir64b;

/* --- The process and the model ---------------------------------------------------------------- */

static int
shut(int fd)
{
	return syscall(SYS_close, fd);
}

/* A number that no program expects to be free; any other if this is all that there is. */
static int
make_private(int fd)
{
	int other = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_FD);

	return other >= 0 ? other : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

bool
client_engaged(void)
{
	return process_conn >= 0 && process_pid == getpid();
}

bool
client_is_private(int fd)
{
	return fd >= 0 && (fd == process_conn || trap_fd(fd, -1));
}

void
client_leave_fd(int fd)
{
	int other = make_private(fd);

	if (other < 0)
		return;
	if (fd == process_conn)
		process_conn = other;
	else
		trap_fd(fd, other);
	shut(fd);
}

/* What a child has of its parent's is the parent's. */
static void
after_fork(void)
{
	int fd;

	if (process_conn >= 0)
		shut(process_conn);
	process_conn = -1;
	while ((fd = trap_take(0, UINTPTR_MAX)) >= 0)
		shut(fd);
	pthread_mutex_init(&meet_lock, NULL);
	trap_after_fork();
}

static int
meet(void)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_PROCESS };
	struct dsa_wire_reply reply;
	int conn, fd, ret;

	conn = link_connect(model_dir);
	if (conn < 0)
		return -conn;
	ret = -link_request(conn, &req, -1, &reply, NULL);
	if (ret == 0)
		ret = reply.error;
	fd = ret == 0 ? make_private(conn) : -1;
	if (ret == 0 && fd < 0)
		ret = errno;
	shut(conn);
	if (ret != 0)
		return ret;
	movdir64b = reply.value;
	process_pid = getpid();
	process_conn = fd;

	return 0;
}

static int
engage(void)
{
	int ret = 0;

	pthread_mutex_lock(&meet_lock);
	if (!client_engaged())
		ret = meet();
	pthread_mutex_unlock(&meet_lock);

	return ret;
}

int
client_request(uint32_t type, int window, const struct dsa_wire_request *req)
{
	struct dsa_wire_request copy = { 0 };
	struct dsa_wire_reply reply;
	int ret = engage();

	if (ret != 0)
		return ret;
	if (req != NULL)
		copy = *req;
	copy.type = type;
	ret = -link_request(process_conn, &copy, window, &reply, NULL);

	return ret != 0 ? ret : (int)reply.error;
}

/* What was open before exec may be a queue. */
static void
look_for_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return;
	may_have_queue = true;
	while (!found && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			found = client_is_queue(atoi(entry->d_name));
	may_have_queue = found;
	closedir(dir);
}

__attribute__((constructor))
static void
start(void)
{
	const char *dir = getenv(DSA_WIRE_DIR_ENV), *dev = getenv("DSA_DEV_PATH");

	if (dir == NULL || dev == NULL || realpath(dev, dev_path) == NULL ||
			realpath(dir, model_dir) == NULL) {
		model_dir[0] = '\0';
		return;
	}
	pthread_atfork(NULL, NULL, after_fork);
	look_for_inherited();
}

/* --- open ------------------------------------------------------------------------------------- */

bool
client_is_queue(int fd)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	char expected[PATH_MAX + sizeof(DSA_WIRE_SOCKET)];

	if (!may_have_queue || fd < 0 ||
			syscall(SYS_getpeername, fd, &addr, &len) != 0 ||
			addr.sun_family != AF_UNIX)
		return false;
	snprintf(expected, sizeof(expected), "%s/%s", model_dir, DSA_WIRE_SOCKET);

	return strncmp(addr.sun_path, expected, sizeof(addr.sun_path)) == 0;
}

/* Whether the file is a node, and of which queue. Only for files whose name begins like one's. */
static bool
is_node(int fd, const char *path, unsigned int *device, unsigned int *queue)
{
	const char *name = strrchr(path, '/');
	char link[32], target[PATH_MAX];
	const size_t len = strlen(dev_path);
	int end = 0;
	ssize_t n;

	name = name == NULL ? path : name + 1;
	if (model_dir[0] == '\0' || strncmp(name, "wq", 2) != 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= (ssize_t)len)
		return false;
	target[n] = '\0';

	return strncmp(target, dev_path, len) == 0 &&
		sscanf(target + len, "/wq%u.%u%n", device, queue, &end) == 2 &&
		target[len + end] == '\0';
}

/* fd, the node itself, becomes the connection. */
static int
open_queue(int fd, unsigned int device, unsigned int queue, int flags)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_OPEN, .open = { device, queue } };
	struct dsa_wire_reply reply;
	int conn, ret;

	ret = engage();
	if (ret != 0)
		return ret;
	conn = link_connect(model_dir);
	if (conn < 0)
		return -conn;
	ret = -link_request(conn, &req, -1, &reply, NULL);
	if (ret == 0)
		ret = reply.error;
	may_have_queue = true;
	if (ret == 0 && syscall(SYS_dup3, conn, fd, flags & O_CLOEXEC) < 0)
		ret = errno;
	shut(conn);

	return ret;
}

static int
opened(int fd, const char *path, int flags)
{
	unsigned int device, queue;
	const int saved = errno;
	int ret;

	if (fd < 0 || !is_node(fd, path, &device, &queue)) {
		errno = saved;
		return fd;
	}
	ret = open_queue(fd, device, queue, flags);
	if (ret == 0) {
		errno = saved;
		return fd;
	}
	shut(fd);
	errno = ret;

	return -1;
}

/* The C library's own, so that a thread can be cancelled in it. */
static int
real_openat(int dir, const char *path, int flags, mode_t mode)
{
	static int (*_Atomic real)(int, const char *, int, ...);
	int (*found)(int, const char *, int, ...) = real;

	if (found == NULL) {
		*(void **)&found = dlsym(RTLD_NEXT, "openat");
		real = found;
	}
	return found(dir, path, flags, mode);
}

static int
do_open(int dir, const char *path, int flags, mode_t mode)
{
	return opened(real_openat(dir, path, flags, mode), path, flags);
}

static bool
has_mode(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE_OF(flags, mode) \
	do { \
		va_list ap; \
		va_start(ap, flags); \
		mode = has_mode(flags) ? va_arg(ap, mode_t) : 0; \
		va_end(ap); \
	} while (0)

EXPORT int
open(const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int
open64(const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

EXPORT int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(dir, path, flags, mode);
}

EXPORT int
openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return do_open(dir, path, flags | O_LARGEFILE, mode);
}

/* What a compiler makes of open() in programs that are checked at run time. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

EXPORT int
__open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int
__open64_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

EXPORT int
__openat_2(int dir, const char *path, int flags)
{
	return do_open(dir, path, flags, 0);
}

EXPORT int
__openat64_2(int dir, const char *path, int flags)
{
	return do_open(dir, path, flags | O_LARGEFILE, 0);
}

/* --- mmap ------------------------------------------------------------------------------------- */

static void *
real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}

static void *
map_portal(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	const int where = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	int ret, conn;

	if (len == 0 || len > PORTAL_SIZE || offset != 0 || (prot & PROT_WRITE) == 0)
		ret = EINVAL;
	else
		ret = engage();
	if (ret != 0) {
		errno = ret;
		return MAP_FAILED;
	}
	conn = make_private(fd);
	if (conn < 0)
		return MAP_FAILED;
	text_rewrite(movdir64b);
	trap_start();
	addr = real_mmap(addr, PORTAL_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | where, -1, 0);
	ret = addr == MAP_FAILED ? errno : trap_add((uintptr_t)addr, conn);
	if (ret == 0) {
		/* The kernel does not give the mapping of a device to children. */
		madvise(addr, PORTAL_SIZE, MADV_DONTFORK);
		return addr;
	}
	shut(conn);
	if (addr != MAP_FAILED)
		syscall(SYS_munmap, addr, PORTAL_SIZE);
	errno = ret;

	return MAP_FAILED;
}

EXPORT void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	const int saved = errno;

	if ((flags & MAP_ANONYMOUS) == 0 && client_is_queue(fd))
		return map_portal(addr, len, prot, flags, fd, offset);
	errno = saved;
	return real_mmap(addr, len, prot, flags, fd, offset);
}

EXPORT void *
mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return mmap(addr, len, prot, flags, fd, offset);
}

/* How many descriptors of this process are the same open socket. */
static unsigned int
count_copies(int fd)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	struct stat one, other;
	unsigned int nb = 0;

	if (dir == NULL || fstat(fd, &one) != 0)
		one.st_ino = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		nb += fstatat(dirfd(dir), entry->d_name, &other, 0) == 0 &&
			S_ISSOCK(other.st_mode) && other.st_ino == one.st_ino;
	if (dir != NULL)
		closedir(dir);

	return nb;
}

/* The kernel drains a queue when its file is released, by the last of what holds it. */
void
client_drain_last(int queue)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_DRAIN };
	struct dsa_wire_reply reply;

	if (count_copies(queue) == 1)
		link_request(queue, &req, -1, &reply, NULL);
}

EXPORT int
munmap(void *addr, size_t len)
{
	const uintptr_t start = (uintptr_t)addr, end = start + len;
	int fd, ret;

	fd = client_engaged() ? trap_find(start, end) : -1;
	if (fd >= 0)
		client_drain_last(fd);
	ret = syscall(SYS_munmap, addr, len);
	while (ret == 0 && (fd = trap_take(start, end)) >= 0)
		shut(fd);

	return ret;
}

/* --- ioctl ------------------------------------------------------------------------------------ */

/* As the kernel does: a bad address is an error. */
static int
copy_user(void *to, const void *from, size_t len, bool out)
{
	struct iovec local = { out ? (void *)(uintptr_t)from : to, len };
	struct iovec remote = { out ? to : (void *)(uintptr_t)from, len };
	ssize_t n;

	n = out ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0) :
		process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return n == (ssize_t)len ? 0 : EFAULT;
}

static int
do_create(int queue, void *arg, int *window)
{
	struct dsa_wire_request req = { .type = DSA_WIRE_CREATE };
	struct idxd_win_create create;
	struct dsa_wire_reply reply;
	int ret = copy_user(&create, arg, sizeof(create), false);

	if (ret != 0)
		return ret;
	req.create.base = create.base;
	req.create.size = create.size;
	req.create.type = create.type;
	req.create.flags = create.flags;
	ret = -link_request(queue, &req, -1, &reply, window);
	if (ret == 0)
		ret = reply.error;
	if (ret == 0) {
		create.handle = reply.value;
		ret = copy_user(arg, &create, sizeof(create), true);
	}
	if (ret != 0 && *window >= 0)
		shut(*window);

	return ret;
}

static int
do_attach(int queue, void *arg)
{
	struct dsa_wire_request req = { .type = DSA_WIRE_ATTACH };
	struct idxd_win_attach attach;
	struct dsa_wire_reply reply;
	int ret = copy_user(&attach, arg, sizeof(attach), false);

	if (ret != 0)
		return ret;
	if (attach.fd > INT_MAX)
		return EBADF;
	ret = -link_request(queue, &req, attach.fd, &reply, NULL);
	if (ret == 0)
		ret = reply.error;
	if (ret == 0) {
		attach.handle = reply.value;
		ret = copy_user(arg, &attach, sizeof(attach), true);
	}

	return ret;
}

static int
do_fault(int window, const void *arg)
{
	struct dsa_wire_request req = { 0 };
	struct idxd_win_fault fault;
	int ret = copy_user(&fault, arg, sizeof(fault), false);

	if (ret != 0)
		return ret;
	req.fault.offset = fault.offset;
	req.fault.len = fault.len;
	req.fault.write = fault.write_fault;

	return client_request(DSA_WIRE_FAULT, window, &req);
}

static bool
is_pipe(int fd)
{
	struct stat st;

	return model_dir[0] != '\0' && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

EXPORT int
ioctl(int fd, unsigned long nr, ...)
{
	int ret, window = -1;
	va_list ap;
	void *arg;

	va_start(ap, nr);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (nr == IDXD_WIN_CREATE && client_is_queue(fd))
		ret = do_create(fd, arg, &window);
	else if (nr == IDXD_WIN_ATTACH && client_is_queue(fd))
		ret = do_attach(fd, arg);
	else if (nr == IDXD_WIN_FAULT && is_pipe(fd))
		ret = do_fault(fd, arg);
	else
		return syscall(SYS_ioctl, fd, nr, arg);
	if (ret != 0) {
		errno = ret;
		return -1;
	}

	return window >= 0 ? window : 0;
}

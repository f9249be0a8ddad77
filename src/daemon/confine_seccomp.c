/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/confine.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

#ifdef AUDIT_ARCH_HERE
/* No ioctl(2) for anybody, whose TIOCSTI types into the terminal that the daemon was started from. */
static const int for_both[] = {
	/* descriptors */
	SYS_read, SYS_readv, SYS_write, SYS_writev, SYS_close, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_openat,
	SYS_fcntl, SYS_dup,
	/* events */
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_ppoll, SYS_eventfd2, SYS_signalfd4,
	SYS_timerfd_create, SYS_timerfd_settime,
	/* sockets that exist; what else sends has its conditions in the gate */
	SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
	SYS_getsockopt, SYS_setsockopt, SYS_getpeername, SYS_getsockname, SYS_shutdown,
	/* memory and threads */
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_futex,
	SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_membarrier,
	/* itself */
	SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_getrusage,
	SYS_prctl, SYS_uname, SYS_sysinfo,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_sigaltstack, SYS_setitimer, SYS_exit, SYS_exit_group,
	/* time */
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
#ifdef __x86_64__
	/* the older names of the above, which glibc still uses */
	SYS_open, SYS_stat, SYS_epoll_wait, SYS_poll, SYS_arch_prctl, SYS_time, SYS_dup2, SYS_alarm,
#endif
};

/* What the watch worker does besides, after it has started: it reads logs, asks the kernel for sockets,
 * and writes its store from a thread. It opens files only where Landlock lets it, and never starts a
 * program or a new kind of socket. */
static const int for_watch[] = {
	SYS_pread64, SYS_pwrite64, SYS_pwritev, SYS_statx, SYS_getdents64, SYS_readlinkat, SYS_faccessat,
	SYS_flock, SYS_fadvise64, SYS_ftruncate, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_fallocate,
	SYS_renameat2, SYS_unlinkat, SYS_fstatfs, SYS_msync, SYS_mincore, SYS_umask,
	SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
	SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_prlimit64, SYS_tgkill, SYS_kill,
#ifdef __x86_64__
	SYS_lstat, SYS_access, SYS_readlink, SYS_rename, SYS_unlink,
#endif
};

/* A gate worker speaks with clients, name servers and the porter, and has no file to write. */
static const int for_gate[] = {
	SYS_connect, SYS_bind, SYS_splice, SYS_pipe2,
};

/* Of the second argument of socket(2); the rest are flags. */
#define SOCKET_TYPE_BITS 0xf

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))

/* Threads, and no processes or namespaces (a user namespace has all capabilities over what is made
 * in it). clone3(2) hides its flags behind a pointer; told that it is missing, libc takes clone. Of
 * a 64-bit argument the lower half is looked at, which all flags are in; both machines here are
 * little-endian. */
static const struct sock_filter head[] = {
	LOAD(arch),
	EQUAL(AUDIT_ARCH_HERE, 1, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	EQUAL(SYS_clone3, 0, 1),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	EQUAL(SYS_clone, 0, 4),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
};

/* TCP and UDP, and no other kind of socket: neither a UNIX socket, whose names Landlock does not guard, nor
 * one that connects without being TCP to Landlock (SCTP, MPTCP). */
static const struct sock_filter internet_socket[] = {
	EQUAL(SYS_socket, 0, 13),
	LOAD(args[0]),
	EQUAL(AF_INET, 1, 0),
	EQUAL(AF_INET6, 0, 9),
	LOAD(args[1]),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE_BITS),
	EQUAL(SOCK_STREAM, 1, 0),
	EQUAL(SOCK_DGRAM, 0, 5),
	LOAD(args[2]),
	EQUAL(IPPROTO_IP, 2, 0),
	EQUAL(IPPROTO_TCP, 1, 0),
	EQUAL(IPPROTO_UDP, 0, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
};

struct filter {
	struct sock_filter code[COUNT(head) + COUNT(internet_socket) + 5 * 8 + 2 * (COUNT(for_both) + COUNT(for_watch)) + 1];
	size_t length;
};

static void add(struct filter *filter, const struct sock_filter *code, size_t count)
{
	assert(filter->length + count <= COUNT(filter->code));
	memcpy(filter->code + filter->length, code, count * sizeof(*code));
	filter->length += count;
}

static void allow(struct filter *filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter code[] = { EQUAL((unsigned)calls[i], 0, 1), RETURN(SECCOMP_RET_ALLOW) };

		add(filter, code, COUNT(code));
	}
}

/* Allows it when its argument is that value, or, for `bits`, has none of these. */
static void allow_if(struct filter *filter, int call, unsigned argument, unsigned value, bool bits)
{
	const unsigned place = (unsigned)offsetof(struct seccomp_data, args) + argument * (unsigned)sizeof(uint64_t);
	const struct sock_filter code[] = {
		EQUAL((unsigned)call, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
		BPF_JUMP(BPF_JMP | (bits ? BPF_JSET : BPF_JEQ) | BPF_K, value, bits ? 1 : 0, bits ? 0 : 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
	};

	add(filter, code, COUNT(code));
}

static int put_in_force(struct filter *filter)
{
	static const struct sock_filter otherwise = RETURN(SECCOMP_RET_ERRNO | EPERM);
	struct sock_fprog program = { .filter = filter->code };
	long r;

	add(filter, &otherwise, 1);
	program.len = (unsigned short)filter->length;
	/* TSYNC: the store's thread too. More than 0 is a thread that could not be brought along. */
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (r < 0)
		return errno == EINVAL ? -ENOSYS : -errno;
	return r > 0 ? -EAGAIN : 0;
}

bool confine_seccomp_available(void)
{
	unsigned action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int confine_system_calls(void)
{
	struct filter filter = { 0 };

	add(&filter, head, COUNT(head));
	allow(&filter, for_both, COUNT(for_both));
	allow(&filter, for_watch, COUNT(for_watch));
	return put_in_force(&filter);
}

int confine_gate_system_calls(void)
{
	struct filter filter = { 0 };

	add(&filter, head, COUNT(head));
	allow(&filter, for_both, COUNT(for_both));
	allow(&filter, for_gate, COUNT(for_gate));
	add(&filter, internet_socket, COUNT(internet_socket));
	/* A SYN that carries data is not asked about by Landlock. */
	allow_if(&filter, SYS_sendto, 3, MSG_FASTOPEN, true);
	allow_if(&filter, SYS_sendmsg, 2, MSG_FASTOPEN, true);
	allow_if(&filter, SYS_sendmmsg, 3, MSG_FASTOPEN, true);
	/* The watch worker is the same user: no signal to it, and none of its limits. */
	allow_if(&filter, SYS_tgkill, 0, (unsigned)getpid(), false);
	allow_if(&filter, SYS_prlimit64, 0, 0, false);
	return put_in_force(&filter);
}
#else
bool confine_seccomp_available(void)
{
	return false;
}

int confine_system_calls(void)
{
	return -ENOSYS;
}

int confine_gate_system_calls(void)
{
	return -ENOSYS;
}
#endif

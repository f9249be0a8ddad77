/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

#ifdef AUDIT_ARCH_HERE
/* What the worker does after it has started: it reads logs, answers on its socket, asks the
 * kernel for sockets, writes its store from a thread, and allocates. It opens files only
 * where Landlock lets it, and never starts a program or a new kind of socket. No ioctl(2), whose
 * TIOCSTI types into the terminal that the daemon was started from. */
static const int allowed[] = {
	/* descriptors */
	SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev, SYS_close, SYS_lseek,
	SYS_fstat, SYS_newfstatat, SYS_statx, SYS_openat, SYS_getdents64, SYS_readlinkat, SYS_faccessat,
	SYS_fcntl, SYS_flock, SYS_dup, SYS_fadvise64,
	SYS_ftruncate, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_fallocate, SYS_renameat2, SYS_unlinkat,
	SYS_fstatfs,
	/* events */
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_ppoll, SYS_eventfd2, SYS_inotify_init1,
	SYS_inotify_add_watch, SYS_inotify_rm_watch, SYS_signalfd4, SYS_timerfd_create, SYS_timerfd_settime,
	/* sockets that exist */
	SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
	SYS_getsockopt, SYS_setsockopt, SYS_getpeername, SYS_getsockname, SYS_shutdown,
	/* memory and threads */
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_msync, SYS_mincore, SYS_futex,
	SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_membarrier,
	/* itself */
	SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_getrusage,
	SYS_prlimit64, SYS_prctl, SYS_uname, SYS_sysinfo, SYS_umask,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_tgkill, SYS_kill, SYS_restart_syscall,
	SYS_sigaltstack, SYS_setitimer, SYS_exit, SYS_exit_group,
	/* time */
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
#ifdef __x86_64__
	/* the older names of the above, which glibc still uses */
	SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_epoll_wait, SYS_poll, SYS_rename, SYS_unlink,
	SYS_arch_prctl, SYS_time, SYS_dup2, SYS_alarm,
#endif
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

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

#define HEAD (sizeof(head) / sizeof(head[0]))

bool confine_seccomp_available(void)
{
	unsigned action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int confine_system_calls(void)
{
	struct sock_filter code[HEAD + ALLOWED * 2 + 1];
	struct sock_fprog program = { .filter = code, .len = sizeof(code) / sizeof(code[0]) };
	size_t n = HEAD;
	long r;

	memcpy(code, head, sizeof(head));
	for (size_t i = 0; i < ALLOWED; i++) {
		code[n++] = (struct sock_filter)EQUAL((unsigned)allowed[i], 0, 1);
		code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	}
	code[n] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | EPERM);
	/* TSYNC: the store's thread too. More than 0 is a thread that could not be brought along. */
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (r < 0)
		return errno == EINVAL ? -ENOSYS : -errno;
	return r > 0 ? -EAGAIN : 0;
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
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of a gate worker. */
#include "daemon/confine_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void confine_gate_calls(void)
{
	expect(confine_no_new_privileges() == 0);
	expect(confine_gate_system_calls() == 0);
}

static bool is_refused(long result)
{
	return result < 0 && errno == EPERM;
}

static void make_forbidden_calls_at_the_gate(void)
{
	static const long forbidden[] = {
		SYS_socketpair, SYS_listen,	SYS_execve,	      SYS_ptrace,	 SYS_mount,
		SYS_unshare,	SYS_setns,	SYS_bpf,	      SYS_process_vm_readv, SYS_process_vm_writev,
		SYS_userfaultfd, SYS_io_uring_setup, SYS_pidfd_open,  SYS_pidfd_getfd,	 SYS_pidfd_send_signal,
		SYS_ioctl,	SYS_setuid,	SYS_capset,	      SYS_kill,		 SYS_tkill,
		SYS_unlinkat,	SYS_renameat2,	SYS_ftruncate,	      SYS_fallocate,	 SYS_getdents64,
		SYS_inotify_init1, SYS_flock,	SYS_mkdirat,	      SYS_linkat,	 SYS_memfd_create,
		SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_sched_setscheduler, SYS_setpriority,
	};

	confine_gate_calls();
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		errno = 0;
		if (is_refused(syscall(forbidden[i], -1L, -1L, -1L, -1L, -1L, -1L)))
			continue;
		dprintf(STDERR_FILENO, "system call %ld: errno %d\n", forbidden[i], errno);
		_exit(1);
	}
	expect(is_refused(fork()));
}

static void other_calls_are_refused_at_the_gate(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(make_forbidden_calls_at_the_gate);
}

static void make_sockets_of_all_kinds(void)
{
	static const struct {
		int family, type, protocol;
		bool allowed;
	} rows[] = {
		{ AF_INET, SOCK_STREAM, 0, true },
		{ AF_INET, SOCK_DGRAM, 0, true },
		{ AF_INET6, SOCK_STREAM, 0, true },
		{ AF_INET6, SOCK_DGRAM, 0, true },
		{ AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, true },
		{ AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP, true },
		{ AF_UNIX, SOCK_STREAM, 0, false },
		{ AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, false },
		{ AF_NETLINK, SOCK_RAW, 0, false },
		{ AF_PACKET, SOCK_DGRAM, 0, false },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, false },
		{ AF_INET, SOCK_RAW, IPPROTO_TCP, false },
		{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, false },
		{ AF_INET, SOCK_STREAM, 262 /* MPTCP */, false },
		{ AF_INET, SOCK_STREAM, IPPROTO_SCTP, false },
		{ AF_INET, SOCK_SEQPACKET, 0, false },
		{ AF_INET, 6 /* SOCK_DCCP */, 0, false },
	};

	confine_gate_calls();
	for (size_t i = 0; i < COUNT(rows); i++) {
		long fd = syscall(SYS_socket, rows[i].family, rows[i].type, rows[i].protocol);

		/* A host without IPv6 says so by itself. */
		if (rows[i].allowed ? fd >= 0 || errno == EAFNOSUPPORT : is_refused(fd))
			continue;
		dprintf(STDERR_FILENO, "row %zu: %ld, errno %d\n", i, fd, errno);
		_exit(1);
	}
}

static void sockets_of_the_internet_alone(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(make_sockets_of_all_kinds);
}

static void stay_within_conditions(void)
{
	struct rlimit limit;
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct mmsghdr messages = { .msg_hdr = message };
	pid_t other = getppid();
	int pair[2];

	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	confine_gate_calls();
	expect(send(pair[0], &byte, 1, MSG_NOSIGNAL) == 1 && sendmsg(pair[0], &message, MSG_NOSIGNAL) == 1);
	expect(sendmmsg(pair[0], &messages, 1, MSG_DONTWAIT) == 1);
	expect(is_refused(sendto(pair[0], &byte, 1, MSG_NOSIGNAL | MSG_FASTOPEN, NULL, 0)));
	expect(is_refused(sendmsg(pair[0], &message, MSG_FASTOPEN)));
	expect(is_refused(sendmmsg(pair[0], &messages, 1, MSG_FASTOPEN)));
	expect(syscall(SYS_tgkill, getpid(), getpid(), 0) == 0);
	expect(is_refused(syscall(SYS_tgkill, other, other, 0)));
	expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	expect(is_refused(prlimit(other, RLIMIT_NOFILE, NULL, &limit)));
}

static void conditions_of_calls_at_the_gate(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(stay_within_conditions);
}

static void send_descriptor(int socket, int fd)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd)) };
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	expect(sendmsg(socket, &message, MSG_NOSIGNAL) == 1);
	expect(recvmsg(socket, &message, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static void do_a_days_work_at_the_gate(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2], pipe_ends[2], client, server, question;
	socklen_t size = sizeof(in);
	char text[4];

	expect(bind(listener, (const struct sockaddr *)&in, size) == 0 && listen(listener, 1) == 0);
	expect(getsockname(listener, (struct sockaddr *)&in, &size) == 0);
	expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	confine_gate_calls();
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	question = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	expect(connect(client, (const struct sockaddr *)&in, size) == 0);
	expect(connect(question, (const struct sockaddr *)&in, size) == 0);
	expect(getsockname(question, (struct sockaddr *)&in, &size) == 0);
	wait_for_events(listener);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	expect(server >= 0 && getpeername(server, (struct sockaddr *)&in, &size) == 0);
	expect(send(client, "mail", 4, MSG_NOSIGNAL) == 4 && pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0);
	expect(splice(server, NULL, pipe_ends[1], NULL, 4, SPLICE_F_MOVE) == 4);
	expect(splice(pipe_ends[0], NULL, server, NULL, 4, SPLICE_F_MOVE) == 4);
	expect(recv(client, text, 4, 0) == 4 && memcmp(text, "mail", 4) == 0);
	send_descriptor(pair[0], server);
	expect(shutdown(client, SHUT_WR) == 0);
	take_memory_and_time();
}

static void the_work_at_the_gate_can_be_done(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(do_a_days_work_at_the_gate);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_calls_are_refused_at_the_gate),
		cmocka_unit_test(sockets_of_the_internet_alone),
		cmocka_unit_test(conditions_of_calls_at_the_gate),
		cmocka_unit_test(the_work_at_the_gate_can_be_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

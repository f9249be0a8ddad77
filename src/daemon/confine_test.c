/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, users, Landlock, and the system calls of the watch worker. */
#include "daemon/confine_test.h"

#include "store/store.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define NOBODY 65534
#define BIT(capability) (1ULL << (capability))

static char folder[32];

static int set_up(void **state)
{
	strcpy(folder, "/tmp/confine_test.XXXXXX");
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		return -1;
	return 0;
}

/* One level of folders is all that these tests make. */
static void empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[600];

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			empty(name);
		remove(name);
	}
	if (dir)
		closedir(dir);
}

static int tear_down(void **state)
{
	empty(folder);
	return rmdir(folder);
}

static const char *in_folder(const char *name, char path[100])
{
	snprintf(path, 100, "%s/%s", folder, name);
	return path;
}

static int open_in_folder(const char *name, int flags)
{
	char path[100];

	return open(in_folder(name, path), flags | O_CLOEXEC, 0644);
}

/* Capabilities. */

static void keep_what_the_warden_keeps(void)
{
	uint64_t before = confine_effective(), kept = before & confine_warden_mask();

	expect(kept != before);
	expect(confine_capabilities(confine_warden_mask()) == 0);
	expect(confine_effective() == kept);
	expect(chroot("/") < 0 && errno == EPERM);
	for (int c = 0; c <= CAP_LAST_CAP; c++)
		expect(prctl(PR_CAPBSET_READ, c, 0, 0, 0) <= (confine_warden_mask() & BIT(c) ? 1 : 0));
	/* A larger mask later gives nothing back. */
	expect(confine_capabilities(~0ULL) == 0);
	expect(confine_effective() == kept);
}

static void capabilities_are_given_up_but_for_the_mask(void **state)
{
	skip_unless(geteuid() == 0, "not root");
	in_a_child(keep_what_the_warden_keeps);
}

/* A program that root starts has all that the bounding set lets it have. */
static void execute_without_capabilities(void)
{
	expect(confine_capabilities(0) == 0);
	expect(confine_effective() == 0);
	execl("/bin/sh", "sh", "-c",
	      "while read -r name value; do"
	      " [ \"$name\" != CapEff: ] || [ \"$value\" != 0000000000000000 ] || exit 0;"
	      "done </proc/self/status; exit 1", NULL);
	_exit(2);
}

static void what_is_given_up_does_not_come_back_by_exec(void **state)
{
	skip_unless(geteuid() == 0, "not root");
	in_a_child(execute_without_capabilities);
}

/* As of a unit with User= and AmbientCapabilities=. */
static void execute_as_nobody_with_capabilities(void)
{
	expect(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	expect(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	expect(confine_own_capabilities(BIT(CAP_NET_ADMIN) | BIT(CAP_KILL)) == 0);
	expect(confine_effective() == (BIT(CAP_NET_ADMIN) | BIT(CAP_KILL)));
	confine_keep_across_execution();
	execl("/bin/sh", "sh", "-c",
	      "while read -r name value; do"
	      " [ \"$name\" != CapEff: ] || [ \"$value\" != 0000000000001020 ] || exit 0;"
	      "done </proc/self/status; exit 1", NULL);
	_exit(2);
}

static void what_is_kept_across_execution(void **state)
{
	skip_unless(geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) == 1, "not root");
	in_a_child(execute_as_nobody_with_capabilities);
}

static void names_of_capabilities(void **state)
{
	static const uint64_t never = BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETPCAP) |
				      BIT(CAP_SYS_MODULE);
	uint64_t mask = confine_warden_mask();

	assert_string_equal(confine_capability_name(CAP_NET_ADMIN), "CAP_NET_ADMIN");
	for (unsigned c = 0; c < 64; c++)
		assert_int_equal(confine_capability_name(c) != NULL, (mask & BIT(c)) != 0);
	assert_null(confine_capability_name(64));
	assert_null(confine_capability_name(~0U));
	assert_int_equal(mask & never, 0);
}

/* The user. */

static void become_nobody(void)
{
	uid_t uids[3];
	gid_t gids[3];

	expect(confine_user(NOBODY, NOBODY, 0) == 0);
	expect(getresuid(&uids[0], &uids[1], &uids[2]) == 0);
	expect(getresgid(&gids[0], &gids[1], &gids[2]) == 0);
	for (int i = 0; i < 3; i++)
		expect(uids[i] == NOBODY && gids[i] == NOBODY);
	expect(getgroups(0, NULL) == 0);
	expect(confine_effective() == 0);
	expect(setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0);
	expect(open_in_folder("secret", O_RDONLY) < 0 && errno == EACCES);
	expect(confine_user(0, 0, 0) < 0);
}

static void another_user_for_good(void **state)
{
	int fd;

	skip_unless(geteuid() == 0, "not root");
	fd = open_in_folder("secret", O_WRONLY | O_CREAT);
	assert_int_equal(fchmod(fd, 0600), 0);
	close(fd);
	in_a_child(become_nobody);
}

static void give_up_new_privileges(void)
{
	expect(confine_no_new_privileges() == 0);
	expect(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void no_new_privileges(void **state)
{
	in_a_child(give_up_new_privileges);
}

/* Landlock. */

static void make_places(void)
{
	char path[100];

	assert_int_equal(mkdir(in_folder("state", path), 0755), 0);
	assert_int_equal(mkdir(in_folder("zone", path), 0755), 0);
	assert_int_equal(mkdir(in_folder("list", path), 0755), 0);
	assert_int_equal(mkdir(in_folder("other", path), 0755), 0);
	close(open_in_folder("state/old", O_WRONLY | O_CREAT));
	close(open_in_folder("zone/info", O_WRONLY | O_CREAT));
	close(open_in_folder("list/log", O_WRONLY | O_CREAT));
	close(open_in_folder("other/secret", O_WRONLY | O_CREAT));
	close(open_in_folder("file", O_WRONLY | O_CREAT));
}

static int confine_to_places(void)
{
	char state[100], zone[100], list[100], file[100], absent[100], below_file[100];
	const struct confine_path paths[] = {
		{ in_folder("state", state), CONFINE_WRITE },	{ in_folder("zone", zone), CONFINE_READ },
		{ in_folder("list", list), CONFINE_LIST },	{ in_folder("file", file), CONFINE_WRITE },
		{ in_folder("absent", absent), CONFINE_WRITE },
		{ in_folder("file/below", below_file), CONFINE_WRITE },
	};

	expect(confine_no_new_privileges() == 0);
	return confine_paths(paths, COUNT(paths));
}

static bool opens(const char *name, int flags)
{
	int fd = open_in_folder(name, flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool is_denied(const char *name, int flags)
{
	return !opens(name, flags) && errno == EACCES;
}

static void stay_in_places(void)
{
	int held = open_in_folder("other/secret", O_RDWR);
	char byte = 'x', path[100], there[100];

	expect(confine_to_places() >= 1);
	expect(opens("state/old", O_RDWR));
	expect(opens("state/new", O_RDWR | O_CREAT));
	expect(opens("state/new", O_WRONLY | O_TRUNC));
	expect(unlink(in_folder("state/new", path)) == 0);
	expect(opens("state", O_RDONLY | O_DIRECTORY));
	expect(opens("zone/info", O_RDONLY));
	expect(opens("file", O_RDWR));
	expect(opens("list", O_RDONLY | O_DIRECTORY));

	expect(is_denied("list/log", O_RDONLY));
	expect(is_denied("zone/info", O_RDWR));
	expect(is_denied("zone/new", O_WRONLY | O_CREAT));
	expect(is_denied("other/secret", O_RDONLY));
	expect(is_denied("other", O_RDONLY | O_DIRECTORY));
	expect(is_denied("state/../other/secret", O_RDONLY));
	expect(is_denied("absent", O_WRONLY | O_CREAT));
	expect(unlink(in_folder("zone/info", path)) < 0 && errno == EACCES);
	expect(mkdir(in_folder("state/folder", path), 0755) < 0 && errno == EACCES);
	expect(symlink("/etc", in_folder("state/link", path)) < 0 && errno == EACCES);
	expect(rename(in_folder("other/secret", path), in_folder("state/stolen", there)) < 0);
	expect(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	/* What is open stays open. */
	expect(write(held, &byte, 1) == 1);
}

static void only_the_paths_that_are_named(void **state)
{
	skip_unless(confine_landlock_abi() > 0, "this kernel has no Landlock");
	make_places();
	in_a_child(stay_in_places);
}

static void stay_off_the_network(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(in);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), other = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	expect(bind(server, (const struct sockaddr *)&in, sizeof(in)) == 0 && listen(server, 1) == 0);
	expect(getsockname(server, (struct sockaddr *)&in, &size) == 0);
	expect(confine_to_places() >= 4);
	expect(connect(client, (const struct sockaddr *)&in, sizeof(in)) < 0 && errno == EACCES);
	in.sin_port = 0;
	expect(bind(other, (const struct sockaddr *)&in, sizeof(in)) < 0 && errno == EACCES);
}

static void no_connection_and_no_port(void **state)
{
	skip_unless(confine_landlock_abi() >= 4, "this kernel's Landlock has no rules for TCP");
	in_a_child(stay_off_the_network);
}

static void connect_to_one_port(void)
{
	struct sockaddr_in in[2] = { { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } } };
	int server[2], client[2], other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(in[0]);
	uint16_t port;

	in[1] = in[0];
	for (int i = 0; i < 2; i++) {
		server[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		expect(bind(server[i], (const struct sockaddr *)&in[i], size) == 0 && listen(server[i], 1) == 0);
		expect(getsockname(server[i], (struct sockaddr *)&in[i], &size) == 0);
	}
	port = ntohs(in[1].sin_port);
	expect(confine_no_new_privileges() == 0);
	expect(confine_paths_and_ports(NULL, 0, &port, 1) >= 4);
	expect(connect(client[0], (const struct sockaddr *)&in[0], size) < 0 && errno == EACCES);
	expect(connect(client[1], (const struct sockaddr *)&in[1], size) == 0);
	in[0].sin_port = 0;
	expect(bind(other, (const struct sockaddr *)&in[0], size) < 0 && errno == EACCES);
	expect(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
}

static void connections_to_ports_that_are_named(void **state)
{
	skip_unless(confine_landlock_abi() >= 4, "this kernel's Landlock has no rules for TCP");
	in_a_child(connect_to_one_port);
}

/* A path that this user cannot get at is no reason to go without all the rest. */
static void leave_out_what_is_out_of_reach(void)
{
	char closed[100], open_one[100];
	const struct confine_path paths[] = {
		{ in_folder("closed/deep", closed), CONFINE_WRITE },
		{ in_folder("zone", open_one), CONFINE_READ },
	};

	expect(confine_user(NOBODY, NOBODY, 0) == 0);
	expect(confine_no_new_privileges() == 0);
	expect(confine_paths(paths, COUNT(paths)) >= 1);
	expect(opens("zone/info", O_RDONLY));
	expect(is_denied("other/secret", O_RDONLY));
}

static void a_path_out_of_reach_is_left_out(void **state)
{
	char path[100];

	skip_unless(geteuid() == 0, "not root");
	skip_unless(confine_landlock_abi() > 0, "this kernel has no Landlock");
	make_places();
	assert_int_equal(mkdir(in_folder("closed", path), 0700), 0);
	in_a_child(leave_out_what_is_out_of_reach);
}

static void keep_no_path(void)
{
	expect(confine_no_new_privileges() == 0);
	expect(confine_paths(NULL, 0) >= 1);
	expect(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
}

static void no_path_at_all(void **state)
{
	skip_unless(confine_landlock_abi() > 0, "this kernel has no Landlock");
	in_a_child(keep_no_path);
}

/* seccomp. */

static void confine_calls(void)
{
	expect(confine_no_new_privileges() == 0);
	expect(confine_system_calls() == 0);
}

/* With arguments that each of them would refuse in another way. */
static void make_forbidden_calls(void)
{
	static const long forbidden[] = {
		SYS_socket,	SYS_socketpair, SYS_connect,	      SYS_bind,		 SYS_listen,
		SYS_execve,	SYS_execveat,	SYS_ptrace,	      SYS_mount,	 SYS_umount2,
		SYS_unshare,	SYS_setns,	SYS_chroot,	      SYS_pivot_root,	 SYS_init_module,
		SYS_bpf,	SYS_keyctl,	SYS_add_key,	      SYS_perf_event_open, SYS_process_vm_readv,
		SYS_process_vm_writev, SYS_userfaultfd, SYS_io_uring_setup, SYS_pidfd_open, SYS_pidfd_getfd,
		SYS_ioctl,	SYS_setuid,	SYS_setgroups,	      SYS_capset,	 SYS_fchmod,
		SYS_fchown,	SYS_mkdirat,	SYS_symlinkat,	      SYS_linkat,	 SYS_memfd_create,
		SYS_open_by_handle_at, SYS_kexec_load, SYS_reboot,    SYS_settimeofday,	 SYS_personality,
		SYS_quotactl,	SYS_swapon,	SYS_acct,	      SYS_syslog,	 100000,
#ifdef __x86_64__
		SYS_fork,	SYS_vfork,	SYS_mkdir,	      SYS_chmod,	 SYS_iopl,
		/* The same machine's other numbers: x32's getpid. */
		0x40000000 + SYS_getpid,
#endif
	};

	confine_calls();
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		errno = 0;
		if (syscall(forbidden[i], -1L, -1L, -1L, -1L, -1L, -1L) < 0 && errno == EPERM)
			continue;
		dprintf(STDERR_FILENO, "system call %ld: errno %d\n", forbidden[i], errno);
		_exit(1);
	}
}

static void other_calls_are_refused(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(make_forbidden_calls);
}

static void try_to_multiply(void)
{
	confine_calls();
	expect(fork() < 0 && errno == EPERM);
	/* As a library asks that would rather have a namespace of its own. */
	expect(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0L, 0L, 0L, 0L) < 0 && errno == EPERM);
	expect(syscall(SYS_clone3, NULL, 0L) < 0 && errno == ENOSYS);
}

static void no_processes_and_no_namespaces(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(try_to_multiply);
}

#ifdef __x86_64__
/* The other way in, whose numbers mean something else. */
static void call_as_32_bit(void)
{
	long result = 20; /* getpid */

	confine_calls();
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
}

static void another_architecture_is_the_end(void **state)
{
	int status;

	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	status = status_of(call_as_32_bit);
	assert_true(WIFSIGNALED(status));
	/* SIGSEGV from a kernel that does not have that way. */
	assert_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool go;

static void *try_socket_when_told(void *data)
{
	int *result = data;

	pthread_mutex_lock(&lock);
	while (!go)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	*result = socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? -errno : 0;
	return NULL;
}

static void have_a_thread_before(void)
{
	pthread_t thread;
	int result = 0;

	expect(pthread_create(&thread, NULL, try_socket_when_told, &result) == 0);
	confine_calls();
	pthread_mutex_lock(&lock);
	go = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	expect(pthread_join(thread, NULL) == 0);
	expect(result == -EPERM);
}

static void threads_that_were_there_are_held_too(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(have_a_thread_before);
}

/* What the worker does all day. */

static void work_on_files(void)
{
	char text[8] = "text", from[100], to[100];
	int fd = open_in_folder("a", O_RDWR | O_CREAT), watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct stat st;
	DIR *dir;

	expect(write(fd, text, 4) == 4 && pwrite(fd, text, 4, 4096) == 4 && pread(fd, text, 4, 0) == 4);
	expect(fstat(fd, &st) == 0 && lseek(fd, 0, SEEK_END) == 4100 && ftruncate(fd, 8192) == 0);
	expect(fsync(fd) == 0 && fdatasync(fd) == 0);
	expect(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	close(fd);
	expect(inotify_add_watch(watch, folder, IN_CREATE) >= 0);
	expect(rename(in_folder("a", from), in_folder("b", to)) == 0);
	expect(stat(to, &st) == 0 && unlink(to) == 0);
	dir = opendir(folder);
	expect(dir && readdir(dir));
	closedir(dir);
}

static void use_sockets(int listener, const int pair[2])
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	expect(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) >= 0);
	expect(sendmsg(pair[0], &message, MSG_NOSIGNAL) == 1 && recvmsg(pair[1], &message, 0) == 1);
	expect(send(pair[0], &byte, 1, MSG_NOSIGNAL) == 1 && recv(pair[1], &byte, 1, 0) == 1);
}

static void do_a_days_work(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
	struct addr unit = { ADDR_IPV4, { 192, 0, 2, 7 } };
	struct ban ban = { .unit = unit, .begin_ms = 1, .until_ms = 2, .by_hand = true };
	struct store *store, *late_store;
	char late[100];

	in_folder("socket", sun.sun_path);
	expect(bind(listener, (const struct sockaddr *)&sun, sizeof(sun)) == 0 && listen(listener, 1) == 0);
	expect(connect(client, (const struct sockaddr *)&sun, sizeof(sun)) == 0);
	expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	expect(store_open(folder, &store) == 0);
	expect(mkdir(in_folder("late", late), 0700) == 0);
	confine_calls();
	/* There was no room for it before. */
	expect(store_open(late, &late_store) == 0 && store_is_open(late_store));
	store_put_ban(late_store, &ban);
	expect(store_flush(late_store) == 0);
	store_close(late_store);
	/* Its thread begins afterwards. */
	expect(store_start(store) == 0);
	store_put_ban(store, &ban);
	expect(store_flush(store) == 0);
	store_close(store);
	wait_for_events(listener);
	work_on_files();
	use_sockets(listener, pair);
	take_memory_and_time();
}

static void the_work_can_be_done(void **state)
{
	skip_unless(confine_seccomp_available(), "no seccomp filter here");
	in_a_child(do_a_days_work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_are_given_up_but_for_the_mask),
		cmocka_unit_test(what_is_given_up_does_not_come_back_by_exec),
		cmocka_unit_test(what_is_kept_across_execution),
		cmocka_unit_test(names_of_capabilities),
		cmocka_unit_test_setup_teardown(another_user_for_good, set_up, tear_down),
		cmocka_unit_test(no_new_privileges),
		cmocka_unit_test_setup_teardown(only_the_paths_that_are_named, set_up, tear_down),
		cmocka_unit_test(no_connection_and_no_port),
		cmocka_unit_test(connections_to_ports_that_are_named),
		cmocka_unit_test_setup_teardown(a_path_out_of_reach_is_left_out, set_up, tear_down),
		cmocka_unit_test(no_path_at_all),
		cmocka_unit_test(other_calls_are_refused),
		cmocka_unit_test(no_processes_and_no_namespaces),
#ifdef __x86_64__
		cmocka_unit_test(another_architecture_is_the_end),
#endif
		cmocka_unit_test(threads_that_were_there_are_held_too),
		cmocka_unit_test_setup_teardown(the_work_can_be_done, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

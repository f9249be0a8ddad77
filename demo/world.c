/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* demo/network gives the server these. */
#define SERVER_IPV4 "10.68.0.1"
#define SERVER_IPV6 "2001:db8:68::1"
#define SMTP_PORT 25

#define SERVER_NAMESPACES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)

#define MAILHOST_LOG "mailhost.log" /* in the state folder */
#define NETWORK_LOG "network.log"

#define NETWORK_SECONDS 10.0
#define MAILHOST_SECONDS 30.0

/* A thousand visits and more: the crowd has not to wait while the demo draws. */
#define VISITS_PIPE_BYTES (1024 * 1024)

/* Smaller than PIPE_BUF, so it arrives in one piece. When nobody reads, the demo has died. */
static void send_visit(const struct visit *visit, void *owner)
{
	const int *fd = owner;

	_Static_assert(sizeof(*visit) < PIPE_BUF, "a visit has to fit into one write");
	if (write(*fd, visit, sizeof(*visit)) != (ssize_t)sizeof(*visit))
		_exit(1);
}

static void run_crowd(const struct crowd_plan *plan, int begin_fd, int visits_fd,
		      struct crowd_end *end)
{
	static const volatile sig_atomic_t never;
	struct crowd_plan crowd = *plan;
	char byte;

	crowd.server4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(SMTP_PORT) };
	crowd.server6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					       .sin6_port = htons(SMTP_PORT) };
	inet_pton(AF_INET, SERVER_IPV4, &crowd.server4.sin_addr);
	inet_pton(AF_INET6, SERVER_IPV6, &crowd.server6.sin6_addr);
	if (read(begin_fd, &byte, 1) == 1)
		end->result = crowd_run(&crowd, send_visit, &visits_fd, &never, &end->losses);
	_exit(0);
}

static int refused(int error, struct complaint *complaint)
{
	return complain(complaint, STATUS_NOT_PERMITTED,
			"the kernel refuses new namespaces (%s); a container has to be allowed "
			"to make them", strerror(error));
}

static int start_outside(struct world *world, const struct crowd_plan *plan,
			 struct complaint *complaint)
{
	int begin[2] = { -1, -1 }, visits[2] = { -1, -1 };
	int error;

	if (pipe2(begin, O_CLOEXEC) < 0 || pipe2(visits, O_CLOEXEC) < 0)
		return complain(complaint, STATUS_FAILED, "no pipe: %s", strerror(errno));
	fcntl(visits[1], F_SETPIPE_SZ, VISITS_PIPE_BYTES);
	world->outside = spawn_fork(CLONE_NEWNET);
	error = errno;
	if (world->outside == 0) {
		close(begin[1]);
		close(visits[0]);
		run_crowd(plan, begin[0], visits[1], world->crowd_end);
	}
	close(begin[0]);
	close(visits[1]);
	world->begin_fd = begin[1];
	world->visits_fd = visits[0];
	return world->outside < 0 ? refused(error, complaint) : 0;
}

/* Waits at wait_fd until the network is there. */
static int start_server(struct world *world, const struct world_plan *plan, const int network_up[2],
			struct complaint *complaint)
{
	char mailhost[PATH_MAX], log[PATH_MAX], tarpit[16], maxdaemons[16], port[16];
	const char *const argv[] = { mailhost, "run", "--server-root", plan->server_root,
		"--state", plan->state, "--visible", plan->visible_dir, "--tarpit", tarpit,
		"--maxdaemons", maxdaemons, "--port", port, "--drop", plan->drop ? "1" : "0", NULL };
	const struct spawn what = { .argv = argv, .log_path = log, .namespaces = SERVER_NAMESPACES,
		.wait_fd = network_up[0], .close_fd = network_up[1] };
	int r;

	snprintf(mailhost, sizeof(mailhost), "%s/mailhost", plan->demo_dir);
	snprintf(log, sizeof(log), "%s/" MAILHOST_LOG, plan->state);
	snprintf(tarpit, sizeof(tarpit), "%u", plan->tarpit);
	snprintf(maxdaemons, sizeof(maxdaemons), "%u", plan->maxdaemons);
	snprintf(port, sizeof(port), "%u", plan->port);
	r = spawn(&what, &world->server);
	return r < 0 ? refused(-r, complaint) : 0;
}

static int join_network(const struct world *world, const struct world_plan *plan,
			const volatile sig_atomic_t *stop, struct complaint *complaint)
{
	char network[PATH_MAX], log[PATH_MAX], server[16], outside[16];
	const char *const argv[] = { network, "up", server, outside, NULL };
	const struct spawn what = { .argv = argv, .log_path = log, .wait_fd = -1 };
	int status = 0, r;
	pid_t pid;

	snprintf(network, sizeof(network), "%s/network", plan->demo_dir);
	snprintf(log, sizeof(log), "%s/" NETWORK_LOG, plan->state);
	snprintf(server, sizeof(server), "%d", world->server);
	snprintf(outside, sizeof(outside), "%d", world->outside);
	r = spawn(&what, &pid);
	if (r < 0)
		return complain(complaint, STATUS_FAILED, "%s: %s", network, strerror(-r));
	r = spawn_wait(pid, NETWORK_SECONDS, stop, &status);
	if (r < 0)
		spawn_kill(pid);
	if (r == -EINTR)
		return r;
	if (r == 0 && status == 0)
		return 0;
	complaint_see(complaint, plan->state, NETWORK_LOG);
	return complain(complaint, STATUS_NOT_PERMITTED,
			"the private network could not be set up (needs veth and IPv6 in the "
			"kernel, and ip from iproute2):");
}

/* The file appears in one piece (rename), when all is. */
static bool is_ready(const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/ready", state);
	return access(path, F_OK) == 0;
}

int world_check(const struct world *world, const char *state, struct complaint *complaint)
{
	siginfo_t info = { 0 };
	bool not_permitted;

	if (waitid(P_PID, (id_t)world->server, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0)
		return 0;
	not_permitted = info.si_code == CLD_EXITED && info.si_status == STATUS_NOT_PERMITTED;
	complaint_see(complaint, state, MAILHOST_LOG);
	return complain(complaint, not_permitted ? STATUS_NOT_PERMITTED : STATUS_FAILED,
			"the mail server ended:");
}

static int wait_until_ready(struct world *world, const struct world_plan *plan,
			    const volatile sig_atomic_t *stop, struct complaint *complaint)
{
	double deadline = spawn_now() + MAILHOST_SECONDS;

	while (!is_ready(plan->state)) {
		int r = world_check(world, plan->state, complaint);

		if (r < 0)
			return r;
		if (*stop)
			return -EINTR;
		if (spawn_now() > deadline) {
			complaint_see(complaint, plan->state, MAILHOST_LOG);
			return complain(complaint, STATUS_FAILED,
					"Courier did not greet within %.0f s:", MAILHOST_SECONDS);
		}
		spawn_pause();
	}
	return 0;
}

static int open_proc(struct world *world, struct complaint *complaint)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/proc", world->server);
	world->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (world->proc_fd < 0)
		return complain(complaint, STATUS_FAILED, "%s: %s", path, strerror(errno));
	return 0;
}

static int build(struct world *world, const struct world_plan *plan, const int network_up[2],
		 const volatile sig_atomic_t *stop, struct complaint *complaint)
{
	int r = start_outside(world, plan->crowd, complaint);

	if (r == 0)
		r = start_server(world, plan, network_up, complaint);
	if (r == 0)
		r = join_network(world, plan, stop, complaint);
	if (r == 0 && write(network_up[1], "", 1) != 1)
		r = complain(complaint, STATUS_FAILED, "the mail server ended at once");
	if (r == 0)
		r = wait_until_ready(world, plan, stop, complaint);
	return r < 0 ? r : open_proc(world, complaint);
}

int world_create(const struct world_plan *plan, const volatile sig_atomic_t *stop,
		 struct complaint *complaint, struct world *ret)
{
	int network_up[2], r;

	*ret = (struct world){ .visits_fd = -1, .proc_fd = -1, .begin_fd = -1 };
	ret->crowd_end = mmap(NULL, sizeof(*ret->crowd_end), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ret->crowd_end == MAP_FAILED || pipe2(network_up, O_CLOEXEC) < 0)
		return complain(complaint, STATUS_FAILED, "out of memory or descriptors");
	r = build(ret, plan, network_up, stop, complaint);
	close(network_up[0]);
	close(network_up[1]);
	if (r < 0)
		world_destroy(ret);
	return r;
}

void world_begin(struct world *world)
{
	/* Should it be gone already, visits_fd is at its end, which is noticed there. */
	(void)!write(world->begin_fd, "", 1);
}

void world_destroy(struct world *world)
{
	if (world->outside > 0)
		spawn_kill(world->outside);
	if (world->server > 0)
		spawn_kill(world->server);
	if (world->visits_fd >= 0)
		close(world->visits_fd);
	if (world->begin_fd >= 0)
		close(world->begin_fd);
	if (world->proc_fd >= 0)
		close(world->proc_fd);
	munmap(world->crowd_end, sizeof(*world->crowd_end));
	*world = (struct world){ .visits_fd = -1, .proc_fd = -1, .begin_fd = -1 };
}

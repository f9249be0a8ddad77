/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/role.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_FAILED 1
/* A porter that hangs is ended by the warden; by the kernel after this, should the warden be gone. */
#define HUNG_S 30
#define SILENT_MS 10000
/* Requests of one gate before it is the next one's turn. */
#define BATCH 16
#define BIT(capability) (1ULL << (capability))

/* Answers. */

static void drop_answers(struct gate *gate)
{
	for (; gate->count; gate->count--, gate->first = (gate->first + 1) % ANSWERS_MOST) {
		if (gate->waiting[gate->first].fd >= 0)
			close(gate->waiting[gate->first].fd);
	}
}

/* 0, or -EAGAIN when the gate has to read first. A gate that is gone needs no answer. */
static int send_answer(struct gate *gate, const struct waiting_answer *w)
{
	int r = porter_send(gate->socket, &w->answer, w->fd);

	if (r == -EAGAIN)
		return r;
	if (w->fd >= 0)
		close(w->fd);
	return 0;
}

static void watch_gate(struct gate *gate)
{
	if (gate->watch)
		loop_fd_change(gate->watch, gate->count || gate->room_owed ? EPOLLOUT : EPOLLIN);
}

static void flush(struct gate *gate)
{
	while (gate->count && send_answer(gate, &gate->waiting[gate->first]) == 0) {
		gate->first = (gate->first + 1) % ANSWERS_MOST;
		gate->count--;
	}
	if (gate->count == 0 && gate->room_owed)
		gate->room_owed = send_answer(gate, &(struct waiting_answer){ .fd = -1 }) < 0;
	watch_gate(gate);
}

static void answer(struct gate *gate, uint32_t ticket, int error, int fd)
{
	struct waiting_answer w = { .answer = { .ticket = ticket, .error = error }, .fd = fd };

	if (gate->watch && gate->count == 0 && send_answer(gate, &w) == 0)
		return;
	if (!gate->watch || gate->count == ANSWERS_MOST) {
		if (fd >= 0)
			close(fd);
		return;
	}
	gate->waiting[(gate->first + gate->count++) % ANSWERS_MOST] = w;
	watch_gate(gate);
}

/* One line a while: a server that is away fails for every client alike. */
static void say_failure(struct porter *p, int r)
{
	const struct porter_rules *rules = p->rules;
	const char *what = rules->kind == PORTER_EXEC ? rules->arguments.texts[0] :
			   rules->kind == PORTER_PASS ? rules->socket :
							"the mail server";

	if (loop_now_ms(p->loop) < p->silent_until_ms)
		return;
	p->silent_until_ms = loop_now_ms(p->loop) + SILENT_MS;
	log_error("a client could not be let in: %s: %s", what, strerror(-r));
}

static void count_failure(struct porter *p, int r)
{
	if (r == -ENOTCONN) /* the client's own doing: it has left */
		return;
	counter_add(COUNTER_porter_failed, 1);
	say_failure(p, r);
}

static void count_outcome(struct porter *p, int r)
{
	if (r == 0)
		counter_add(COUNTER_porter_let_in, 1);
	else if (r == -EAGAIN || r == -EUSERS)
		counter_add(COUNTER_porter_full, 1);
	else if (r == -EINVAL || r == -EBADF || r == -EPERM)
		counter_add(COUNTER_porter_malformed, 1);
	else
		count_failure(p, r);
	p->was_full |= r == -EAGAIN;
}

void porter_conclude(struct gate *gate, uint32_t ticket, int error, int fd)
{
	count_outcome(gate->porter, error);
	answer(gate, ticket, error, fd);
}

static bool has_room(const struct porter *p)
{
	return p->rules->kind == PORTER_EXEC ? porter_crowd_count(p->crowd) < p->rules->processes :
					       p->pass_count < PASSES_MOST;
}

void porter_tell_room(struct porter *p)
{
	if (!p->was_full || !has_room(p))
		return;
	p->was_full = false;
	for (size_t i = 0; i < p->gate_count; i++) {
		if (!p->gates[i].watch)
			continue;
		p->gates[i].room_owed = true;
		flush(&p->gates[i]);
	}
}

/* Requests. */

/* What the kernel says of a connection's two ends is what counts. */
static int see_client(int fd, const struct porter_request *request)
{
	struct sockaddr_storage client, local;
	socklen_t client_size = sizeof(client), local_size = sizeof(local), size = sizeof(int);
	struct addr client_addr, local_addr;
	int protocol = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 || protocol != IPPROTO_TCP)
		return -EPERM;
	if (getpeername(fd, (struct sockaddr *)&client, &client_size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&local, &local_size) < 0)
		return -errno;
	/* The port is at the same place in both families. */
	if (addr_from_sockaddr((struct sockaddr *)&client, client_size, &client_addr) < 0 ||
	    addr_from_sockaddr((struct sockaddr *)&local, local_size, &local_addr) < 0 ||
	    !addr_equal(&client_addr, &request->client) || !addr_equal(&local_addr, &request->local) ||
	    ntohs(((struct sockaddr_in *)&client)->sin_port) != request->client_port ||
	    ntohs(((struct sockaddr_in *)&local)->sin_port) != request->local_port)
		return -EPERM;
	return 0;
}

static int carry_out(struct gate *gate, const struct porter_request *request, int client_fd, int *ret_fd)
{
	struct porter *p = gate->porter;
	int r;

	if (p->rules->kind == PORTER_PROXY)
		return client_fd >= 0 ? -EINVAL : porter_connect(p, request, ret_fd);
	r = client_fd < 0 ? -EBADF : see_client(client_fd, request);
	if (r < 0)
		return r;
	switch (p->rules->kind) {
	case PORTER_EXEC:
		return porter_exec(p, client_fd, request, ret_fd);
	case PORTER_PASS:
		return porter_pass(gate, client_fd, request);
	default:
		return porter_connect(p, request, ret_fd);
	}
}

static void on_request(struct gate *gate, const struct porter_request *request, int client_fd)
{
	struct porter *p = gate->porter;
	int fd = -1, r = carry_out(gate, request, client_fd, &fd);

	if (client_fd >= 0)
		close(client_fd);
	/* A client that was passed is answered for when it was taken. */
	if (r < 0 || p->rules->kind != PORTER_PASS)
		porter_conclude(gate, request->ticket, r, fd);
}

static void forget_gate(struct gate *gate)
{
	loop_fd_remove(gate->watch);
	gate->watch = NULL;
	drop_answers(gate);
}

/* Where nobody is left to ask, there is nothing left to do. */
static void lose_gate(struct gate *gate)
{
	struct porter *p = gate->porter;

	forget_gate(gate);
	for (size_t i = 0; i < p->gate_count; i++) {
		if (p->gates[i].watch)
			return;
	}
	loop_stop(p->loop);
}

static void read_requests(struct gate *gate)
{
	for (unsigned i = 0; i < BATCH && gate->count == 0; i++) {
		struct porter_request request;
		int fd, r = porter_receive(gate->socket, &request, &fd);

		if (r == 1) {
			on_request(gate, &request, fd);
		} else if (r == -EBADMSG) {
			counter_add(COUNTER_porter_malformed, 1);
		} else {
			if (r != -EAGAIN && r != -EINTR)
				lose_gate(gate);
			return;
		}
	}
}

static void on_gate(void *data, int fd, uint32_t events)
{
	struct gate *gate = data;

	if (gate->count || gate->room_owed)
		flush(gate);
	if (gate->count == 0 && !gate->room_owed)
		read_requests(gate);
}

/* Life. */

static void on_signal(void *data, int signal_number)
{
	struct porter *p = data;

	if (signal_number == SIGCHLD)
		porter_reap(p);
	/* SIGHUP and SIGINT come from a terminal to all of us; the warden decides. */
	else if (signal_number == SIGTERM)
		loop_stop(p->loop);
}

/* Clients that the gates have are let in all the same: who is needed is told by the gates, each of which ends. */
static void on_warden(void *data, int fd, uint32_t events)
{
	struct porter *p = data;
	char words[64];
	ssize_t size = recv(fd, words, sizeof(words), MSG_DONTWAIT);

	if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	loop_fd_remove(p->warden_watch);
	p->warden_watch = NULL;
}

static void each_second(void *data)
{
	struct porter *p = data;

	loop_timer_arm(p->every_second, loop_now_ms(p->loop) + 1000);
	alarm(HUNG_S);
	porter_pass_look(p);
	porter_tell_room(p);
	send(p->start->warden, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int open_gates(struct porter *p)
{
	int r = 0;

	for (; p->gate_count < p->start->gate_count && r == 0; p->gate_count++) {
		struct gate *gate = &p->gates[p->gate_count];

		gate->porter = p;
		gate->socket = p->start->gates[p->gate_count];
		r = loop_fd_add(p->loop, gate->socket, EPOLLIN, on_gate, gate, &gate->watch);
	}
	return r;
}

static int open_loop(struct porter *p)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 };
	int r = loop_create(&p->loop);

	if (r == 0)
		r = loop_signals_create(p->loop, signals, on_signal, p, &p->signals);
	if (r == 0)
		r = loop_timer_create(p->loop, each_second, p, &p->every_second);
	if (r == 0)
		r = loop_fd_add(p->loop, p->start->warden, EPOLLIN, on_warden, p, &p->warden_watch);
	if (r == 0)
		r = open_gates(p);
	return r;
}

/* Privileges. */

/* What keeps a mail server's programs from their work is told at the start, since they only fail later on,
 * somewhere else: Courier's submitmkdir and Exim are set-user-ID programs. */
static void say_what_programs_lack(void)
{
	static const unsigned long needed[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETGID,
						CAP_SETUID };
	bool missing = false;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		missing |= prctl(PR_CAPBSET_READ, needed[i], 0, 0, 0) != 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		log_warning("no program that the mail server starts from here can change its user: no_new_privs is "
			    "set, as by NoNewPrivileges= and several more of a systemd unit");
	else if (missing && geteuid() == 0)
		log_warning("programs that the mail server starts from here as root lack capabilities, as by "
			    "CapabilityBoundingSet= of a systemd unit");
}

/* The mark keeps the kernel from steering our own way to the server. */
static uint64_t needed_to_connect(const struct porter_rules *rules)
{
	return rules->kind == PORTER_TRANSPARENT || rules->marks ? BIT(CAP_NET_ADMIN) : 0;
}

static int give_up_privileges(const struct porter_rules *rules)
{
	switch (rules->kind) {
	case PORTER_EXEC:
		say_what_programs_lack();
		return confine_own_capabilities(BIT(CAP_SETUID) | BIT(CAP_SETGID));
	case PORTER_PASS:
		return confine_capabilities(BIT(CAP_DAC_READ_SEARCH));
	case PORTER_PROXY:
		if (geteuid() == 0 && !rules->marks)
			return confine_user(rules->own_uid, rules->own_gid, 0);
		return confine_capabilities(needed_to_connect(rules));
	default:
		return confine_capabilities(needed_to_connect(rules));
	}
}

/* A program's 0, 1 and 2 are put in the place of these, so nothing else may be there. */
static int open_null(struct porter *p)
{
	do {
		p->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (p->null_fd >= 0 && p->null_fd <= STDERR_FILENO);
	return p->null_fd < 0 ? -errno : 0;
}

static int set_up(struct porter *p)
{
	int r = open_null(p);

	if (r == 0)
		r = give_up_privileges(p->rules);
	if (r == 0 && p->rules->kind != PORTER_EXEC)
		r = confine_no_new_privileges();
	if (r == 0)
		r = open_loop(p);
	/* Without it, who is not there is found out by waiting. */
	if (r == 0 && p->rules->kind == PORTER_TRANSPARENT)
		(void)diag_create(&p->diag);
	if (r < 0)
		log_error("cannot set up: %s", strerror(-r));
	return r == 0 ? role_outlive_warden(p->start->warden_pid) : r;
}

static void tear_down(struct porter *p)
{
	alarm(0);
	porter_pass_end(p);
	for (size_t i = 0; i < p->gate_count; i++)
		forget_gate(&p->gates[i]);
	loop_fd_remove(p->warden_watch);
	if (p->every_second)
		loop_timer_destroy(p->every_second);
	loop_signals_destroy(p->signals);
	if (p->loop)
		loop_destroy(p->loop);
	if (p->null_fd >= 0)
		close(p->null_fd);
	diag_destroy(p->diag);
}

int porter_serve(const struct porter_start *start, const struct porter_rules *rules)
{
	struct porter *p = calloc(1, sizeof(*p));
	int r;

	assert(start->gate_count <= PORTER_GATES_MOST);
	if (!p)
		return EXIT_FAILED;
	p->start = start;
	p->rules = rules;
	r = porter_crowd_create(rules->processes, rules->per_client, &p->crowd);
	if (r == 0)
		r = set_up(p);
	if (r == 0) {
		each_second(p);
		r = loop_run(p->loop);
	}
	tear_down(p);
	porter_crowd_destroy(p->crowd);
	free(p);
	return r < 0 ? EXIT_FAILED : 0;
}

int porter_run(const struct porter_start *start)
{
	struct porter_rules rules;
	int status = EXIT_FAILED;

	/* The warden has made the same rules, and has said the rest. */
	log_open("porter", LOG_LEVEL_ERROR);
	if (porter_rules_make(start->settings, &rules) == 0) {
		log_set_level(LOG_LEVEL_INFO);
		status = porter_serve(start, &rules);
	}
	porter_rules_free(&rules);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/front_internal.h"

#include "base/counter.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENT_MS 10000
/* Accepted in one round, before those who are here already have their turn. */
#define ACCEPTS_A_ROUND 64
/* After descriptors or memory ran out. */
#define ACCEPT_AGAIN_MS 100
#define NEVER UINT64_MAX
/* Of those whose time has come, in one round. */
#define DUE_A_ROUND 4096

void front_state_changed(struct front *front, enum session_state from, enum session_state to)
{
	front->states[from]--;
	front->states[to]++;
}

static void arm(struct front *front, uint64_t due_ms)
{
	if (due_ms >= front->timer_ms)
		return;
	front->timer_ms = due_ms;
	loop_timer_arm(front->timer, due_ms);
}

/* A later time is noticed when the earlier one comes: most deadlines only ever move away. */
void front_visitor_set_due(struct visitor *visitor, uint64_t due_ms)
{
	struct front *front = visitor->front;

	if (due_ms >= visitor->node.due_ms)
		return;
	if (visitor->node.due_ms != NEVER)
		wheel_remove(&front->wheel, &visitor->node);
	wheel_add(&front->wheel, &visitor->node, due_ms);
	arm(front, due_ms + FRONT_TICK_MS);
}

static void on_timer(void *data)
{
	struct front *front = data;
	uint64_t now_ms = loop_now_ms(front->loop), wait_ms;
	size_t looks = DUE_A_ROUND;
	struct wheel_node *node;

	front->timer_ms = NEVER;
	while ((node = wheel_take(&front->wheel, now_ms, &looks))) {
		node->due_ms = NEVER;
		front_visitor_due((struct visitor *)node);
	}
	wait_ms = wheel_wait_ms(&front->wheel, now_ms);
	if (wait_ms != UINT64_MAX)
		arm(front, now_ms + (wait_ms ? wait_ms : 1));
}

static void say_drained(struct front *front)
{
	if (front->draining && table_count(front->visitors) == 0 && front->drained) {
		void (*drained)(void *) = front->drained;

		front->drained = NULL;
		drained(front->data);
	}
}

void front_visitor_unqueue(struct visitor *visitor)
{
	if (visitor->queued)
		TAILQ_REMOVE(&visitor->front->queue, visitor, queue);
	visitor->queued = false;
}

void front_visitor_close(struct visitor *visitor)
{
	struct front *front = visitor->front;
	uint32_t visit;

	front_visitor_end_look(visitor, NULL);
	front_visitor_unqueue(visitor);
	relay_destroy(visitor->relay);
	front_letter_destroy(visitor);
	tls_destroy(visitor->tls);
	loop_fd_remove(visitor->watch);
	if (visitor->node.due_ms != NEVER)
		wheel_remove(&front->wheel, &visitor->node);
	if (visitor->entered)
		clients_leave(front->clients, &visitor->session.client);
	front->states[visitor->session.state]--;
	session_end(&visitor->session);
	free(visitor->held);
	free(visitor->unsent);
	close(visitor->fd);
	counter_add(COUNTER_gate_sessions_ended, 1);
	visit = visitor->visit;
	table_remove(front->visitors, &visit);
	if (front->draining)
		loop_timer_arm(front->accept_timer, loop_now_ms(front->loop));
}

/* Before there is a session: a word, and the end. What it has sent by now makes a reset of the close;
 * nothing has, as a rule, this soon. */
static void turn_away(int fd, enum counter counter, const char *reply)
{
	counter_add(counter, 1);
	send(fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static struct visitor *add_visitor(struct front *front, int fd, const struct sockaddr_in6 *peer)
{
	struct sockaddr_storage local;
	socklen_t size = sizeof(local);
	struct visitor *visitor;
	uint32_t visit;
	int r;

	/* One that is still here from before the number went round keeps it. */
	do {
		visit = ++front->visits;
		r = table_add(front->visitors, &visit, (void **)&visitor);
	} while (r == 0);
	if (r == -ENOMEM)
		front_note_starved(front);
	if (r < 0)
		return NULL;
	*visitor = (struct visitor){ .node.due_ms = NEVER, .front = front, .fd = fd, .visit = visit };
	visitor->session.client_port = ntohs(peer->sin6_port); /* at the same place for IPv4 */
	addr_from_sockaddr((const struct sockaddr *)peer, sizeof(*peer), &visitor->session.client);
	if (getsockname(fd, (struct sockaddr *)&local, &size) == 0) {
		addr_from_sockaddr((const struct sockaddr *)&local, size, &visitor->session.local);
		visitor->session.local_port = ntohs(((const struct sockaddr_in6 *)&local)->sin6_port);
	}
	front->states[visitor->session.state]++;
	counter_add(COUNTER_gate_sessions, 1);
	return visitor;
}

static enum session_memory recall(struct front *front, const struct addr *client, struct session_facts *ret)
{
	enum session_memory memory;
	bool stale;

	memory = clients_recall(front->clients, client, loop_now_ms(front->loop), ret, &stale);
	if (stale)
		front->calls->look_again(front->data, client);
	return memory;
}

/* False when it has its share: then it has been turned away. Without memory it is not counted. */
static bool enter(struct front *front, int fd, const struct addr *client, bool *ret_entered)
{
	int r = clients_enter(front->clients, client, loop_now_ms(front->loop));

	*ret_entered = r == 0;
	if (r == -EUSERS)
		turn_away(fd, COUNTER_gate_per_address, "421 4.7.0 Too many connections from your address\r\n");
	else if (r == -ENETUNREACH)
		turn_away(fd, COUNTER_gate_per_network, "421 4.7.0 Too many connections from your network\r\n");
	return r != -EUSERS && r != -ENETUNREACH;
}

/* NULL when there is no place: then it has been turned away. */
static struct visitor *take_place(struct front *front, int fd, const struct sockaddr_in6 *peer, bool entered,
				  bool known_good)
{
	struct visitor *visitor = front_make_room(front, known_good) ? add_visitor(front, fd, peer) : NULL;
	struct addr client;

	if (visitor) {
		visitor->entered = entered;
		return visitor;
	}
	if (entered && addr_from_sockaddr((const struct sockaddr *)peer, sizeof(*peer), &client) == 0)
		clients_leave(front->clients, &client);
	turn_away(fd, COUNTER_gate_full, "421 4.3.2 Too many connections, try again later\r\n");
	return NULL;
}

/* Our own way to the mail server, led back to us by a rule that does not know its mark, would go round until all
 * places are taken. The mark comes with the SYN (net.ipv4.tcp_fwmark_accept), as the routing of transparent needs it;
 * a connection that is not of transparent is known by its ends, since nobody on this host is steered. */
static bool came_round(const struct front *front, int fd, const struct addr *client, const struct addr *local)
{
	uint32_t mark = 0;
	socklen_t size = sizeof(mark);

	if (front->own_mark && getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &size) == 0 && mark == front->own_mark)
		return true;
	return addr_is_loopback(client) || addr_equal(client, local);
}

static void say_came_round(struct front *front)
{
	uint64_t now_ms = loop_now_ms(front->loop);

	if (now_ms < front->silent_until_ms)
		return;
	front->silent_until_ms = now_ms + SILENT_MS;
	log_error("a connection of this host to its mail server was led to the gate, by a rule that is not ours; it is ended");
}

/* A steered client has the end that it came to. One whose end is ours came from this host to a port where nobody is
 * meant to come. False when it was turned away. */
static bool was_steered(struct front *front, int fd, const struct addr *client)
{
	const struct settings *settings = front->rules->settings;
	struct sockaddr_storage local;
	socklen_t size = sizeof(local);
	struct addr addr;

	if (getsockname(fd, (struct sockaddr *)&local, &size) < 0 ||
	    addr_from_sockaddr((const struct sockaddr *)&local, size, &addr) < 0) {
		close(fd);
		return false;
	}
	/* The port is at the same place in both families. */
	if (ntohs(((const struct sockaddr_in *)&local)->sin_port) == settings->gate_steer_port && addr_is_loopback(&addr)) {
		turn_away(fd, COUNTER_gate_not_steered, "421 4.3.2 No mail is taken at this port\r\n");
		return false;
	}
	if (!came_round(front, fd, client, &addr))
		return true;
	say_came_round(front);
	turn_away(fd, COUNTER_gate_not_steered, "421 4.4.6 This connection came from here\r\n");
	return false;
}

static void open_session(struct front *front, int fd, const struct sockaddr_in6 *peer)
{
	struct session_facts facts = { 0 };
	enum session_memory memory = SESSION_KNOWN_GOOD;
	struct visitor *visitor;
	struct addr client = { .family = ADDR_NONE };
	bool entered = false;

	addr_from_sockaddr((const struct sockaddr *)peer, sizeof(*peer), &client);
	if (front->rules->settings->gate_steer != STEERING_NONE && !was_steered(front, fd, &client))
		return;
	if (!front->calls->is_never_tested(front->data, &client)) {
		if (!enter(front, fd, &client, &entered))
			return;
		memory = recall(front, &client, &facts);
	}
	visitor = take_place(front, fd, peer, entered, memory == SESSION_KNOWN_GOOD);
	if (visitor)
		front_visitor_opened(visitor, memory, &facts);
}

/* The server's own front counts them only as long as they are its own. */
void front_take(struct front *front, int fd, const char *why)
{
	struct session_facts facts = { .score = (int)front->rules->settings->gate_reject_at };
	struct visitor *visitor;
	struct sockaddr_in6 peer;
	struct addr client;
	socklen_t size = sizeof(peer);
	int flags = fcntl(fd, F_GETFL);
	bool entered;

	if (front->draining || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &size) < 0 ||
	    addr_from_sockaddr((const struct sockaddr *)&peer, size, &client) < 0) {
		turn_away(fd, COUNTER_gate_full, "421 4.3.2 Too many connections, try again later\r\n");
		return;
	}
	if (!enter(front, fd, &client, &entered))
		return;
	visitor = take_place(front, fd, &peer, entered, false);
	if (!visitor)
		return;
	counter_add(COUNTER_gate_handed_in, 1);
	visitor->session.why = strdup(why);
	front_visitor_opened(visitor, SESSION_KNOWN_BAD, &facts);
}

/* Whoever waits to be accepted would wake us for ever; those that are here end and give descriptors back. */
static void pause_accepting(struct front *front)
{
	counter_add(COUNTER_gate_accept_errors, 1);
	for (size_t i = 0; i < front->listener_count; i++)
		loop_fd_change(front->listeners[i], 0);
	loop_timer_arm(front->accept_timer, loop_now_ms(front->loop) + ACCEPT_AGAIN_MS);
}

static void on_accept_timer(void *data)
{
	struct front *front = data;

	if (front->draining) {
		say_drained(front);
		return;
	}
	for (size_t i = 0; i < front->listener_count; i++)
		loop_fd_change(front->listeners[i], EPOLLIN);
}

static void on_listener(void *data, int listener, uint32_t events)
{
	struct front *front = data;

	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		struct sockaddr_in6 peer;
		socklen_t size = sizeof(peer);
		int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			open_session(front, fd, &peer);
			continue;
		}
		if (errno == EAGAIN)
			return;
		/* Errors of the one connection, accept(2), and of the machine. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			pause_accepting(front);
			return;
		}
	}
}

static int listen_on(struct front *front, const struct front_set_up *set_up)
{
	int r = 0;

	assert(set_up->listener_count <= sizeof(front->listeners) / sizeof(front->listeners[0]));
	for (size_t i = 0; i < set_up->listener_count && r == 0; i++) {
		r = loop_fd_add(front->loop, set_up->listeners[i], EPOLLIN, on_listener, front, &front->listeners[i]);
		front->listener_count += r == 0;
	}
	return r;
}

int front_create(struct loop *loop, const struct front_set_up *set_up, struct front **ret)
{
	struct front *front = calloc(1, sizeof(*front));
	int r;

	if (!front)
		return -ENOMEM;
	front->loop = loop;
	front->rules = set_up->rules;
	front->clients = set_up->clients;
	front->calls = set_up->calls;
	front->data = set_up->data;
	front->most = set_up->sessions;
	front->tls = set_up->tls;
	front->own_mark = set_up->own_mark;
	front->timer_ms = NEVER;
	TAILQ_INIT(&front->queue);
	r = table_create(sizeof(uint32_t), sizeof(struct visitor), front->most, &front->visitors);
	if (r == 0)
		r = relay_pipes_create(&front->pipes);
	if (r == 0)
		r = loop_timer_create(loop, on_timer, front, &front->timer);
	if (r == 0)
		r = loop_timer_create(loop, on_accept_timer, front, &front->accept_timer);
	if (r == 0) {
		wheel_init(&front->wheel, front->visitors, FRONT_TICK_MS);
		r = listen_on(front, set_up);
	}
	if (r < 0) {
		front_destroy(front);
		return r;
	}
	*ret = front;
	return 0;
}

static void stop_listening(struct front *front)
{
	for (size_t i = 0; i < front->listener_count; i++)
		loop_fd_remove(front->listeners[i]);
	front->listener_count = 0;
}

void front_destroy(struct front *front)
{
	struct visitor *visitor;
	uint32_t cursor = 0;

	if (!front)
		return;
	while (front->visitors && (visitor = table_next(front->visitors, &cursor)))
		front_visitor_close(visitor);
	stop_listening(front);
	loop_timer_destroy(front->timer);
	loop_timer_destroy(front->accept_timer);
	relay_pipes_destroy(front->pipes);
	table_destroy(front->visitors);
	free(front);
}

static struct visitor *visitor_of(struct front *front, uint32_t visit)
{
	return table_find(front->visitors, &visit);
}

const struct session *front_session(const struct front *front, uint32_t visit)
{
	const struct visitor *visitor = table_find(front->visitors, &visit);

	return visitor ? &visitor->session : NULL;
}

void front_looked(struct front *front, uint32_t visit)
{
	struct visitor *visitor = visitor_of(front, visit);

	if (visitor)
		front_visitor_looked(visitor);
}

void front_answer(struct front *front, uint32_t visit, int error, int fd, struct bytes header)
{
	struct visitor *visitor = visitor_of(front, visit);

	if (visitor)
		front_visitor_answer(visitor, error, fd, header);
	else if (fd >= 0)
		close(fd);
}

void front_room(struct front *front)
{
	struct visitor *visitor;

	while ((visitor = TAILQ_FIRST(&front->queue)) && front_visitor_ask(visitor) != -EAGAIN)
		;
}

void front_drain(struct front *front, void (*drained)(void *data))
{
	stop_listening(front);
	front->draining = true;
	front->drained = drained;
	loop_timer_arm(front->accept_timer, loop_now_ms(front->loop));
}

void front_count(const struct front *front, struct front_numbers *ret)
{
	*ret = (struct front_numbers){ .sessions = table_count(front->visitors), .most = front->most,
				       .memory = table_memory(front->visitors) };
	memcpy(ret->states, front->states, sizeof(ret->states));
}

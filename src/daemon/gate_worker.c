/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_worker.h"

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/gate_house.h"
#include "daemon/role.h"
#include "event/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define DNS_PORT 53
#define PORTS_MOST 64
/* The kernel steers for that long after the last word of a warden that is gone, where the table outlives it; and one
 * that is started anew may listen by then. */
#define ORPHAN_LISTENS_MS 3000
/* Of a warden that ends, which waits for us no longer than STOP_MS of warden_gate.c. */
#define STOPPED_LISTENS_MS 1000
/* One that hangs is ended by the warden; by the kernel after this, should the warden be gone. */
#define HUNG_S 30

struct gate_worker {
	const struct gate_worker_start *start;
	struct loop *loop;
	struct loop_signals *signals;
	struct loop_timer *every_second, *leave_timer;
	struct loop_fd *warden_watch; /* NULL: the warden is gone */
	struct gate_house *house;
	bool leaving, draining, failed;
};

static void on_drained(void *data)
{
	loop_stop(((struct gate_worker *)data)->loop);
}

/* No new clients. A listening socket that stays open has its share of them, who would wait in vain, and its
 * port; it is the warden's, too, so that it is closed and never shut down. */
static void drain(struct gate_worker *g)
{
	if (g->draining)
		return;
	g->draining = true;
	gate_house_drain(g->house, on_drained, g);
	for (size_t i = 0; i < g->start->listener_count; i++)
		close(g->start->listeners[i]);
}

/* Whom the kernel has brought has no other listener to answer to: who is in the middle of a handshake is taken yet,
 * since a listening socket that is closed takes it along. */
static void drain_soon(struct gate_worker *g, uint64_t listen_ms)
{
	if (g->leaving || g->draining)
		return;
	if (g->start->plan->settings.gate_steer == STEERING_NONE) {
		drain(g);
		return;
	}
	g->leaving = true;
	loop_timer_arm(g->leave_timer, loop_now_ms(g->loop) + listen_ms);
}

/* Twice: to take no more clients, and when the longest session is over, which of an orphan nobody else ends. */
static void on_leave_timer(void *data)
{
	struct gate_worker *g = data;

	if (g->draining) {
		loop_stop(g->loop);
		return;
	}
	drain(g);
	loop_timer_arm(g->leave_timer, loop_now_ms(g->loop) + plan_longest_session_ms(&g->start->plan->settings));
}

/* The warden is gone, whatever became of it. Mail that is on its way through here is not to be lost with it; new
 * clients are for the next warden's gate, or for the mail server itself. Who is in the middle of a handshake is taken
 * yet: a listening socket that is closed takes it along. */
static void become_orphan(struct gate_worker *g)
{
	uint64_t wait_ms = ORPHAN_LISTENS_MS;

	if (!g->warden_watch)
		return;
	loop_fd_remove(g->warden_watch);
	g->warden_watch = NULL;
	log_warning("the warden is gone: clients that are here may finish, and no more are taken");
	if (g->draining)
		wait_ms = plan_longest_session_ms(&g->start->plan->settings);
	loop_timer_arm(g->leave_timer, loop_now_ms(g->loop) + wait_ms);
}

static bool warden_is_gone(const struct gate_worker *g)
{
	char word;

	return recv(g->start->warden_socket, &word, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void on_signal(void *data, int signal_number)
{
	struct gate_worker *g = data;

	/* SIGHUP and SIGINT come from a terminal to all of us; the warden decides. */
	if (signal_number != SIGTERM)
		return;
	if (warden_is_gone(g))
		become_orphan(g);
	else
		drain_soon(g, STOPPED_LISTENS_MS);
}

static void on_warden(void *data, int socket, uint32_t events)
{
	struct gate_worker *g = data;
	char word = '\0';
	ssize_t size = recv(socket, &word, 1, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0)
		become_orphan(g);
	else if (word == GATE_WORD_DRAIN)
		drain_soon(g, ORPHAN_LISTENS_MS);
}

/* What it still has would be lost with it: who drains goes on. */
static void give_up(struct gate_worker *g)
{
	log_error("there is no memory for clients; another gate worker takes the place of this one");
	g->failed = true;
	loop_stop(g->loop);
}

static void each_second(void *data)
{
	struct gate_worker *g = data;
	enum front_ability ability = gate_house_each_second(g->house);
	char word = ability == FRONT_ABLE ? GATE_WORD_HERE : GATE_WORD_UNABLE;

	loop_timer_arm(g->every_second, loop_now_ms(g->loop) + 1000);
	alarm(HUNG_S);
	/* A warden that does not read for a while has enough of them. */
	send(g->start->warden_socket, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ability == FRONT_STARVED && !g->draining)
		give_up(g);
}

static int open_loop(struct gate_worker *g)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	int r = loop_create(&g->loop);

	if (r == 0)
		r = loop_signals_create(g->loop, signals, on_signal, g, &g->signals);
	if (r == 0)
		r = loop_timer_create(g->loop, each_second, g, &g->every_second);
	if (r == 0)
		r = loop_timer_create(g->loop, on_leave_timer, g, &g->leave_timer);
	if (r == 0)
		r = loop_fd_add(g->loop, g->start->warden_socket, EPOLLIN, on_warden, g, &g->warden_watch);
	if (r < 0)
		log_error("cannot set up: %s", strerror(-r));
	return r;
}

/* Everything that needs a path has been opened by now. A name server whose answer is too long for UDP is asked
 * by TCP. */
static void confine(const struct gate_worker *g)
{
	const struct endpoint_list *resolvers = &g->start->plan->settings.gate_resolvers;
	uint16_t ports[PORTS_MOST] = { DNS_PORT };
	size_t count = 1;
	int r = confine_no_new_privileges();

	for (size_t i = 0; i < resolvers->count && count < PORTS_MOST; i++)
		ports[count++] = resolvers->endpoints[i].port;
	if (r == 0)
		r = confine_paths_and_ports(NULL, 0, ports, count);
	if (r < 0)
		log_warning("Landlock could not be used: %s", strerror(-r));
	r = confine_gate_system_calls();
	if (r < 0)
		log_info("no seccomp filter here: %s", strerror(-r));
}

/* Memory is the kernel's to take back. */
int gate_worker_run(const struct gate_worker_start *start)
{
	struct gate_worker g = { .start = start };
	struct tls_server *tls;
	int r;

	/* What each of them finds alike, of zones and descriptors, is said once. */
	log_open("gate", start->number == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
	log_leave_journal();
	/* The key is root's to read. */
	tls = gate_house_load_tls(&start->plan->settings);
	if (role_become_user(start->uid, start->gid, 0) < 0 || role_outlive_warden(start->warden) < 0 ||
	    open_loop(&g) < 0 || gate_house_create(g.loop, start, tls, &g.house) < 0)
		return EXIT_FAILURE;
	confine(&g);
	if (gate_house_open(g.house) < 0)
		return EXIT_FAILURE;
	each_second(&g);
	r = loop_run(g.loop);
	gate_house_tell_last(g.house);
	return r < 0 || g.failed ? EXIT_FAILURE : 0;
}

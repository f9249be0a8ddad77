/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_house.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/gate_dns.h"
#include "daemon/gate_hook.h"
#include "daemon/gate_packet.h"
#include "daemon/porter.h"
#include "gate/front.h"
#include "kernel/gate_mark.h"
#include "wire/proxy_header.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

/* Besides sessions: sockets to name servers, pipes, logs. */
#define DESCRIPTORS_KEPT 512
/* Reports wait for company so long, so that a wave of them is not a wave of system calls. */
#define REPORT_DELAY_MS 10
/* Messages taken of one socket in one round. */
#define MESSAGES_A_ROUND 64
#define STATE_EACH_S 2
#define LOOKS_AGAIN_MOST 256

struct gate_house {
	const struct gate_worker_start *start;
	const struct settings *settings;
	struct loop *loop;
	struct resolver *resolver;
	struct zones *zones;
	struct clients *clients;
	struct front *front;
	struct tls_server *tls; /* NULL: STARTTLS is not offered */
	struct session_rules rules;
	struct prefix_set allowed, allowed_next; /* by `wavebreak allow` */
	struct loop_fd *watch_watch, *porter_watch, *hook_watch;
	struct loop_timer *report_timer;
	struct gate_packet reports; /* that wait for company */
	unsigned seconds;
	size_t looks_again; /* in flight */
	void (*drained)(void *data);
	void *drained_data;
};

/* One client whose address is asked about: for a visit at the front, or (visit 0) again. */
struct look {
	struct gate_house *house;
	struct zones_look *zones_look;
	struct addr client;
	uint32_t visit;
};

static struct session_facts facts_of(const struct zones_verdict *verdict)
{
	return (struct session_facts){ .score = verdict->score, .listed = verdict->listed,
				       .no_reverse = verdict->reverse_known && !verdict->has_reverse };
}

/* What no setting gives weight to need not be asked. */
static bool asks_reverse(const struct gate_house *house)
{
	return house->settings->gate_no_reverse != 0;
}

static void on_looked(void *data)
{
	struct look *look = data;

	front_looked(look->house->front, look->visit);
}

static struct look *begin_look(struct gate_house *house, const struct addr *client, uint32_t visit, zones_fn *fn)
{
	struct look *look = malloc(sizeof(*look));

	if (!look)
		return NULL;
	*look = (struct look){ .house = house, .client = *client, .visit = visit };
	if (zones_look(house->zones, client, asks_reverse(house), fn, look, &look->zones_look) < 0) {
		free(look);
		return NULL;
	}
	return look;
}

static void end_look(struct look *look, struct session_facts *ret)
{
	struct zones_verdict verdict;

	zones_look_end(look->zones_look, ret ? &verdict : NULL);
	if (ret)
		*ret = facts_of(&verdict);
	free(look);
}

static int front_asks(void *data, const struct addr *client, uint32_t visit, void **ret_look, struct session_facts *ret)
{
	struct gate_house *house = data;
	struct zones_verdict verdict;

	if (zones_known(house->zones, client, asks_reverse(house), &verdict)) {
		*ret = facts_of(&verdict);
		return 1;
	}
	*ret_look = begin_look(house, client, visit, on_looked);
	return *ret_look ? 0 : -ENOMEM;
}

static void front_ends_look(void *data, void *look, struct session_facts *ret)
{
	end_look(look, ret);
}

/* What nobody answered says nothing new of it. */
static void on_looked_again(void *data)
{
	struct look *look = data;
	struct gate_house *house = look->house;
	uint64_t now_ms = loop_now_ms(house->loop);
	struct zones_verdict verdict;
	struct session_facts facts;

	house->looks_again--;
	zones_look_end(look->zones_look, &verdict);
	facts = facts_of(&verdict);
	if (facts.score > 0 && (uint64_t)facts.score >= house->settings->gate_reject_at)
		clients_failed(house->clients, &look->client, &facts, now_ms);
	else if (verdict.answered || house->settings->zone_count == 0)
		clients_passed(house->clients, &look->client, now_ms);
	free(look);
}

static void front_asks_again(void *data, const struct addr *client)
{
	struct gate_house *house = data;

	if (house->looks_again < LOOKS_AGAIN_MOST && begin_look(house, client, 0, on_looked_again))
		house->looks_again++;
}

static int front_lets_in(void *data, uint32_t visit, const struct session *session, int fd)
{
	struct gate_house *house = data;
	struct porter_request request = { .ticket = visit, .client = session->client, .client_port = session->client_port,
					  .local = session->local, .local_port = session->local_port,
					  .zone = PORTER_NOT_LISTED };

	request.escorted = session->letter;
	if (session->introduction && !session->interview && !session->letter)
		request.zone = (int16_t)(session->why ? (int)house->settings->zone_count :
							session_worst_zone(session, &house->rules));
	/* The porter sees for itself who the client is, but where the PROXY header is for us to write. */
	return porter_ask(house->start->porter, &request, house->settings->gate_handoff == HANDOFF_PROXY ? -1 : fd);
}

static void send_reports(void *data)
{
	struct gate_house *house = data;
	int r;

	if (house->reports.head.count == 0)
		return;
	house->reports.head.kind = GATE_PACKET_REPORTS;
	r = gate_packet_send(house->start->watch, &house->reports);
	if (r < 0)
		counter_add(COUNTER_gate_reports_dropped, house->reports.head.count);
	house->reports.head.count = 0;
}

static void front_reports(void *data, const struct gate_report *report)
{
	struct gate_house *house = data;

	if (house->reports.head.count == 0)
		loop_timer_arm(house->report_timer, loop_now_ms(house->loop) + REPORT_DELAY_MS);
	house->reports.reports[house->reports.head.count++] = *report;
	if (house->reports.head.count == GATE_REPORTS_MOST) {
		loop_timer_disarm(house->report_timer);
		send_reports(house);
	}
}

static bool front_spares(void *data, const struct addr *client)
{
	struct gate_house *house = data;

	return prefix_set_find(house->start->never, client) || prefix_set_find(&house->allowed, client);
}

static const struct front_calls front_calls = {
	front_asks, front_ends_look, front_asks_again, front_lets_in, front_reports, front_spares,
};

static struct bytes proxy_header(const struct gate_house *house, uint32_t visit, char header[PROXY_HEADER_MOST])
{
	struct proxy_ends ends;
	const struct session *session;

	if (house->settings->gate_handoff != HANDOFF_PROXY)
		return bytes_make(NULL, 0);
	session = front_session(house->front, visit);
	if (!session)
		return bytes_make(NULL, 0);
	ends = (struct proxy_ends){ session->client, session->local, session->client_port, session->local_port };
	return bytes_make(header, proxy_header_write((unsigned)house->settings->gate_proxy_version, &ends, header));
}

/* The other end is gone for good: its end of file would wake us for ever. */
static void lose(struct loop_fd **watch)
{
	loop_fd_remove(*watch);
	*watch = NULL;
}

static void on_porter(void *data, int socket, uint32_t events)
{
	struct gate_house *house = data;

	for (int i = 0; i < MESSAGES_A_ROUND; i++) {
		char header[PROXY_HEADER_MOST];
		struct porter_answer answer;
		int fd = -1, r = porter_hear(socket, &answer, &fd);

		if (r == -EBADMSG) {
			counter_add(COUNTER_gate_packets_broken, 1);
			continue;
		}
		if (r == 0)
			lose(&house->porter_watch);
		if (r <= 0)
			return; /* one that has died is started again, at the same socket */
		if (answer.ticket == 0)
			front_room(house->front);
		else
			front_answer(house->front, answer.ticket, answer.error, fd, proxy_header(house, answer.ticket, header));
	}
}

static void on_hook(void *data, int socket, uint32_t events)
{
	struct gate_house *house = data;
	char why[GATE_HOOK_TEXT_MOST + 1];

	for (int i = 0; i < MESSAGES_A_ROUND; i++) {
		int fd = -1, r = gate_hook_receive(socket, why, &fd);

		if (r == 1) {
			(void)gate_mark(fd, true);
			front_take(house->front, fd, why);
		} else if (r == -EBADMSG) {
			counter_add(COUNTER_gate_packets_broken, 1);
		} else {
			return;
		}
	}
}

/* The whole list comes in packets, of which the last one is not full. */
static void take_allowed(struct gate_house *house, const struct gate_packet *packet)
{
	for (uint32_t i = 0; i < packet->head.count; i++)
		prefix_set_add(&house->allowed_next, &packet->allowed[i].prefix, packet->allowed[i].why);
	if (packet->head.count == GATE_ADDRS_MOST)
		return;
	prefix_set_clear(&house->allowed);
	house->allowed = house->allowed_next;
	house->allowed_next = (struct prefix_set){ 0 };
}

static void take_packet(struct gate_house *house, const struct gate_packet *packet)
{
	uint64_t now_ms = loop_now_ms(house->loop);

	switch ((enum gate_packet_kind)packet->head.kind) {
	case GATE_PACKET_PASSED:
		for (uint32_t i = 0; i < packet->head.count; i++)
			clients_passed(house->clients, &packet->passed[i], now_ms);
		break;
	case GATE_PACKET_KNOWN:
		for (uint32_t i = 0; i < packet->head.count; i++)
			clients_restore(house->clients, &packet->known[i].client, packet->known[i].left_ms, now_ms);
		break;
	case GATE_PACKET_REFUSED:
		for (uint32_t i = 0; i < packet->head.count; i++) {
			struct session_facts facts = { .score = packet->refused[i].score, .listed = packet->refused[i].listed };

			clients_failed(house->clients, &packet->refused[i].client, &facts, now_ms);
		}
		break;
	case GATE_PACKET_ALLOWED:
		take_allowed(house, packet);
		break;
	case GATE_PACKET_WAVE:
		house->rules.wave = packet->head.count && packet->wave;
		break;
	default:
		counter_add(COUNTER_gate_packets_broken, 1);
	}
}

static void on_watch(void *data, int socket, uint32_t events)
{
	struct gate_house *house = data;
	static struct gate_packet packet;

	for (int i = 0; i < MESSAGES_A_ROUND; i++) {
		int r = gate_packet_receive(socket, &packet);

		if (r == 0)
			lose(&house->watch_watch);
		if (r == -EBADMSG)
			counter_add(COUNTER_gate_packets_broken, 1);
		else if (r <= 0)
			return;
		else
			take_packet(house, &packet);
	}
}

static void tell_state(struct gate_house *house)
{
	static struct gate_packet packet;
	struct front_numbers numbers;
	struct gate_state *state = &packet.state;

	front_count(house->front, &numbers);
	packet.head.kind = GATE_PACKET_STATE;
	packet.head.count = 1;
	*state = (struct gate_state){ .sessions = numbers.sessions, .most = numbers.most, .memory = numbers.memory,
				      .clients = clients_count(house->clients), .cached = resolver_cached(house->resolver),
				      .in_flight = resolver_in_flight(house->resolver),
				      .zone_count = (uint32_t)zones_count(house->zones) };
	for (size_t i = 0; i < SESSION_STATES; i++)
		state->states[i] = numbers.states[i];
	for (unsigned i = 0; i < state->zone_count; i++)
		zones_look_at_health(house->zones, i, &state->zones[i]);
	/* The next one says it anew. */
	(void)gate_packet_send(house->start->watch, &packet);
}

enum front_ability gate_house_each_second(struct gate_house *house)
{
	enum front_ability ability = front_look_at_ability(house->front);

	if (house->seconds++ % STATE_EACH_S == 0)
		tell_state(house);
	/* A connection that the server refused, and a porter that is a new one, tell of no room. */
	front_room(house->front);
	return ability;
}

static const char *zone_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	struct gate_house *house = data;
	char whole[ZONES_TEXT_SIZE];

	zones_text(house->zones, zone, client, whole);
	text[0] = '\0';
	return strncat(text, whole, size - 1);
}

/* As many descriptors as the system lets us have, and no more sessions than that. */
static size_t sessions_at_most(const struct gate_house *house)
{
	struct rlimit limit;
	uint64_t most = house->settings->gate_sessions;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return most;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < most + DESCRIPTORS_KEPT && limit.rlim_cur > 2 * (uint64_t)DESCRIPTORS_KEPT) {
		most = limit.rlim_cur - DESCRIPTORS_KEPT;
		log_info("%llu sessions at most, as there are %llu descriptors", (unsigned long long)most,
			 (unsigned long long)limit.rlim_cur);
	}
	return most;
}

/* The other clients are worth more than its certificate: without one that can be used the gate serves all the same. */
struct tls_server *gate_house_load_tls(const struct settings *settings)
{
	struct tls_server *tls = NULL;
	char why[TLS_WHY_SIZE];

	if (settings->gate_certificate[0] &&
	    tls_server_create(settings->gate_certificate, settings->gate_key, &tls, why) < 0)
		log_error("gate.certificate: %s; STARTTLS is not offered until the next reload finds it mended", why);
	return tls;
}

int gate_house_create(struct loop *loop, const struct gate_worker_start *start, struct tls_server *tls,
		      struct gate_house **ret)
{
	struct gate_house *house = calloc(1, sizeof(*house));
	int r;

	if (!house)
		return -ENOMEM;
	house->start = start;
	house->settings = &start->plan->settings;
	house->loop = loop;
	house->tls = tls;
	house->rules = (struct session_rules){ .settings = house->settings, .name = start->plan->gate_name,
					       .has_tls = tls != NULL, .zone_text = zone_text, .zone_data = house };
	r = gate_dns_resolver(loop, house->settings, &house->resolver);
	if (r == 0)
		r = gate_dns_zones(loop, house->resolver, house->settings, &house->zones);
	if (r == 0)
		r = clients_create(house->settings, &house->clients);
	if (r == 0)
		r = loop_timer_create(loop, send_reports, house, &house->report_timer);
	if (r < 0)
		log_error("the gate cannot be set up: %s", strerror(-r));
	*ret = house;
	return r;
}

static void say_hello(struct gate_house *house)
{
	static struct gate_packet packet = { .head.kind = GATE_PACKET_HELLO };

	(void)gate_packet_send(house->start->watch, &packet);
}

int gate_house_open(struct gate_house *house)
{
	struct front_set_up set_up = { .rules = &house->rules, .clients = house->clients, .calls = &front_calls,
				       .data = house, .listeners = house->start->listeners,
				       .listener_count = house->start->listener_count,
				       .sessions = sessions_at_most(house), .tls = house->tls, .own_mark = PORTER_MARK };
	int r = loop_fd_add(house->loop, house->start->watch, EPOLLIN, on_watch, house, &house->watch_watch);

	if (r == 0)
		r = loop_fd_add(house->loop, house->start->porter, EPOLLIN, on_porter, house, &house->porter_watch);
	if (r == 0)
		r = front_create(house->loop, &set_up, &house->front);
	if (r == 0 && house->start->hook >= 0)
		r = loop_fd_add(house->loop, house->start->hook, EPOLLIN, on_hook, house, &house->hook_watch);
	if (r == 0) {
		say_hello(house);
		log_info("clients are greeted as %s; zones: %zu", house->rules.name, house->settings->zone_count);
	}
	if (r < 0)
		log_error("the gate cannot be opened: %s", strerror(-r));
	return r;
}

static void on_drained(void *data)
{
	struct gate_house *house = data;

	send_reports(house);
	house->drained(house->drained_data);
}

void gate_house_drain(struct gate_house *house, void (*drained)(void *data), void *data)
{
	house->drained = drained;
	house->drained_data = data;
	loop_fd_remove(house->hook_watch);
	house->hook_watch = NULL;
	front_drain(house->front, on_drained);
}

void gate_house_tell_last(struct gate_house *house)
{
	send_reports(house);
}

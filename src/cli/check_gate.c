/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "act/ban.h"
#include "act/route.h"
#include "build_config.h"
#include "daemon/gate_dns.h"
#include "daemon/gate_listen.h"
#include "daemon/porter.h"
#include "event/loop.h"
#include "gate/tls.h"
#include "sense/mailserver_find.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tests of all zones, at the same time. */
#define ZONES_PATIENCE_MS 4000
#define ZONES_LOOK_MS 20
#define TEXT_SIZE 256
#define SMTPS_PORT 465
#define COURIER_ESMTPD "/etc/courier/esmtpd"

static const char *handoff_name(enum handoff handoff)
{
	static const char *const names[] = {
#define HANDOFF(id, name, help) name,
#include "defs/handoffs.def"
#undef HANDOFF
	};

	return names[handoff];
}

static void write_endpoints(const struct settings *s, char text[TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	if (s->gate_steer != STEERING_NONE) {
		snprintf(text, TEXT_SIZE, "port %llu of loopback", (unsigned long long)s->gate_steer_port);
		return;
	}
	for (size_t i = 0; i < s->gate_listen.count && used < TEXT_SIZE; i++) {
		const struct endpoint *e = &s->gate_listen.endpoints[i];
		char addr[ADDR_TEXT_SIZE] = "";

		if (e->addr.family != ADDR_NONE)
			addr_format(&e->addr, addr);
		used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s%sport %u", i ? ", " : "", addr, *addr ? " " : "",
					 e->port);
	}
}

/* As root alone: the running gate is root's, and only root can be beside it. */
static void check_listen(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;

	for (size_t i = 0; i < s->gate_listen.count && geteuid() == 0; i++) {
		const struct endpoint *e = &s->gate_listen.endpoints[i];
		int r = gate_listen_try(e);

		if (r == -EADDRINUSE) {
			findings_add(f, FINDING_WRONG, "gate listen", "port %u is in use", e->port);
			findings_advise(f, "the mail server may still listen there: stop it, or move it to another port");
		} else if (r == -EADDRNOTAVAIL && e->addr.family != ADDR_NONE) {
			findings_add(f, FINDING_WRONG, "gate listen", "this host has not the address of port %u", e->port);
		}
	}
}

/* The same for the port that the kernel leads clients to. */
static void check_steer_port(struct check *check)
{
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	uint16_t port = (uint16_t)check->plan->settings.gate_steer_port;
	const struct endpoint places[] = { { .addr = addr_from_ipv4(loopback4), .port = port },
					   { .addr = addr_from_ipv6(loopback6), .port = port } };
	struct findings *f = check->findings;

	for (size_t i = 0; i < 2 && geteuid() == 0; i++) {
		if (gate_listen_try(&places[i]) != -EADDRINUSE)
			continue;
		findings_add(f, FINDING_WRONG, "gate listen", "port %u of loopback is in use", port);
		findings_advise(f, "name a port that is free by gate.steer_port");
		return;
	}
}

/* They would wait for each other. */
static void advise_about_tls(struct check *check)
{
	const struct port_list *ports = &check->plan->settings.mail_ports;

	for (size_t i = 0; i < ports->count; i++) {
		if (ports->ports[i] == SMTPS_PORT)
			findings_advise(check->findings, "clients of port %u begin with TLS, which the gate does not: leave it "
					"out of mail.ports", SMTPS_PORT);
	}
}

/* What connections from a client's own address change of this host, before they do. */
static void check_route(struct check *check)
{
	struct findings *f = check->findings;
	char now = route_fwmark_accept();

	if (!now) {
		findings_add(f, FINDING_WRONG, "gate route", "this kernel has no net.ipv4.tcp_fwmark_accept");
		findings_advise(f, "choose another gate.handoff: no client can be let in by transparent");
		return;
	}
	findings_add(f, FINDING_WORKS, "gate route", "sets net.ipv4.tcp_fwmark_accept to 1 (%c now), and for IPv4%s "
		     "the rule 'fwmark %d lookup %d' and the route 'local default dev lo table %d'; all is put back at the end",
		     now, route_has_ipv6() ? " and IPv6" : ", as lo has no IPv6,", PORTER_MARK, ROUTE_TABLE, ROUTE_TABLE);
}

static void check_steer(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	struct ban_probe probe = steer_probe();

	switch (probe.support) {
	case BAN_SUPPORT_FULL:
	case BAN_SUPPORT_UNOWNED:
		findings_add(f, FINDING_WORKS, "gate steer", "TPROXY: %s; %s are led to port %llu of 127.0.0.1%s",
			     probe.reason, s->gate_steer == STEERING_ALL ? "all clients of mail.ports" : "suspects",
			     (unsigned long long)s->gate_steer_port, route_has_ipv6() ? " and ::1" : "; lo has no IPv6");
		break;
	case BAN_SUPPORT_FORBIDDEN:
		findings_add(f, FINDING_UNABLE, "gate steer", "TPROXY: %s", probe.reason);
		findings_advise(f, "run the check as root to learn more");
		break;
	case BAN_SUPPORT_NONE:
	case BAN_SUPPORT_PARTIAL:
		findings_add(f, FINDING_LACKS, "gate steer", "%s (%s); clients reach the mail server directly", probe.reason,
			     strerror(-probe.error));
		findings_advise(f, "take a kernel, or load its modules, with CONFIG_NFT_TPROXY; all else goes on without");
		break;
	}
	advise_about_tls(check);
}

/* The last line for Courier's administrator: the one that turns the hook on. */
static void check_hook(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	char folder[PATH_MAX], *text = NULL;
	struct bytes port = { NULL, 0 };
	size_t size = 0;

	snprintf(folder, sizeof(folder), "%s", s->gate_hook);
	*strrchr(folder, '/') = '\0';
	if (*folder && strcmp(folder, s->daemon_runtime) != 0 && access(folder, F_OK) < 0) {
		findings_add(f, FINDING_WRONG, "gate hook", "%s: %s", folder, strerror(errno));
		findings_advise(f, "make the folder, or take %s/gate", s->daemon_runtime);
	}
	if (mail_file_read(COURIER_ESMTPD, MAIL_CONFIG_MOST, &text, &size) < 0)
		return;
	if (shell_assignment(bytes_make(text, size), "PORT", &port) < 0 ||
	    !bytes_contain(port, BYTES_LITERAL("courier-hook"))) {
		findings_add(f, FINDING_LACKS, "gate hook", "couriertcpd does not start it: nobody is handed over");
		findings_advise(f, "PORT=\"smtp " WAVEBREAK_LIBEXEC_DIR "/courier-hook\" in " COURIER_ESMTPD
				", and start Courier anew");
	}
	free(text);
}

static void check_place(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	char where[TEXT_SIZE];

	write_endpoints(s, where);
	findings_add(f, FINDING_WORKS, "gate", "%s, %s, by %u processes; greets as %s", handoff_name(s->gate_handoff),
		     s->gate_hook[0] ? s->gate_hook : where, gate_worker_count(s), check->plan->gate_name);
	if (!strchr(check->plan->gate_name, '.'))
		findings_advise(f, "a mail server's name has a domain: set gate.name");
}

static void check_program(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	const char *program = s->gate_program.words[0];
	bool is_user = getpwnam(s->gate_user), is_program = access(program, X_OK) == 0;
	char *text = NULL;
	size_t size;

	if (!is_program) {
		findings_add(f, FINDING_WRONG, "gate program", "%s: %s", program, strerror(errno));
		findings_advise(f, "name the mail server's own program by gate.program: no client can be let in without it");
	}
	if (!is_user) {
		findings_add(f, FINDING_WRONG, "gate program", "there is no user '%s'", s->gate_user);
		findings_advise(f, "name the user that the mail server's program runs as by gate.user");
	}
	if (is_program && is_user)
		findings_add(f, FINDING_WORKS, "gate program", "%s as %s, %llu at most", program, s->gate_user,
			     (unsigned long long)s->gate_processes);
	if (s->gate_environment[0] && mail_file_read(s->gate_environment, MAIL_CONFIG_MOST, &text, &size) < 0)
		findings_advise(f, "gate.environment: %s cannot be read: the program begins without it", s->gate_environment);
	free(text);
}

static void check_socket(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	struct stat st;

	if (stat(s->gate_socket, &st) == 0 && S_ISSOCK(st.st_mode)) {
		findings_add(f, FINDING_WORKS, "gate socket", "%s", s->gate_socket);
		return;
	}
	findings_add(f, FINDING_LACKS, "gate socket", "%s: no socket is there now", s->gate_socket);
	findings_advise(f, "start Postfix, with its smtpd of the type pass in master.cf");
}

/* Whether anybody listens there is seen without a connection, which the mail server would log: a place of this host
 * that is in use cannot be had. Of another host nothing is known. */
static void check_server(struct check *check)
{
	const struct endpoint *server = &check->plan->settings.gate_server;
	struct findings *f = check->findings;
	char where[ADDR_TEXT_SIZE] = "each address";
	int r;

	if (server->port == 0) {
		findings_add(f, FINDING_WORKS, "gate server", "the address and port that the client came to");
		return;
	}
	r = geteuid() == 0 || server->port >= 1024 ? gate_listen_try(server) : -EACCES;
	if (server->addr.family != ADDR_NONE)
		addr_format(&server->addr, where);
	if (r == 0) {
		findings_add(f, FINDING_LACKS, "gate server", "nobody listens on port %u of %s now", server->port, where);
		findings_advise(f, "have the mail server listen there: clients are told to come again until it does");
		return;
	}
	findings_add(f, FINDING_WORKS, "gate server", "port %u of %s%s", server->port, where,
		     r == -EADDRINUSE ? ", where somebody listens" : ", which was not tried");
}

static void check_way(struct check *check)
{
	switch (check->plan->settings.gate_handoff) {
	case HANDOFF_NONE:
		break;
	case HANDOFF_EXEC:
		check_program(check);
		break;
	case HANDOFF_PASS:
		check_socket(check);
		break;
	case HANDOFF_PROXY:
	case HANDOFF_TRANSPARENT:
		check_server(check);
		break;
	}
}

/* Where a systemd unit runs it, and the file that it needs is not there yet. */
static void check_unit(struct check *check)
{
	const struct settings *s = &check->plan->settings;

	if ((s->gate_handoff != HANDOFF_EXEC && s->gate_handoff != HANDOFF_TRANSPARENT) ||
	    access("/run/systemd/system", F_OK) < 0 || access("/etc/systemd/system/wavebreak.service.d/gate.conf", F_OK) == 0)
		return;
	findings_advise(check->findings, "under systemd, copy " WAVEBREAK_DATA_DIR
			"/gate.conf to /etc/systemd/system/wavebreak.service.d/, then systemctl daemon-reload: the unit alone "
			"lets nobody be handed over by %s", handoff_name(s->gate_handoff));
}

static void check_certificate(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct tls_server *server = NULL;
	char why[TLS_WHY_SIZE];

	if (!s->gate_certificate[0]) {
		findings_add(check->findings, FINDING_WORKS, "gate TLS", "not offered: gate.certificate names none");
		return;
	}
	if (tls_server_create(s->gate_certificate, s->gate_key, &server, why) == 0) {
		findings_add(check->findings, FINDING_WORKS, "gate TLS", "%s", s->gate_certificate);
	} else if (geteuid() != 0 && access(*s->gate_key ? s->gate_key : s->gate_certificate, R_OK) < 0) {
		findings_add(check->findings, FINDING_UNABLE, "gate TLS", "%s", why);
		findings_advise(check->findings, "try it as root");
	} else {
		findings_add(check->findings, FINDING_WRONG, "gate TLS", "%s", why);
		findings_advise(check->findings, "STARTTLS is not offered until gate.certificate and gate.key are mended");
	}
	tls_server_destroy(server);
}

static void check_descriptors(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= s->gate_sessions + 512)
		return;
	findings_add(check->findings, FINDING_LACKS, "gate limit",
		     "a process has %llu descriptors, too few for %llu sessions: it takes fewer", (unsigned long long)limit.rlim_max,
		     (unsigned long long)s->gate_sessions);
	findings_advise(check->findings, "raise the limit (LimitNOFILE= of the systemd unit does), or lower gate.sessions");
}

/* A gate that can reject nobody looks like one that works. */
static void check_weights(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	setting_INTEGER most = s->gate_early_talker + s->gate_foreign_speaker + s->gate_no_reverse + s->gate_helo +
			       s->gate_pipelining;

	for (size_t i = 0; i < s->zone_count; i++)
		most += s->zones[i].weight > 0 ? s->zones[i].weight : 0;
	if ((uint64_t)most >= s->gate_reject_at)
		return;
	findings_add(check->findings, FINDING_LACKS, "gate score",
		     "all weights together are %lld, and gate.reject_at is %llu: nobody is ever rejected",
		     (long long)most, (unsigned long long)s->gate_reject_at);
	findings_advise(check->findings, "lower gate.reject_at, or raise the weights of the zones");
}

/* Waits for the tests of all zones. */
struct trial {
	struct loop *loop;
	struct loop_timer *look;
	struct zones *zones;
	uint64_t until_ms;
};

static void on_look(void *data)
{
	struct trial *trial = data;
	struct zone_health health;
	bool done = true;

	for (unsigned i = 0; i < zones_count(trial->zones); i++) {
		zones_look_at_health(trial->zones, i, &health);
		done = done && health.state != ZONE_UNTRIED;
	}
	if (done || loop_now_ms(trial->loop) >= trial->until_ms)
		loop_stop(trial->loop);
	else
		loop_timer_arm(trial->look, loop_now_ms(trial->loop) + ZONES_LOOK_MS);
}

static void tell_zones(struct check *check, const struct zones *zones)
{
	const struct settings *s = &check->plan->settings;
	struct zone_health health;

	for (unsigned i = 0; i < s->zone_count; i++) {
		zones_look_at_health(zones, i, &health);
		if (health.state == ZONE_WELL) {
			findings_add(check->findings, FINDING_WORKS, "gate zone", "%s answers its tests in %u ms, weighs %lld",
				     s->zones[i].name, health.latency_ms, (long long)s->zones[i].weight);
			continue;
		}
		findings_add(check->findings, FINDING_LACKS, "gate zone", "%s %s", s->zones[i].name,
			     health.state == ZONE_OUT ? zone_trouble_words(health.trouble) : "does not answer");
		findings_advise(check->findings,
				"it counts for nothing until it does; is its name right, and may this resolver ask it?");
	}
}

static void check_zones(struct check *check)
{
	struct resolver *resolver = NULL;
	struct trial trial = { 0 };
	int r = loop_create(&trial.loop);

	if (r == 0)
		r = loop_timer_create(trial.loop, on_look, &trial, &trial.look);
	if (r == 0)
		r = gate_dns_resolver(trial.loop, &check->plan->settings, &resolver);
	if (r == 0)
		r = gate_dns_zones(trial.loop, resolver, &check->plan->settings, &trial.zones);
	if (r == 0) {
		trial.until_ms = loop_now_ms(trial.loop) + ZONES_PATIENCE_MS;
		loop_timer_arm(trial.look, loop_now_ms(trial.loop) + ZONES_LOOK_MS);
		r = loop_run(trial.loop);
	}
	if (r < 0)
		findings_add(check->findings, FINDING_LACKS, "gate zone", "the zones cannot be asked: %s", strerror(-r));
	else
		tell_zones(check, trial.zones);
	zones_destroy(trial.zones);
	resolver_destroy(resolver);
	loop_timer_destroy(trial.look);
	loop_destroy(trial.loop);
}

void check_gate(struct check *check)
{
	const struct settings *s = &check->plan->settings;

	if (s->gate_handoff == HANDOFF_NONE) {
		findings_add(check->findings, FINDING_WORKS, "gate", "off: gate.handoff is none");
		return;
	}
	check_place(check);
	if (check->plan->settings.gate_hook[0])
		check_hook(check);
	else if (s->gate_steer != STEERING_NONE)
		check_steer_port(check);
	else
		check_listen(check);
	if (s->gate_steer != STEERING_NONE)
		check_steer(check);
	check_way(check);
	if (s->gate_handoff == HANDOFF_TRANSPARENT)
		check_route(check);
	check_unit(check);
	check_certificate(check);
	check_descriptors(check);
	if (!s->gate_hook[0])
		check_weights(check);
	if (s->zone_count > 0)
		check_zones(check);
	else if (!s->gate_hook[0]) {
		findings_add(check->findings, FINDING_LACKS, "gate zone", "none");
		findings_advise(check->findings, "name the DNS lists that you trust: gate { zone NAME { } }");
	}
}

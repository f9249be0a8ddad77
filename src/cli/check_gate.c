/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "build_config.h"
#include "daemon/gate_dns.h"
#include "daemon/gate_listen.h"
#include "event/loop.h"
#include "gate/tls.h"
#include "sense/mailserver_find.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tests of all zones, at the same time. */
#define ZONES_PATIENCE_MS 4000
#define ZONES_LOOK_MS 20
#define TEXT_SIZE 256

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
	for (size_t i = 0; i < s->gate_listen.count && used < TEXT_SIZE; i++) {
		const struct endpoint *e = &s->gate_listen.endpoints[i];
		char addr[ADDR_TEXT_SIZE] = "";

		if (e->addr.family != ADDR_NONE)
			addr_format(&e->addr, addr);
		used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s%sport %u", i ? ", " : "", addr, *addr ? " " : "",
					 e->port);
	}
}

static bool is_guarded(const struct settings *s, uint16_t port)
{
	for (size_t i = 0; i < s->mail_ports.count; i++) {
		if (s->mail_ports.ports[i] == port)
			return true;
	}
	return false;
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
	for (size_t i = 0; i < s->gate_listen.count && !s->gate_hook[0]; i++) {
		if (!is_guarded(s, s->gate_listen.endpoints[i].port))
			findings_advise(f, "bans do not keep anybody from port %u: it is not among mail.ports",
					s->gate_listen.endpoints[i].port);
	}
}

static void check_program(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	const char *program = s->gate_program.words[0];
	char *text = NULL;
	size_t size;

	if (access(program, X_OK) < 0)
		findings_add(f, FINDING_WRONG, "gate program", "%s: %s", program, strerror(errno));
	else if (!getpwnam(s->gate_user))
		findings_add(f, FINDING_WRONG, "gate program", "gate.user: there is no user '%s'", s->gate_user);
	else
		findings_add(f, FINDING_WORKS, "gate program", "%s as %s, %llu at most", program, s->gate_user,
			     (unsigned long long)s->gate_processes);
	if (s->gate_environment[0] && mail_file_read(s->gate_environment, MAIL_CONFIG_MOST, &text, &size) < 0)
		findings_advise(f, "gate.environment: %s cannot be read: the program begins without it", s->gate_environment);
	free(text);
}

static void check_way(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	struct stat st;

	if (s->gate_handoff == HANDOFF_EXEC)
		check_program(check);
	if (s->gate_handoff != HANDOFF_PASS)
		return;
	if (stat(s->gate_socket, &st) == 0 && S_ISSOCK(st.st_mode)) {
		findings_add(f, FINDING_WORKS, "gate socket", "%s", s->gate_socket);
		return;
	}
	findings_add(f, FINDING_LACKS, "gate socket", "%s: no socket is there now", s->gate_socket);
	findings_advise(f, "start Postfix, with its smtpd of the type pass in master.cf");
}

/* Where a systemd unit runs it, and the file that it needs is not there yet. */
static void check_unit(struct check *check)
{
	const struct settings *s = &check->plan->settings;

	if ((s->gate_handoff != HANDOFF_EXEC && s->gate_handoff != HANDOFF_TRANSPARENT) ||
	    access("/run/systemd/system", F_OK) < 0 || access("/etc/systemd/system/wavebreak.service.d/gate.conf", F_OK) == 0)
		return;
	findings_advise(check->findings, "under systemd, copy " WAVEBREAK_DATA_DIR
			"/gate.conf to /etc/systemd/system/wavebreak.service.d/, or the unit keeps it from its work");
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
	if (tls_server_create(s->gate_certificate, s->gate_key, &server, why) < 0)
		findings_add(check->findings, access(s->gate_certificate, R_OK) < 0 && geteuid() != 0 ? FINDING_UNABLE : FINDING_WRONG,
			     "gate TLS", "%s", why);
	else
		findings_add(check->findings, FINDING_WORKS, "gate TLS", "%s", s->gate_certificate);
	tls_server_destroy(server);
}

static void check_descriptors(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= s->gate_sessions + 512)
		return;
	findings_add(check->findings, FINDING_LACKS, "gate limit", "%llu sessions would need more than the %llu descriptors of a process",
		     (unsigned long long)s->gate_sessions, (unsigned long long)limit.rlim_max);
	findings_advise(check->findings, "raise the limit (LimitNOFILE= of the systemd unit does), or lower gate.sessions");
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
		findings_advise(check->findings, "it counts for nothing until it does; is its name right, and may this resolver ask it?");
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
		findings_add(check->findings, FINDING_WORKS, "gate", "off");
		return;
	}
	check_place(check);
	check_way(check);
	check_unit(check);
	check_certificate(check);
	check_descriptors(check);
	if (s->zone_count > 0)
		check_zones(check);
	else if (!s->gate_hook[0]) {
		findings_add(check->findings, FINDING_LACKS, "gate zone", "none");
		findings_advise(check->findings, "name the DNS lists that you trust: gate { zone NAME { } }");
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/plan.h"

#include "base/log.h"
#include "control/control.h"
#include "daemon/networks.h"
#include "sense/host.h"
#include "sense/journal.h"

#include <assert.h>
#include <stdio.h>

/* A message on its way to the mail server through the gate may take longer than any session at the gate itself. */
#define RELAYED_MS (60ULL * 60 * 1000)

static void follow_one(struct plan *plan, const char *path)
{
	snprintf(plan->log_found, sizeof(plan->log_found), "%s", path);
	plan->log_found_list[0] = plan->log_found;
	plan->logs = (struct path_list){ plan->log_found_list, 1 };
}

/* A log is looked for only where nothing was named to have lines from: each line is to be judged
 * once. Where there is no log of any kind yet, the usual one is waited for. */
void plan_find_lines(struct plan *plan)
{
	const struct settings *settings = &plan->settings;
	bool named = settings->watch_file.count || settings->watch_socket[0] || settings->watch_journal ||
		     plan->follow_stdin;
	char found[MAIL_LOG_PATH_SIZE];

	plan->logs = settings->watch_file;
	plan->journal = settings->watch_journal;
	if (named)
		return;
	if (plan->server.own_log)
		follow_one(plan, plan->server.own_log);
	else if (mail_log_find(found)[0])
		follow_one(plan, found);
	else if (journal_is_here())
		plan->journal = true;
	else
		follow_one(plan, MAIL_LOG_USUAL);
}

static void complete(struct plan *plan)
{
	plan->server_error = mail_server_find(plan->settings.mail_server, &plan->server);
	plan_find_lines(plan);
	if (plan->settings.watch_service[0])
		plan->untagged = plan->settings.watch_service;
	else if (plan->server.own_log)
		plan->untagged = plan->server.name;
	if (plan->settings.gate_name[0] || plan->server.greets_as[0])
		snprintf(plan->gate_name, sizeof(plan->gate_name), "%s",
			 plan->settings.gate_name[0] ? plan->settings.gate_name : plan->server.greets_as);
	else
		host_mail_name(plan->gate_name);
	plan->limit = plan->settings.mail_limit ? (unsigned)plan->settings.mail_limit : plan->server.limit;
}

int plan_make(const char *config_file, struct plan *ret, struct mistakes *mistakes)
{
	int r;

	*ret = (struct plan){ .config_file = config_file };
	r = settings_load(config_file, &ret->settings, mistakes);
	if (r == 0)
		complete(ret);
	return r;
}

void plan_find_networks(struct plan *plan)
{
	struct networks_report report;

	prefix_set_clear(&plan->suspect_networks);
	if (plan->settings.gate_steer != STEERING_SUSPECT)
		return;
	if (networks_find(&plan->settings, &plan->suspect_networks, &report) < 0)
		log_error("not enough memory for the suspect networks: there are none");
	else
		networks_say(&report);
}

void plan_free(struct plan *plan)
{
	prefix_set_clear(&plan->suspect_networks);
	settings_free(&plan->settings);
}

int plan_never(const struct plan *plan, struct prefix_set *never)
{
	const struct prefix_set *own = &plan->settings.ban_never;
	int host = host_protect(never), r = host < 0 ? host : 0;

	for (size_t i = 0; i < own->count && r == 0; i++)
		r = prefix_set_add(never, &own->entries[i].prefix, "ban.never");
	return r < 0 ? r : host;
}

static size_t add_port(uint16_t ports[PLAN_PORTS_MOST], size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (ports[i] == port)
			return count;
	}
	assert(count < PLAN_PORTS_MOST);
	ports[count] = port;
	return count + 1;
}

size_t plan_guarded_ports(const struct settings *settings, uint16_t ports[PLAN_PORTS_MOST])
{
	size_t count = 0;

	for (size_t i = 0; i < settings->mail_ports.count; i++)
		count = add_port(ports, count, settings->mail_ports.ports[i]);
	/* A gate that is steered to is behind these; the port where it waits is loopback's. */
	for (size_t i = 0; i < settings->gate_listen.count && settings->gate_handoff != HANDOFF_NONE &&
			   settings->gate_steer == STEERING_NONE; i++)
		count = add_port(ports, count, settings->gate_listen.endpoints[i].port);
	return count;
}

uint64_t plan_longest_session_ms(const struct settings *settings)
{
	bool relays = settings->gate_handoff == HANDOFF_PROXY || settings->gate_handoff == HANDOFF_TRANSPARENT;

	return relays && settings->gate_session < RELAYED_MS ? RELAYED_MS : settings->gate_session;
}

void plan_judge_limits(const struct settings *settings, struct judge_limits *ret_judge, struct ban_limits *ret_bans)
{
	*ret_judge = (struct judge_limits){ .half_life_ms = settings->judge_half_life,
					    .ban_score = (uint32_t)settings->ban_score,
					    .clients = (uint32_t)settings->judge_clients };
	for (int i = 0; i < OUTCOME_COUNT; i++)
		ret_judge->scores[i] = (uint32_t)settings->score[i];
	*ret_bans = (struct ban_limits){ .for_ms = settings->ban_for, .at_most_ms = settings->ban_at_most,
					 .most = (uint32_t)settings->ban_limit };
}

void plan_suspect_limits(const struct settings *settings, struct suspect_limits *ret)
{
	*ret = (struct suspect_limits){ .for_ms = settings->suspect_for, .score = (uint32_t)settings->suspect_score,
					.most = (uint32_t)settings->suspect_limit };
}

const char *plan_socket(const struct settings *settings, char path[PLAN_SOCKET_SIZE])
{
	snprintf(path, PLAN_SOCKET_SIZE, "%s/%s", settings->daemon_runtime, CONTROL_SOCKET_NAME);
	return path;
}

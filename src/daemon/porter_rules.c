/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_rules.h"

#include "base/log.h"
#include "sense/mailserver_find.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How long postscreen waits for smtpd. */
#define PASS_PATIENCE_MS 100000

static int take_user(const char *name, struct porter_rules *rules)
{
	const struct passwd *user;
	int count = PORTER_GROUPS_MOST;

	user = getpwnam(name);
	if (!user) {
		log_error("gate.user: there is no user '%s'", name);
		return -ENOENT;
	}
	rules->uid = user->pw_uid;
	rules->gid = user->pw_gid;
	rules->change_user = geteuid() == 0 || rules->uid != geteuid();
	if (getgrouplist(name, user->pw_gid, rules->groups, &count) < 0) {
		log_warning("gate.user: %s is in %d groups; %d of them count", name, count, PORTER_GROUPS_MOST);
		count = PORTER_GROUPS_MOST;
	}
	rules->group_count = (size_t)count;
	return 0;
}

static int take_program(const struct word_list *program, struct porter_rules *rules)
{
	const char *name;

	for (size_t i = 0; i < program->count; i++) {
		if (porter_texts_add(&rules->arguments, bytes_of(program->words[i])) < 0)
			return -ENOMEM;
	}
	if (rules->arguments.count == 0)
		return -EINVAL;
	/* Courier's programs were made for couriertcpd, whose sockets are all of IPv6, and administrators (and
	 * our signatures) know its log lines so. qmail's and others were made for IPv4 as it is written. */
	name = strrchr(rules->arguments.texts[0], '/');
	rules->mapped = strncmp(name ? name + 1 : rules->arguments.texts[0], "courier", 7) == 0;
	return 0;
}

static int take_environment(const char *path, struct porter_rules *rules)
{
	char left_out[400] = "", *text;
	size_t size;
	int r;

	if (!path[0])
		return 0;
	r = mail_file_read(path, MAIL_CONFIG_MOST, &text, &size);
	if (r < 0) {
		log_error("gate.environment: cannot read %s: %s; programs begin without it", path, strerror(-r));
		return 0;
	}
	r = porter_environment_add(rules, bytes_make(text, size), left_out, sizeof(left_out));
	free(text);
	if (r == -E2BIG) {
		log_error("gate.environment: %s has more than %d variables; only these count", path,
			  PORTER_ENVIRONMENT_MOST);
		r = 0;
	}
	if (left_out[0])
		log_info("gate.environment: left out of %s, as it depends on the shell or is said by the gate: %s", path,
			 left_out);
	return r;
}

static int take_blocks(const struct settings *settings, struct porter_rules *rules)
{
	for (size_t i = 0; i < settings->zone_count; i++) {
		const struct zone_settings *zone = &settings->zones[i];
		char text[PORTER_BLOCK_SIZE];

		if (zone->text[0])
			snprintf(text, sizeof(text), "%s", zone->text);
		else
			snprintf(text, sizeof(text), "Listed by %s", zone->name);
		if (porter_texts_add(&rules->blocks, bytes_of(text)) < 0)
			return -ENOMEM;
	}
	return porter_texts_add(&rules->blocks, BYTES_LITERAL("Listed")) < 0 ? -ENOMEM : 0;
}

static int take_exec(const struct settings *settings, struct porter_rules *rules)
{
	int r = take_program(&settings->gate_program, rules);

	if (r == 0)
		r = take_user(settings->gate_user, rules);
	if (r == 0)
		r = take_environment(settings->gate_environment, rules);
	if (r == 0 && settings->gate_auth)
		r = take_blocks(settings, rules);
	for (size_t i = 0; r == 0 && i < settings->gate_relay.count; i++)
		r = prefix_set_add(&rules->relay, &settings->gate_relay.entries[i].prefix, "gate.relay");
	rules->processes = settings->gate_processes;
	rules->per_client = settings->gate_per_address;
	return r;
}

static int take_socket(const char *path, struct porter_rules *rules)
{
	if (strlen(path) >= sizeof(rules->socket))
		return -ENAMETOOLONG;
	strcpy(rules->socket, path);
	rules->patience_ms = PASS_PATIENCE_MS;
	return 0;
}

/* Such clients come from an address that no connection to this server can have. On a host without the other family
 * nobody misses them, so it is no mistake. */
static void say_who_stays_out(const struct settings *settings)
{
	uint8_t family = settings->gate_server.addr.family;

	for (size_t i = 0; i < settings->gate_listen.count && family != ADDR_NONE; i++) {
		if (settings->gate_steer == STEERING_NONE && settings->gate_listen.endpoints[i].addr.family == family)
			continue;
		log_warning("gate.server: it is of %s, so no client of %s can be let in; a port alone is that port of the address "
			    "that a client came to", family == ADDR_IPV4 ? "IPv4" : "IPv6",
			    family == ADDR_IPV4 ? "IPv6" : "IPv4");
		return;
	}
}

static int take_server(const struct settings *settings, struct porter_rules *rules)
{
	const struct passwd *own;

	rules->server = settings->gate_server;
	rules->marks = settings->gate_steer != STEERING_NONE;
	if (settings->gate_handoff == HANDOFF_TRANSPARENT)
		say_who_stays_out(settings);
	own = geteuid() == 0 ? getpwnam(settings->daemon_user) : NULL;
	if (!own && geteuid() == 0) {
		log_error("daemon.user: there is no user '%s'", settings->daemon_user);
		return -ENOENT;
	}
	rules->own_uid = own ? own->pw_uid : geteuid();
	rules->own_gid = own ? own->pw_gid : getegid();
	return 0;
}

int porter_rules_make(const struct settings *settings, struct porter_rules *ret)
{
	int r = -EINVAL;

	*ret = (struct porter_rules){ 0 };
	switch (settings->gate_handoff) {
	case HANDOFF_NONE:
		break;
	case HANDOFF_EXEC:
		ret->kind = PORTER_EXEC;
		r = take_exec(settings, ret);
		break;
	case HANDOFF_PASS:
		ret->kind = PORTER_PASS;
		r = take_socket(settings->gate_socket, ret);
		break;
	case HANDOFF_PROXY:
	case HANDOFF_TRANSPARENT:
		ret->kind = settings->gate_handoff == HANDOFF_PROXY ? PORTER_PROXY : PORTER_TRANSPARENT;
		r = take_server(settings, ret);
		break;
	}
	/* Who is not there has been named. */
	if (r < 0 && r != -ENOENT)
		log_error("no client can be let in to the mail server: %s", strerror(-r));
	return r;
}

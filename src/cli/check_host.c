/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "observe/http.h"
#include "sense/sessions.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Less is a disk that will be full soon. */
#define SPARE_DISK (16ULL * 1024 * 1024)
#define ANSWER_PATIENCE_MS 3000

void check_user(struct check *check)
{
	struct findings *f = check->findings;
	const struct settings *s = &check->plan->settings;
	const struct passwd *user = getpwnam(s->daemon_user);
	const struct group *group = getgrnam(s->daemon_group);

	if (!user) {
		findings_add(f, FINDING_WRONG, "user", "daemon.user: there is no user '%s'",
			     s->daemon_user);
		findings_advise(f, "create it (useradd --system %s), or name another one",
				s->daemon_user);
	} else {
		findings_add(f, FINDING_WORKS, "user", "%s (%u) reads what strangers wrote",
			     s->daemon_user, user->pw_uid);
		if (user->pw_uid == 0)
			findings_advise(f, "daemon.user should not be root");
	}
	if (!group)
		findings_advise(f,
				"there is no group '%s' (daemon.group): root alone may use the "
				"control socket",
				s->daemon_group);
}

/* Warden and worker make the folder, not those above it. */
static void missing_folder(struct check *check, const char *subject, const char *path)
{
	struct findings *f = check->findings;
	char above[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	if (slash)
		slash[slash == above] = '\0';
	if (stat(above, &st) == 0 && S_ISDIR(st.st_mode))
		findings_add(f, FINDING_WORKS, subject, "%s, to be made", path);
	else
		findings_add(f, FINDING_UNABLE, subject, "%s cannot be made: there is no folder %s",
			     path, above);
}

static void tell_room(struct check *check, const char *path)
{
	struct findings *f = check->findings;
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return;
	if (fs.f_flag & ST_RDONLY)
		findings_advise(f, "it is on a file system that is mounted read-only");
	else if ((uint64_t)fs.f_bavail * fs.f_frsize < SPARE_DISK)
		findings_advise(f, "the disk is almost full: with a full one the guard works on, "
				   "but bans do not outlive a restart");
}

static void check_folder(struct check *check, const char *subject, const char *path)
{
	struct findings *f = check->findings;
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		findings_add(f, FINDING_WORKS, subject, "%s", path);
		tell_room(check, path);
	} else if (errno == ENOENT) {
		missing_folder(check, subject, path);
	} else if (errno == EACCES) {
		findings_add(f, FINDING_UNABLE, subject,
			     "%s: you may not look into the folder above", path);
	} else {
		findings_add(f, FINDING_UNABLE, subject, "%s is not a folder", path);
	}
}

void check_folders(struct check *check)
{
	check_folder(check, "state", check->plan->settings.daemon_state);
	check_folder(check, "runtime", check->plan->settings.daemon_runtime);
}

/* "loopback 2, address of eth0 1, …": the reasons, each with how many entries have it. */
static void count_reasons(struct check *check, const struct prefix_set *never)
{
	struct findings *f = check->findings;
	const char *separator = ": ";

	for (size_t i = 0; i < never->count; i++) {
		const char *why = never->entries[i].why;
		size_t count = 0, first = never->count;

		for (size_t j = never->count; j-- > 0;) {
			if (strcmp(never->entries[j].why, why) != 0)
				continue;
			count++;
			first = j;
		}
		if (first != i)
			continue;
		findings_append(f, "%s%s %zu", separator, why, count);
		separator = ", ";
	}
}

/* One that is everybody is a slip, or a way to switch the guard off that nobody sees later. */
static void tell_everybody(struct check *check, const struct prefix_set *never)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < never->count; i++) {
		const struct prefix *prefix = &never->entries[i].prefix;

		if (prefix->length)
			continue;
		findings_add(check->findings, FINDING_WARNS, "never-list", "%s (%s): no %s client is ever banned, limited or led to "
			     "the gate", prefix_format(prefix, text), never->entries[i].why,
			     prefix->addr.family == ADDR_IPV4 ? "IPv4" : "IPv6");
		findings_advise(check->findings, "to only look on, use 'wavebreak run --observe'");
	}
}

/* Who logs in from far away to look after the machine may also send mail from there. */
static void tell_ssh(struct check *check, const struct prefix_set *never)
{
	struct findings *f = check->findings;
	const struct prefix_entry *entry;
	char text[ADDR_TEXT_SIZE];
	struct addr addr, unit;

	if (sessions_own(&addr) < 0)
		return;
	addr_format(&addr, text);
	unit = addr_unit(&addr);
	entry = prefix_set_find(never, &unit);
	if (entry) {
		findings_add(f, FINDING_WORKS, "would guard",
			     "ssh session from %s is on the never-list (%s)", text, entry->why);
		return;
	}
	findings_add(f, FINDING_WORKS, "would guard",
		     "ssh session from %s is not on the never-list", text);
	findings_advise(f, "a ban closes the guarded ports only, so ssh goes on; who sends mail "
			   "from there, too, adds it to ban.never");
}

void check_never_list(struct check *check)
{
	struct findings *f = check->findings;
	struct prefix_set never = { 0 };

	if (plan_never(check->plan, &never) < 0) {
		findings_add(f, FINDING_NO, "never-list", "too long");
		prefix_set_clear(&never);
		return;
	}
	findings_add(f, FINDING_WORKS, "never-list", "%zu entries", never.count);
	count_reasons(check, &never);
	tell_everybody(check, &never);
	tell_ssh(check, &never);
	prefix_set_clear(&never);
}

static bool has_unit(void)
{
	static const char *const units[] = {
		"/etc/systemd/system/wavebreak.service",
		"/lib/systemd/system/wavebreak.service",
		"/usr/lib/systemd/system/wavebreak.service",
		"/usr/local/lib/systemd/system/wavebreak.service",
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (access(units[i], F_OK) == 0)
			return true;
	}
	return false;
}

/* sd_booted(3) */
static bool systemd_runs(void)
{
	return access("/run/systemd/system/", F_OK) == 0;
}

static void tell_how_to_start(struct check *check)
{
	struct findings *f = check->findings;

	if (systemd_runs() && has_unit())
		findings_advise(f, "start it with 'systemctl enable --now wavebreak'");
	else if (systemd_runs())
		findings_advise(f, "start it with 'wavebreak run'; systemd is here, but has no "
				   "wavebreak.service: see 'make install'");
	else
		findings_advise(f, "start it with 'wavebreak run'");
}

void check_daemon(struct check *check)
{
	struct findings *f = check->findings;
	char path[PLAN_SOCKET_SIZE], mode[ASK_TEXT_SIZE], version[ASK_TEXT_SIZE];
	json_t *answer = NULL;
	int r;

	plan_socket(&check->plan->settings, path);
	r = control_ask(path, json_pack("{s:s}", "command", "status"), ANSWER_PATIENCE_MS, NULL,
			NULL, &answer);
	switch (r) {
	case 0:
		findings_add(f, FINDING_WORKS, "daemon", "running: %s, version %s",
			     ask_text(answer, "mode", mode), ask_text(answer, "version", version));
		json_decref(answer);
		break;
	case -ENOENT:
	case -ENOTDIR:
	case -ECONNREFUSED:
		findings_add(f, FINDING_WORKS, "daemon", "not running");
		tell_how_to_start(check);
		break;
	case -EACCES:
		findings_add(f, FINDING_WORKS, "daemon",
			     "there is a socket, which you may not use: %s", path);
		break;
	default:
		findings_add(f, FINDING_LACKS, "daemon", "runs, but does not answer at %s (%s)",
			     path, strerror(-r));
		break;
	}
}

/* A daemon that runs has the port; that is not asked about twice. */
void check_http(struct check *check)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct endpoint where = check->plan->settings.http_listen;
	struct findings *f = check->findings;
	char address[ADDR_TEXT_SIZE];
	bool in_brackets;
	int fd;

	if (where.port == 0)
		return;
	if (where.addr.family == ADDR_NONE)
		where.addr = addr_from_ipv4(loopback);
	addr_format(&where.addr, address);
	in_brackets = where.addr.family == ADDR_IPV6;
	fd = http_listen(&where.addr, where.port);
	if (fd >= 0)
		close(fd);
	if (where.port < 1024)
		findings_add(f, FINDING_LACKS, "metrics", "port %u is below 1024, which daemon.user cannot take", where.port);
	else if (fd < 0 && fd != -EADDRINUSE)
		findings_add(f, FINDING_LACKS, "metrics", "cannot listen at %s: %s", address, strerror(-fd));
	else
		findings_add(f, FINDING_WORKS, "metrics", "http://%s%s%s:%u/metrics%s", in_brackets ? "[" : "", address,
			     in_brackets ? "]" : "", where.port, fd < 0 ? ", where somebody listens: this daemon, if it runs" : "");
}

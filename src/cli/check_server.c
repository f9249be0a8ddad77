/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/when.h"
#include "config/log_pattern.h"
#include "judge/line_reader.h"
#include "sense/journal.h"
#include "sense/lines.h"
#include "sense/signature_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIET_LOG_S (24 * 3600ULL)
/* How much of a log's end is looked at: some hundred lines. */
#define LOG_END_SIZE (256 * 1024)
/* Of sixteen port numbers. */
#define PORTS_TEXT_SIZE 128

static void write_ports(const uint16_t *ports, size_t count, char text[PORTS_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < PORTS_TEXT_SIZE; i++)
		used += (size_t)snprintf(text + used, PORTS_TEXT_SIZE - used, "%s%u", i ? ", " : "",
					 ports[i]);
}

static bool has_port(const uint16_t *ports, size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (ports[i] == port)
			return true;
	}
	return false;
}

static void compare_ports(struct check *check)
{
	struct findings *f = check->findings;
	const struct mail_server *server = &check->plan->server;
	const struct port_list *guarded = &check->plan->settings.mail_ports;

	for (size_t i = 0; i < server->port_count; i++) {
		if (!has_port(guarded->ports, guarded->count, server->ports[i]))
			findings_advise(f,
					"%s also listens on port %u, which is not guarded: add it "
					"to mail.ports",
					server->name, server->ports[i]);
	}
	for (size_t i = 0; i < guarded->count; i++) {
		if (!has_port(server->ports, server->port_count, guarded->ports[i]))
			findings_advise(f, "mail.ports has %u, which %s does not name",
					guarded->ports[i], server->config_path);
	}
}

static void advise_for_courier(struct check *check)
{
	struct findings *f = check->findings;
	const struct mail_server *server = &check->plan->server;

	if (server->tarpit)
		findings_advise(f, "TARPIT=1 delays the log line by 8 s: see \"Courier\" in "
				   "wavebreak.conf(5)");
	if (server->logs_dialogue)
		findings_advise(f,
				"ESMTP_LOG_DIALOG=1 writes what clients send into the log, where a "
				"forged refusal reads like a true one: set it to 0 in %s",
				server->config_path);
}

static void tell_limit(struct check *check)
{
	struct findings *f = check->findings;
	const struct plan *plan = check->plan;

	if (plan->settings.mail_limit)
		findings_append(f, ", %u connections (mail.limit)", plan->limit);
	else if (plan->limit)
		findings_append(f, ", %u connections (%s in %s)", plan->limit,
				plan->server.limit_setting, plan->server.config_path);
	else
		findings_append(f, ", limit unknown: mail.limit can name it");
}

static void tell_known_servers(struct check *check)
{
	struct findings *f = check->findings;
	static const char *const names[] = {
#define SERVER(name, called) called,
#include "defs/servers.def"
#undef SERVER
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		findings_append(f, "%s%s", i ? ", " : "; known are: ", names[i]);
}

/* A log that is named can be watched whichever server writes it. */
static void no_mail_server(struct check *check)
{
	struct findings *f = check->findings;
	bool log_is_named = check->plan->settings.watch_file.count > 0;

	if (check->plan->server_error == -EACCES) {
		findings_add(f, FINDING_UNABLE, "mail server",
			     "its configuration may not be read: run it as root");
		return;
	}
	findings_add(f, log_is_named ? FINDING_LACKS : FINDING_NO, "mail server", "none was found");
	tell_known_servers(check);
	if (!log_is_named)
		findings_advise(f, "install one, or name the log of another kind with watch.file");
	else if (!check->plan->limit)
		findings_advise(f, "its limit is unknown: mail.limit can name it");
}

void check_mail_server(struct check *check)
{
	struct findings *f = check->findings;
	const struct plan *plan = check->plan;
	const struct mail_server *server = &plan->server;
	char ports[PORTS_TEXT_SIZE];

	if (!server->name) {
		no_mail_server(check);
		return;
	}
	write_ports(plan->settings.mail_ports.ports, plan->settings.mail_ports.count, ports);
	findings_add(f, FINDING_WORKS, "mail server", "%s%s%s, port%s %s", server->name,
		     server->version[0] ? " " : "", server->version,
		     plan->settings.mail_ports.count == 1 ? "" : "s", ports);
	tell_limit(check);
	compare_ports(check);
	advise_for_courier(check);
}

void check_signatures(struct check *check)
{
	struct findings *f = check->findings;
	const struct path_list *folders = &check->plan->settings.watch_signatures;
	const char *server = check->plan->server.name;
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	size_t examples = 0;

	if (signature_load_with(folders->paths, folders->count, &check->signatures, text) < 0) {
		check->signatures = NULL;
		findings_add(f, FINDING_WRONG, "signatures", "%s", text);
		return;
	}
	for (size_t i = 0; i < check->signatures->signature_count; i++)
		examples += check->signatures->signatures[i]->example_count;
	findings_add(f, FINDING_WORKS, "signatures",
		     "%zu of %zu services; all %zu examples are read as they say",
		     check->signatures->signature_count, check->signatures->service_count,
		     examples);
	if (server && !signature_set_by_name(check->signatures, bytes_of(server)))
		findings_add(f, FINDING_NO, "signatures", "none is for %s", server);
}

struct log_end {
	uint64_t lines;
	uint64_t ours; /* by programs that have signatures */
	uint64_t recognised;
	uint64_t offences;
};

static void count_line(struct log_end *end, struct line_reader *reader, struct bytes line, bool cut)
{
	struct line_reading reading;

	end->lines++;
	line_reader_read(reader, line, cut, &reading);
	end->ours += reading.group != NULL;
	if (!reading.recognised)
		return;
	end->recognised++;
	end->offences += reading.match.score != 0;
}

/* Reads the end of the log as the daemon would. Left at zero when that fails. */
static void look_at_end(int fd, off_t size, const struct check *check, struct log_end *ret)
{
	const struct signature_group *untagged = NULL;
	struct line_reader *reader;
	struct lines lines;
	struct bytes line;
	bool cut;
	/* The first line may begin in the middle. */
	bool whole = size <= LOG_END_SIZE;

	if (!whole)
		lseek(fd, size - LOG_END_SIZE, SEEK_SET);
	if (check->plan->untagged)
		untagged = signature_set_by_name(check->signatures, bytes_of(check->plan->untagged));
	if (line_reader_create(check->signatures, untagged, &reader) < 0)
		return;
	if (lines_init(&lines, fd) == 0) {
		while (lines_next(&lines, &line, &cut) == 1) {
			if (whole)
				count_line(ret, reader, line, cut);
			whole = true;
		}
		lines_clear(&lines);
	}
	line_reader_destroy(reader);
}

static void tell_end(struct check *check, const struct log_end *end)
{
	struct findings *f = check->findings;

	if (end->lines == 0)
		return;
	findings_append(f,
			"; of its last %" PRIu64 " lines %" PRIu64 " are recognised, %" PRIu64
			" as offences",
			end->lines, end->recognised, end->offences);
	if (end->ours == 0)
		findings_advise(f, "none of these lines is by a program that has signatures: is "
				   "this the mail server's log?");
}

static void tell_age(struct check *check, const struct stat *st)
{
	struct findings *f = check->findings;
	uint64_t now_s = clock_wall_s(), written_s = (uint64_t)st->st_mtim.tv_sec;
	char distance[DISTANCE_TEXT_SIZE];

	if (st->st_size == 0) {
		findings_append(f, ", empty");
		return;
	}
	findings_append(f, ", last line %s", distance_format(written_s, now_s, distance));
	if (now_s > written_s + QUIET_LOG_S)
		findings_advise(f, "nothing was written for long: does the mail server log "
				   "elsewhere?");
}

static void cannot_read(struct check *check, const char *path, int error)
{
	struct findings *f = check->findings;

	if (error == ENOENT || error == ENOTDIR) {
		findings_add(f, FINDING_NO, "log", "%s is not there (it would be waited for)",
			     path);
		findings_advise(f, "name the right one with watch.file");
	} else if (error == EACCES) {
		findings_add(f, FINDING_UNABLE, "log",
			     "%s may not be read by you; the warden, as root, would open it and "
			     "hand it on",
			     path);
	} else {
		findings_add(f, FINDING_NO, "log", "%s: %s", path, strerror(error));
	}
}

static void check_log(struct check *check, const char *path)
{
	struct findings *f = check->findings;
	/* Not blocking, in case it is a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct log_end end = { 0 };
	struct stat st;

	if (fd < 0) {
		cannot_read(check, path, errno);
		return;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		findings_add(f, FINDING_NO, "log", "%s is not a file", path);
	} else {
		findings_add(f, FINDING_WORKS, "log", "%s, readable", path);
		tell_age(check, &st);
		if (check->signatures)
			look_at_end(fd, st.st_size, check, &end);
		tell_end(check, &end);
	}
	close(fd);
}

/* The files that it names now; more may come. */
static void check_pattern(struct check *check, const char *pattern)
{
	struct findings *f = check->findings;
	const char *slash = strrchr(pattern, '/');
	const struct dirent *entry;
	char path[PATH_MAX];
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%.*s/", (int)(slash - pattern), pattern);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!log_pattern_takes(pattern, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - pattern), pattern, entry->d_name);
		check_log(check, path);
		count++;
	}
	if (dir)
		closedir(dir);
	if (count == 0)
		findings_add(f, FINDING_NO, "log", "no file is called like %s (it would be waited for)", pattern);
}

static void check_other_sources(struct check *check)
{
	struct findings *f = check->findings;
	const struct settings *settings = &check->plan->settings;

	if (settings->watch_socket[0])
		findings_add(f, FINDING_WORKS, "log", "%s, made for a logger to write to", settings->watch_socket);
	if (!check->plan->journal)
		return;
	if (settings->watch_journal_folder[0] && access(settings->watch_journal_folder, R_OK | X_OK) < 0)
		findings_add(f, FINDING_NO, "log", "the systemd journal in %s: %s", settings->watch_journal_folder,
			     strerror(errno));
	else if (settings->watch_journal_folder[0] || journal_is_here())
		findings_add(f, FINDING_WORKS, "log", "the systemd journal%s%s", settings->watch_journal_folder[0] ? " in " : "",
			     settings->watch_journal_folder);
	else
		findings_add(f, FINDING_NO, "log", "the systemd journal: there is none, or no libsystemd to read it with");
}

void check_logs(struct check *check)
{
	struct findings *f = check->findings;
	const struct path_list *logs = &check->plan->logs;

	for (size_t i = 0; i < logs->count; i++) {
		if (log_pattern_is_one(logs->paths[i]))
			check_pattern(check, logs->paths[i]);
		else
			check_log(check, logs->paths[i]);
	}
	check_other_sources(check);
	if (logs->count || check->plan->journal || check->plan->settings.watch_socket[0])
		return;
	findings_add(f, FINDING_NO, "log", "no mail log was found");
	findings_advise(f, "name it with watch.file; where the journal is the only log, set watch.journal = yes");
}

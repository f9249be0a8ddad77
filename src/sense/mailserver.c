/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/mailserver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_MOST (256 * 1024)
#define PROGRAM_MOST (16 * 1024 * 1024)
#define NUMBER_MOST 1000000

static int read_file(const char *path, size_t most, char **ret_data, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 0;
	char *data;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > most) {
		close(fd);
		return -EFBIG;
	}
	data = malloc((size_t)st.st_size + 1);
	if (data)
		n = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (!data || n < 0) {
		free(data);
		return -ENOMEM;
	}
	*ret_data = data;
	*ret_size = (size_t)n;
	return 0;
}

/* What follows a quoted value may be a comment; unquoted, the value ends where one begins. */
static struct bytes unquote(struct bytes value)
{
	struct bytes inside, after;

	if (value.size && (value.data[0] == '"' || value.data[0] == '\'')) {
		inside = bytes_skip(value, 1);
		inside = bytes_first(inside, bytes_find_char(inside, value.data[0]));
		after = bytes_trim(bytes_skip(value, inside.size + 2));
		if (inside.size + 2 <= value.size && (after.size == 0 || after.data[0] == '#'))
			return inside;
	}
	return bytes_trim(bytes_first(value, bytes_find_char(value, '#')));
}

int shell_assignment(struct bytes text, const char *name, struct bytes *ret)
{
	struct bytes wanted = bytes_of(name);
	int r = -ENOENT;

	while (text.size) {
		size_t end = bytes_find_char(text, '\n');
		struct bytes line = bytes_trim(bytes_first(text, end));

		text = bytes_skip(text, end + 1);
		if (!bytes_starts_with(line, wanted) || line.size == wanted.size || line.data[wanted.size] != '=')
			continue;
		*ret = unquote(bytes_trim(bytes_skip(line, wanted.size + 1)));
		r = 0;
	}
	return r;
}

/* 0 is also what a value that is no plain number stands for: nobody knows. */
static unsigned number_setting(struct bytes text, const char *name, unsigned otherwise)
{
	struct bytes value;
	uint64_t number;

	if (shell_assignment(text, name, &value) < 0)
		return otherwise;
	return bytes_to_u64(value, NUMBER_MOST, &number) < 0 ? 0 : (unsigned)number;
}

static uint16_t port_of_word(struct bytes word)
{
	static const struct {
		const char *name;
		uint16_t port;
	} services[] = { { "smtp", 25 }, { "smtps", 465 }, { "ssmtp", 465 }, { "submission", 587 } };
	/* "192.0.2.1.25" and "smtp": the port is what follows the last dot. */
	struct bytes port = word;
	uint64_t number;
	size_t dot;

	while ((dot = bytes_find_char(port, '.')) < port.size)
		port = bytes_skip(port, dot + 1);
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (bytes_equal(port, bytes_of(services[i].name)))
			return services[i].port;
	}
	return bytes_to_u64(port, UINT16_MAX, &number) < 0 ? 0 : (uint16_t)number;
}

static void add_port(struct mail_server *server, uint16_t port)
{
	for (size_t i = 0; i < server->port_count; i++) {
		if (server->ports[i] == port)
			return;
	}
	if (port && server->port_count < MAIL_PORTS_MAX)
		server->ports[server->port_count++] = port;
}

/* PORT=smtp, PORT="smtp,465", PORT="smtp /path/program" (couriertcpd(8)): the words that
 * begin with '/' are programs. */
static void read_ports(struct bytes value, struct mail_server *server)
{
	while (value.size) {
		size_t end = 0;
		struct bytes word;

		while (end < value.size && value.data[end] != ',' && !char_is_blank(value.data[end]))
			end++;
		word = bytes_first(value, end);
		if (word.size && word.data[0] != '/')
			add_port(server, port_of_word(word));
		value = bytes_skip(value, end + 1);
	}
}

void courier_esmtpd_read(struct bytes text, struct mail_server *server)
{
	struct bytes value;

	server->limit = number_setting(text, "MAXDAEMONS", server->limit);
	server->tarpit = number_setting(text, "TARPIT", server->tarpit) != 0;
	server->logs_dialogue = number_setting(text, "ESMTP_LOG_DIALOG", server->logs_dialogue) != 0;
	if (shell_assignment(text, "PORT", &value) == 0) {
		server->port_count = 0;
		read_ports(value, server);
	}
}

/* courierd prints "Courier 1.0.16 Copyright …" at its start; the text stands in the program. */
static void courier_version(char *version, size_t size)
{
	static const char *const programs[] = { "/usr/lib/courier/courier/courierd", "/usr/lib/courier/courierd",
						"/usr/libexec/courier/courierd" };
	char *data;
	size_t data_size;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && !version[0]; i++) {
		struct bytes rest;

		if (read_file(programs[i], PROGRAM_MOST, &data, &data_size) < 0)
			continue;
		rest = bytes_make(data, data_size);
		for (;;) {
			struct bytes word;

			rest = bytes_skip(rest, bytes_find(rest, BYTES_LITERAL("Courier ")));
			if (rest.size == 0)
				break;
			rest = bytes_skip(rest, 8);
			word = bytes_first(rest, bytes_find_char(bytes_first(rest, size), ' '));
			if (word.size && word.size < size && char_is_digit(word.data[0])) {
				memcpy(version, word.data, word.size);
				version[word.size] = '\0';
				break;
			}
		}
		free(data);
	}
}

static int find_courier(struct mail_server *ret)
{
	static const char *const paths[] = { "/etc/courier/esmtpd", "/usr/lib/courier/etc/esmtpd",
					     "/usr/local/etc/courier/esmtpd" };
	static const char *const handlers[] = { "courieresmtpd", NULL };
	char *text;
	size_t size;
	int r, worst = -ENOENT;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		r = read_file(paths[i], CONFIG_MOST, &text, &size);
		if (r == -EACCES)
			worst = r;
		if (r < 0)
			continue;
		/* Courier's own defaults where esmtpd is silent: PORT=smtp, MAXDAEMONS=40. */
		*ret = (struct mail_server){ .name = "courier", .limit = 40, .limit_setting = "MAXDAEMONS",
					     .ports = { 25 }, .port_count = 1, .handlers = handlers };
		snprintf(ret->config_path, sizeof(ret->config_path), "%s", paths[i]);
		courier_esmtpd_read(bytes_make(text, size), ret);
		free(text);
		courier_version(ret->version, sizeof(ret->version));
		return 0;
	}
	return worst;
}

static const struct {
	const char *name;
	int (*find)(struct mail_server *ret);
} servers[] = {
#define SERVER(name, called) { #name, find_##name },
#include "defs/servers.def"
#undef SERVER
};

int mail_server_find(const char *name, struct mail_server *ret)
{
	int worst = -ENOENT;

	*ret = (struct mail_server){ 0 };
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		int r;

		if (name[0] && strcmp(name, servers[i].name) != 0)
			continue;
		r = servers[i].find(ret);
		if (r == 0)
			return 0;
		if (r != -ENOENT)
			worst = r;
	}
	return worst;
}

const char *mail_log_find(char path[MAIL_LOG_PATH_SIZE])
{
	static const char *const candidates[] = { "/var/log/mail.log", "/var/log/maillog", "/var/log/mail/mail.log",
						  "/var/log/mail/info", "/var/log/syslog" };

	path[0] = '\0';
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (access(candidates[i], F_OK) < 0)
			continue;
		snprintf(path, MAIL_LOG_PATH_SIZE, "%s", candidates[i]);
		break;
	}
	return path;
}

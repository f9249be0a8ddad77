/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/mailserver_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRAM_MOST ((size_t)16 * 1024 * 1024)

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

static bool char_is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && char_is_digit(c));
}

static size_t name_length(struct bytes line)
{
	size_t length = 0;

	while (length < line.size && char_is_name(line.data[length], length == 0))
		length++;
	return length;
}

static bool has_any(struct bytes text, const char *characters)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\0' || strchr(characters, text.data[i]))
			return true;
	}
	return false;
}

/* Whether a shell, too, makes of `written` what unquote made of it: `value`. */
static bool is_plain(struct bytes written, struct bytes value)
{
	char quote = written.size ? written.data[0] : '\0';
	bool quoted = (quote == '"' || quote == '\'') && value.data == written.data + 1;
	struct bytes rest = bytes_skip(written, value.size + (quoted ? 2 : 0));

	/* A comment begins a word. */
	if (rest.size && !char_is_blank(rest.data[0]))
		return false;
	if (quoted)
		return quote == '\'' ? !has_any(value, "") : !has_any(value, "$`\\");
	return !has_any(value, "$`\\\"'|&;<>()*?[]{}~! \t");
}

/* The quote that a value opens and its line does not close goes on over the lines; none of these is an
 * assignment. */
static struct bytes skip_open_quote(struct bytes text, struct bytes written)
{
	size_t end;

	if (written.size == 0 || (written.data[0] != '"' && written.data[0] != '\'') ||
	    bytes_find_char(bytes_skip(written, 1), written.data[0]) < written.size - 1)
		return text;
	end = bytes_find_char(text, written.data[0]);
	return end < text.size ? bytes_skip(text, end + 1) : text;
}

bool shell_assignment_next(struct bytes *text, struct shell_assignment *ret)
{
	while (text->size) {
		size_t end = bytes_find_char(*text, '\n'), name;
		struct bytes line = bytes_trim(bytes_first(*text, end)), written;

		*text = bytes_skip(*text, end + 1);
		name = name_length(line);
		if (name == 0 || name == line.size || line.data[name] != '=')
			continue;
		written = bytes_trim(bytes_skip(line, name + 1));
		*text = skip_open_quote(*text, written);
		ret->name = bytes_first(line, name);
		ret->value = unquote(written);
		/* Blanks after the sign end the value, and what follows is a command. */
		ret->plain = is_plain(written, ret->value) && (written.size == 0 || written.data == line.data + name + 1);
		return true;
	}
	return false;
}

int shell_assignment(struct bytes text, const char *name, struct bytes *ret)
{
	struct bytes wanted = bytes_of(name);
	struct shell_assignment found;
	int r = -ENOENT;

	while (shell_assignment_next(&text, &found)) {
		if (!bytes_equal(found.name, wanted))
			continue;
		*ret = found.value;
		r = 0;
	}
	return r;
}

static unsigned number_setting(struct bytes text, const char *name, unsigned otherwise)
{
	struct bytes value;

	return shell_assignment(text, name, &value) < 0 ? otherwise : mail_number(value);
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

		if (mail_file_read(programs[i], PROGRAM_MOST, &data, &data_size) < 0)
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

void courier_me_read(struct bytes text, struct mail_server *server)
{
	mail_greeting_name(bytes_trim(bytes_first(text, bytes_find_char(text, '\n'))), server);
}

/* Beside esmtpd. */
static void read_name(struct mail_server *server)
{
	char path[sizeof(server->config_path)], *text, *slash;
	size_t size;

	strcpy(path, server->config_path);
	slash = strrchr(path, '/');
	if (!slash || slash + sizeof("/me") > path + sizeof(path))
		return;
	strcpy(slash, "/me");
	if (mail_file_read(path, MAIL_CONFIG_MOST, &text, &size) < 0)
		return;
	courier_me_read(bytes_make(text, size), server);
	free(text);
}

int find_courier(struct mail_server *ret)
{
	static const char *const paths[] = { "/etc/courier/esmtpd", "/usr/lib/courier/etc/esmtpd",
					     "/usr/local/etc/courier/esmtpd", NULL };
	static const char *const handlers[] = { "courieresmtpd", NULL };
	int r;

	/* Courier's own defaults where esmtpd is silent: PORT=smtp, MAXDAEMONS=40. */
	*ret = (struct mail_server){ .name = "courier", .limit = 40, .limit_setting = "MAXDAEMONS",
				     .ports = { 25 }, .port_count = 1, .handlers = handlers,
				     .tells_blocked = true };
	r = mail_config_read(paths, courier_esmtpd_read, ret);
	if (r == 0) {
		courier_version(ret->version, sizeof(ret->version));
		read_name(ret);
	}
	return r;
}

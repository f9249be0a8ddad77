/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as Courier's esmtpd, and as the other servers' configurations: the numbers stay in their
 * bounds, the values in the text. */
#include "sense/mailserver.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_ports(const struct mail_server *server)
{
	must(server->port_count <= MAIL_PORTS_MAX);
	for (size_t i = 0; i < server->port_count; i++) {
		must(server->ports[i] != 0);
		for (size_t j = 0; j < i; j++)
			must(server->ports[i] != server->ports[j]);
	}
}

/* Every assignment lies in the text, after the one before; a name is one, and a plain value could be in an
 * environment as it stands. */
static void check_assignments(struct bytes text)
{
	struct bytes rest = text;
	struct shell_assignment found;
	const char *after = text.data;

	while (shell_assignment_next(&rest, &found)) {
		must(found.name.data >= after && found.name.size > 0);
		must(!char_is_digit(found.name.data[0]));
		after = found.name.data + found.name.size;
		must(after < text.data + text.size && *after == '=');
		must(found.value.size == 0 || found.value.data > after);
		must(found.value.data + found.value.size <= text.data + text.size);
		must(rest.data >= after && rest.data + rest.size == text.data + text.size);
		if (found.plain)
			must(found.value.size == 0 || (!memchr(found.value.data, '\0', found.value.size) &&
						       !memchr(found.value.data, '\n', found.value.size)));
	}
	must(rest.size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size), value;
	struct mail_server server = { .limit = 40, .ports = { 25 }, .port_count = 1 };

	courier_esmtpd_read(text, &server);
	must(server.limit <= 1000000);
	check_ports(&server);
	check_assignments(text);
	if (shell_assignment(text, "PORT", &value) == 0) {
		must(value.data >= text.data && value.data + value.size <= text.data + text.size);
		must(bytes_find_char(value, '\n') == value.size);
	} else {
		must(server.port_count == 1 && server.ports[0] == 25);
	}
	postfix_main_read(text, &server);
	postfix_master_read(text, &server);
	exim_read(text, &server);
	sendmail_read(text, &server);
	must(server.limit <= 1000000);
	return 0;
}

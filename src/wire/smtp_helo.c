/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client is by its first words: what it speaks, and the name that it gives itself. */
#include "wire/smtp_command.h"
#include "wire/smtp_path.h"

/* Of SSL 2's ClientHello (RFC 6101 appendix E): a length with its highest bit set, a type of 1 and the
 * version, 0.2 or that of SSL 3 and TLS. */
#define SSLV2_HEAD 5
static bool may_be_sslv2(struct bytes first)
{
	const uint8_t *head = (const uint8_t *)first.data;

	return (head[0] & 0x80) && (first.size < 3 || head[2] == 1) &&
	       (first.size < 4 || head[3] == 0 || head[3] == 3) &&
	       (first.size < SSLV2_HEAD || head[3] == 3 || head[4] == 2);
}

/* A method with its blank (RFC 9110 section 9), because HTTP 0.9 has no version behind it; of HTTP/2
 * the preface (RFC 9113 section 3.4). Where there is a version any other method will do. */
static bool is_http(struct bytes line)
{
	static const char *const methods[] = {
		"GET ", "POST ", "CONNECT ", "HEAD ", "PUT ", "OPTIONS ", "DELETE ", "TRACE ", "PATCH ", "PRI * HTTP/2",
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bytes_starts_with(line, bytes_of(methods[i])))
			return true;
	return bytes_contain(line, BYTES_LITERAL(" HTTP/1."));
}

/* A tab is not SMTP's either, but people's. */
static bool has_strange_bytes(struct bytes line)
{
	for (size_t i = 0; i < line.size; i++)
		if ((uint8_t)(line.data[i] - ' ') > '~' - ' ' && line.data[i] != '\t')
			return true;
	return false;
}

/* Of what came at once only the first line counts: behind it a client that does not wait may have
 * sent a whole mail, with bytes of any kind. */
static struct bytes first_line(struct bytes first)
{
	size_t end = 0;

	while (first.size && (first.data[0] == '\r' || first.data[0] == '\n'))
		first = bytes_skip(first, 1);
	first = bytes_first(first, SMTP_LINE_MOST);
	while (end < first.size && first.data[end] != '\r' && first.data[end] != '\n')
		end++;
	return bytes_first(first, end);
}

enum smtp_speaker smtp_speaker_of(struct bytes first)
{
	struct smtp_command command;
	struct bytes line;

	if (first.size && first.data[0] == 0x16 && (first.size == 1 || first.data[1] == 3))
		return first.size == 1 ? SMTP_SPEAKER_SMTP : SMTP_SPEAKER_TLS;
	if (first.size && may_be_sslv2(first))
		return first.size < SSLV2_HEAD ? SMTP_SPEAKER_SMTP : SMTP_SPEAKER_TLS;
	line = first_line(first);
	if (line.size == 0)
		return SMTP_SPEAKER_SMTP;
	/* A verb of SMTP's is SMTP, also before a name in 8 bits or one that looks like HTTP. */
	smtp_command_read(line, &command);
	if (command.verb != SMTP_UNKNOWN)
		return SMTP_SPEAKER_SMTP;
	if (is_http(line))
		return SMTP_SPEAKER_HTTP;
	return bytes_starts_with(line, BYTES_LITERAL("SSH-")) || has_strange_bytes(line) ? SMTP_SPEAKER_OTHER :
											     SMTP_SPEAKER_SMTP;
}

static unsigned literal_faults(struct bytes literal, const struct addr *client, const struct addr *our_address)
{
	struct addr addr;

	if (!smtp_literal_read(literal, &addr))
		return SMTP_HELO_NOT_A_NAME;
	return (addr_equal(&addr, client) ? 0 : SMTP_HELO_OTHER_ADDRESS) |
	       (addr_equal(&addr, our_address) ? SMTP_HELO_OUR_NAME : 0);
}

static struct bytes without_last_dot(struct bytes name)
{
	if (name.size && name.data[name.size - 1] == '.')
		name.size--;
	return name;
}

/* "192.0.2.1" is a name by the letters of section 4.1.2, and none in truth. Our own name is ours with a
 * dot at its end as well, though that makes it no name of SMTP's. */
unsigned smtp_helo_faults(struct bytes argument, const struct addr *client, struct bytes our_name,
			  const struct addr *our_address)
{
	struct addr addr;
	unsigned faults = 0;

	if (argument.size && argument.data[0] == '[')
		return literal_faults(argument, client, our_address);
	if (addr_parse(argument, &addr) == 0)
		return SMTP_HELO_BARE_ADDRESS | (addr_equal(&addr, our_address) ? SMTP_HELO_OUR_NAME : 0);
	if (!smtp_domain_is_well(argument))
		faults |= SMTP_HELO_NOT_A_NAME;
	else if (bytes_find_char(argument, '.') == argument.size)
		faults |= SMTP_HELO_NO_DOT;
	if (our_name.size && bytes_equal_any_case(without_last_dot(argument), without_last_dot(our_name)))
		faults |= SMTP_HELO_OUR_NAME;
	return faults;
}

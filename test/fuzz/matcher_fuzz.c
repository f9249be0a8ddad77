/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any line, and any message of each service, against the shipped signatures.
 *
 * The client's own text is told apart from the server's by an address: only a line that
 * holds 198.51.100.1 can give it, and in the lines made here it stands only where a client
 * writes, so it may never come out. */
#include "build_config.h"
#include "judge/matcher.h"
#include "sense/signature_load.h"
#include "wire/syslog.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signature_set *set;
static struct matcher *matcher;
static struct addr victim;

static void load(void)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE];

	if (signature_load(WAVEBREAK_SOURCE_DIR "/signatures", &set, text) < 0 ||
	    matcher_create(set, &matcher) < 0) {
		fprintf(stderr, "%s\n", text);
		exit(1);
	}
	addr_parse(BYTES_LITERAL("198.51.100.1"), &victim);
}

static void look(const char *tag, const char *before, struct bytes client, const char *after)
{
	static char message[16384];
	struct match match;
	int size = snprintf(message, sizeof(message), "%s", before);

	if (client.size > 8000)
		client.size = 8000;
	memcpy(message + size, client.data, client.size);
	size += (int)client.size;
	size += snprintf(message + size, sizeof(message) - (size_t)size, "%s", after);
	if (matcher_match(matcher, signature_set_by_tag(set, bytes_of(tag)),
			  bytes_make(message, (size_t)size), false, &match) &&
	    addr_equal(&match.addr, &victim))
		abort();
}

/* Courier blanks these three in a path, and a client has to close its quotes. */
static struct bytes as_path(const uint8_t *data, size_t size, char *path)
{
	size = size < 128 ? size : 128;
	for (size_t i = 0; i < size; i++)
		path[i] = data[i] == '<' || data[i] == '>' || data[i] == ':' ? ' ' : (char)data[i];
	return bytes_make(path, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);
	const struct signature_group *group;
	struct syslog_line head;
	struct match match;
	char path[128];

	if (!set)
		load();
	syslog_split(text, &head);
	group = signature_set_by_tag(set, head.tag);
	if (group)
		matcher_match(matcher, group, head.message, size % 2 == 1, &match);
	matcher_match(matcher, signature_set_by_name(set, BYTES_LITERAL("courier")), text, false,
		      &match);
	if (memchr(data, '\n', size))
		return 0;
	look("courieresmtpd",
	     "error,relay=192.0.2.7,port=1,msg=\"502 ESMTP command error\",cmd: ", text, "");
	look("courieresmtpd", "error,relay=192.0.2.7,port=1,from=<", as_path(data, size, path),
	     ">,to=<c@d.example>: 511 Listed");
	look("courieresmtpd",
	     "error,relay=192.0.2.7,port=1,from=<a@b.example>,to=<c@d.example>: 550 User <", text,
	     "> unknown");
	look("pop3d", "LOGIN FAILED, user=", text, ", ip=[192.0.2.7], port=[1]");
	look("courierd", "newmsg,id=1.2.3: dns; ", text, " ([192.0.2.7])");
	return 0;
}

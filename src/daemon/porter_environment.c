/* SPDX-License-Identifier: Apache-2.0 */
/* Two environments: what is the same for every client, made once from a file and the settings, and what is
 * added for one. The second names who the client is and what it may, so nothing of it comes from the first:
 * a RELAYCLIENT in the file would make an open relay.
 */
#include "daemon/porter_internal.h"

#include "base/text.h"
#include "sense/mailserver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names_of_client[] = {
	"TCPREMOTEIP", "TCPREMOTEPORT", "TCPREMOTEHOST", "TCPREMOTEINFO", "TCPLOCALIP", "TCPLOCALPORT",
	"TCPLOCALHOST", "RELAYCLIENT", "FAXRELAYCLIENT", "BLOCK", "SENDERAUTH", "ESMTP_TLS",
};

#define KILOBYTE ((uint64_t)1024)
#define PAIR_SIZE 72 /* NAME=address or port */

int porter_texts_add(struct porter_texts *texts, struct bytes text)
{
	char **more = realloc(texts->texts, (texts->count + 2) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	texts->texts = more;
	more[texts->count] = malloc(text.size + 1);
	if (!more[texts->count])
		return -ENOMEM;
	if (text.size)
		memcpy(more[texts->count], text.data, text.size);
	more[texts->count++][text.size] = '\0';
	more[texts->count] = NULL;
	return 0;
}

static void texts_free(struct porter_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->texts[i]);
	free(texts->texts);
	*texts = (struct porter_texts){ 0 };
}

void porter_rules_free(struct porter_rules *rules)
{
	texts_free(&rules->arguments);
	texts_free(&rules->environment);
	texts_free(&rules->blocks);
	prefix_set_clear(&rules->relay);
}

static bool is_of_client(struct bytes name)
{
	for (size_t i = 0; i < sizeof(names_of_client) / sizeof(names_of_client[0]); i++) {
		if (bytes_equal(name, bytes_of(names_of_client[i])))
			return true;
	}
	return false;
}

/* The last assignment of a name counts, so an earlier one goes. */
static void remove_name(struct porter_texts *environment, struct bytes name)
{
	for (size_t i = 0; i < environment->count; i++) {
		char *text = environment->texts[i];

		if (strncmp(text, name.data, name.size) != 0 || text[name.size] != '=')
			continue;
		free(text);
		environment->texts[i] = environment->texts[--environment->count];
		environment->texts[environment->count] = NULL;
		return;
	}
}

static void note_left_out(struct bytes name, char *left_out, size_t size)
{
	size_t used = strlen(left_out);

	snprintf(left_out + used, size - used, "%s%.*s", used ? ", " : "", BYTES_FMT(name));
}

/* `ulimit -d`, as Courier's own script sets it for couriertcpd. */
static void take_limit(struct porter_rules *rules, const struct shell_assignment *found)
{
	uint64_t kilobytes;

	rules->data_limit = 0;
	if (found->plain && bytes_to_u64(found->value, UINT64_MAX / KILOBYTE, &kilobytes) == 0)
		rules->data_limit = kilobytes * KILOBYTE;
}

int porter_environment_add(struct porter_rules *rules, struct bytes text, char *left_out, size_t left_out_size)
{
	struct shell_assignment found;
	int r = 0;

	left_out[0] = '\0';
	while (r == 0 && shell_assignment_next(&text, &found)) {
		if (bytes_equal(found.name, BYTES_LITERAL("ULIMIT")))
			take_limit(rules, &found);
		remove_name(&rules->environment, found.name);
		if (!found.plain || is_of_client(found.name)) {
			note_left_out(found.name, left_out, left_out_size);
		} else if (rules->environment.count == PORTER_ENVIRONMENT_MOST) {
			r = -E2BIG;
		} else {
			/* One view, as the text has it: NAME=value, but for the quotes. */
			size_t size = found.name.size + 1 + found.value.size;
			char *pair = malloc(size);

			if (!pair)
				return -ENOMEM;
			memcpy(pair, found.name.data, found.name.size);
			pair[found.name.size] = '=';
			if (found.value.size)
				memcpy(pair + found.name.size + 1, found.value.data, found.value.size);
			r = porter_texts_add(&rules->environment, bytes_make(pair, size));
			free(pair);
		}
	}
	return r;
}

static char *write_address(char pair[PAIR_SIZE], const char *name, const struct addr *addr, bool mapped)
{
	char text[ADDR_TEXT_SIZE];

	snprintf(pair, PAIR_SIZE, "%s=%s%s", name, mapped && addr->family == ADDR_IPV4 ? "::ffff:" : "",
		 addr_format(addr, text));
	return pair;
}

static char *write_port(char pair[PAIR_SIZE], const char *name, uint16_t port)
{
	snprintf(pair, PAIR_SIZE, "%s=%u", name, port);
	return pair;
}

/* %a is the client's address, as in gate.zone.text. */
static char *write_block(char pair[PORTER_BLOCK_SIZE], const char *text, const struct addr *client)
{
	char address[ADDR_TEXT_SIZE];
	size_t used = (size_t)snprintf(pair, PORTER_BLOCK_SIZE, "BLOCK=");

	addr_format(client, address);
	for (; *text && used + 1 < PORTER_BLOCK_SIZE; text++) {
		if (text[0] == '%' && text[1] == 'a') {
			used += (size_t)snprintf(pair + used, PORTER_BLOCK_SIZE - used, "%s", address);
			text++;
			continue;
		}
		pair[used++] = *text;
	}
	pair[used < PORTER_BLOCK_SIZE ? used : PORTER_BLOCK_SIZE - 1] = '\0';
	return pair;
}

char *const *porter_environment(const struct porter_rules *rules, const struct porter_request *request)
{
	static char *all[PORTER_ENVIRONMENT_MOST + 8];
	static char pairs[4][PAIR_SIZE], block[PORTER_BLOCK_SIZE], relay[] = "RELAYCLIENT=";
	size_t count = rules->environment.count;

	if (count)
		memcpy(all, rules->environment.texts, count * sizeof(all[0]));
	all[count++] = write_address(pairs[0], "TCPREMOTEIP", &request->client, rules->mapped);
	all[count++] = write_port(pairs[1], "TCPREMOTEPORT", request->client_port);
	all[count++] = write_address(pairs[2], "TCPLOCALIP", &request->local, rules->mapped);
	all[count++] = write_port(pairs[3], "TCPLOCALPORT", request->local_port);
	if (!request->escorted && prefix_set_find(&rules->relay, &request->client))
		all[count++] = relay;
	if (request->zone != PORTER_NOT_LISTED)
		all[count++] = write_block(block, rules->blocks.texts[request->zone], &request->client);
	all[count] = NULL;
	return all;
}

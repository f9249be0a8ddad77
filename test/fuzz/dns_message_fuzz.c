/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a name server's message, as an answer to its own question and to another one. The answer
 * is one of the kinds that there are, its text is printable and ends, a name in another case is the
 * same name, and what is cut off its end makes it broken or nothing else. And the rest as a zone's name. */
#include "wire/dns_message.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const enum dns_type types[] = { DNS_A, DNS_PTR, DNS_TXT };

static void check(const struct dns_answer *a, enum dns_type type)
{
	must(a->outcome <= DNS_BROKEN);
	must(a->address_count <= DNS_ADDRESSES_MOST && a->ttl_s <= INT32_MAX);
	must((a->address_count > 0) == (a->outcome == DNS_FOUND && type == DNS_A));
	must(a->text[a->text_size] == '\0' && strlen(a->text) == a->text_size);
	must(a->text_size == 0 || (a->outcome == DNS_FOUND && type == DNS_TXT));
	for (size_t i = 0; i < a->text_size; i++)
		must(a->text[i] >= ' ' && a->text[i] <= '~');
	must(a->ttl_s == 0 || a->outcome == DNS_FOUND || a->outcome == DNS_NO_DATA || a->outcome == DNS_NO_NAME);
}

/* In memory that ends where the message ends, and into memory that is not clean. */
static void read_copy(struct bytes message, struct bytes name, enum dns_type type, struct dns_answer *ret)
{
	char *copy = malloc(message.size + 1);

	memcpy(copy + 1, message.data, message.size);
	memset(ret, 0xff, sizeof(*ret));
	dns_answer_read(bytes_make(copy + 1, message.size), name, type, ret);
	check(ret, type);
	free(copy);
}

/* The question's own name where it is plain, for what comes behind it is read only then. */
static size_t name_of_question(struct bytes message, char *name)
{
	size_t at = 12, used = 0;

	while (at < message.size && message.data[at] > 0 && (size_t)message.data[at] < message.size - at) {
		size_t label = (size_t)message.data[at];

		if (used + label + 1 > DNS_NAME_SIZE)
			return 0;
		if (used)
			name[used++] = '.';
		memcpy(name + used, message.data + at + 1, label);
		used += label;
		at += 1 + label;
	}
	return used;
}

static void check_answer(struct bytes message, struct bytes name, enum dns_type type, size_t cut)
{
	char other[DNS_NAME_SIZE];
	struct dns_answer whole, again;

	read_copy(message, name, type, &whole);
	if (!dns_name_is_well(name)) {
		must(whole.outcome == DNS_BROKEN);
		return;
	}
	for (size_t i = 0; i < name.size; i++) {
		char small = char_to_lower(name.data[i]);

		other[i] = small >= 'a' && small <= 'z' ? name.data[i] ^ 0x20 : name.data[i];
	}
	read_copy(message, bytes_make(other, name.size), type, &again);
	must(memcmp(&whole, &again, sizeof(whole)) == 0);
	read_copy(bytes_first(message, cut), name, type, &again);
	must(again.outcome == whole.outcome || again.outcome == DNS_BROKEN || whole.outcome == DNS_BROKEN);
}

static void check_zone(struct bytes zone, const uint8_t *octets)
{
	struct addr clients[] = { addr_from_ipv4(octets), addr_from_ipv6(octets) };

	for (size_t i = 0; i < 2; i++) {
		char *name = malloc(DNS_NAME_SIZE);
		int r = dns_list_name(&clients[i], zone, name);

		must(r == 0 || r == -ENAMETOOLONG);
		if (r == 0 && dns_name_is_well(zone))
			must(dns_name_is_well(bytes_of(name)));
		must(r == 0 || zone.size > 253 - 64);
		dns_reverse_name(&clients[i], name);
		must(dns_name_is_well(bytes_of(name)));
		free(name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[DNS_NAME_SIZE + 64];
	struct bytes message;
	enum dns_type type;
	size_t cut;

	if (size < 2 + 16)
		return 0;
	type = types[data[0] % 3];
	message = bytes_make((const char *)data + 2, size - 2);
	cut = message.size - data[1] % message.size;
	check_answer(message, bytes_make(name, name_of_question(message, name)), type, cut);
	check_answer(message, BYTES_LITERAL("a.example"), type, data[1]);
	check_zone(bytes_skip(message, 16), data + 2);
	return 0;
}

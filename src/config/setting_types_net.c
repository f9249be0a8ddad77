/* SPDX-License-Identifier: Apache-2.0 */
/* The types whose values are of the network: ports, networks, endpoints, answers of DNS lists. */
#include "config/setting_type_parts.h"

#include "config/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define DNS_PORT 53

/* Digits alone, not 0. */
static int port_parse(struct bytes text, uint16_t *ret)
{
	uint64_t port;

	if (bytes_to_u64(text, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int ports_take(void *field, struct bytes value, const char *setting)
{
	struct port_list *list = field;
	uint16_t *longer, port;

	if (port_parse(value, &port) < 0)
		return -EINVAL;
	for (size_t i = 0; i < list->count; i++)
		if (list->ports[i] == port)
			return -EEXIST;
	longer = reallocarray(list->ports, list->count + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	list->ports = longer;
	list->ports[list->count++] = port;
	return 0;
}

static uint64_t ports_measure(const void *field)
{
	return ((const struct port_list *)field)->count;
}

static void ports_print(const void *field, FILE *out)
{
	const struct port_list *list = field;

	for (size_t i = 0; i < list->count; i++)
		fprintf(out, "%s%u", i ? ", " : "", list->ports[i]);
}

static void ports_clear(void *field)
{
	struct port_list *list = field;

	free(list->ports);
	*list = (struct port_list){ NULL, 0 };
}

static int prefixes_take(void *field, struct bytes value, const char *setting)
{
	struct prefix_set *set = field;
	size_t before = set->count;
	struct prefix prefix;
	int r = prefix_parse(value, &prefix);

	if (r == -ERANGE)
		return -EINVAL;
	if (r == 0)
		r = prefix_set_add(set, &prefix, setting);
	return r == 0 && set->count == before ? -EEXIST : r;
}

static int networks_take(void *field, struct bytes value, const char *setting)
{
	struct prefix prefix;

	if (prefix_parse(value, &prefix) == 0 && prefix.length == 0)
		return -E2BIG;
	return prefixes_take(field, value, setting);
}

static uint64_t prefixes_measure(const void *field)
{
	return ((const struct prefix_set *)field)->count;
}

static void prefixes_print(const void *field, FILE *out)
{
	const struct prefix_set *set = field;
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < set->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", prefix_format(&set->entries[i].prefix, text));
}

static void prefixes_clear(void *field)
{
	prefix_set_clear(field);
}

/* "192.0.2.1:25" or "[2001:db8::1]:25". */
static int endpoint_parse(struct bytes text, struct endpoint *ret)
{
	struct endpoint endpoint;
	bool in_brackets = text.size && text.data[0] == '[';
	struct bytes address = bytes_skip(text, in_brackets);
	size_t end = bytes_find_char(address, in_brackets ? ']' : ':');
	struct bytes port = bytes_skip(address, end + in_brackets);

	address = bytes_first(address, end);
	if (port.size == 0 || port.data[0] != ':' || port_parse(bytes_skip(port, 1), &endpoint.port) < 0 ||
	    addr_parse(address, &endpoint.addr) < 0)
		return -EINVAL;
	/* An IPv4 address has no colon and needs no brackets. */
	if (in_brackets != (bytes_find_char(address, ':') < address.size))
		return -EINVAL;
	*ret = endpoint;
	return 0;
}

static void endpoint_write(const struct endpoint *endpoint, FILE *out)
{
	char text[ADDR_TEXT_SIZE];

	if (endpoint->addr.family == ADDR_NONE)
		fprintf(out, "%u", endpoint->port);
	else
		fprintf(out, endpoint->addr.family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u",
			addr_format(&endpoint->addr, text), endpoint->port);
}

static int endpoint_take(void *field, struct bytes value, const char *setting)
{
	struct endpoint alone = { .addr = { .family = ADDR_NONE } };

	if (port_parse(value, &alone.port) == 0) {
		*(struct endpoint *)field = alone;
		return 0;
	}
	if (value.size)
		return endpoint_parse(value, field);
	*(struct endpoint *)field = (struct endpoint){ .port = 0 };
	return 0;
}

static uint64_t endpoint_measure(const void *field)
{
	return ((const struct endpoint *)field)->port;
}

static void endpoint_print(const void *field, FILE *out)
{
	const struct endpoint *endpoint = field;

	if (endpoint->port)
		endpoint_write(endpoint, out);
	else
		fputs("\"\"", out);
}

static void endpoint_clear(void *field)
{
	*(struct endpoint *)field = (struct endpoint){ .port = 0 };
}

static int endpoints_add(struct endpoint_list *list, const struct endpoint *endpoint)
{
	struct endpoint *longer;

	for (size_t i = 0; i < list->count; i++)
		if (list->endpoints[i].port == endpoint->port &&
		    addr_equal(&list->endpoints[i].addr, &endpoint->addr))
			return -EEXIST;
	longer = reallocarray(list->endpoints, list->count + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	list->endpoints = longer;
	list->endpoints[list->count++] = *endpoint;
	return 0;
}

static int endpoints_take(void *field, struct bytes value, const char *setting)
{
	struct endpoint endpoint = { .addr = { .family = ADDR_NONE } };

	if (port_parse(value, &endpoint.port) < 0 && endpoint_parse(value, &endpoint) < 0)
		return -EINVAL;
	return endpoints_add(field, &endpoint);
}

static int resolvers_take(void *field, struct bytes value, const char *setting)
{
	struct endpoint endpoint = { .port = DNS_PORT };

	if (addr_parse(value, &endpoint.addr) < 0 && endpoint_parse(value, &endpoint) < 0)
		return -EINVAL;
	return endpoints_add(field, &endpoint);
}

static uint64_t endpoints_measure(const void *field)
{
	return ((const struct endpoint_list *)field)->count;
}

static void endpoints_print(const void *field, FILE *out)
{
	const struct endpoint_list *list = field;

	for (size_t i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", out);
		endpoint_write(&list->endpoints[i], out);
	}
}

static void resolvers_print(const void *field, FILE *out)
{
	const struct endpoint_list *list = field;
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", out);
		if (list->endpoints[i].port == DNS_PORT)
			fputs(addr_format(&list->endpoints[i].addr, text), out);
		else
			endpoint_write(&list->endpoints[i], out);
	}
}

static void endpoints_clear(void *field)
{
	struct endpoint_list *list = field;

	free(list->endpoints);
	*list = (struct endpoint_list){ NULL, 0 };
}

static uint32_t ipv4_number(const struct addr *addr)
{
	uint32_t number;

	memcpy(&number, addr->octets, sizeof(number));
	return ntohl(number);
}

static int answer_parse(struct bytes text, uint32_t *ret)
{
	struct addr addr;

	/* No IPv6 in the form of which IPv4 can be written. */
	if (bytes_find_char(text, ':') < text.size || addr_parse(text, &addr) < 0)
		return -EINVAL;
	*ret = ipv4_number(&addr);
	return 0;
}

static int reply_network_parse(struct bytes text, struct reply_range *ret)
{
	struct prefix prefix;
	int r = bytes_find_char(text, ':') < text.size ? -EINVAL : prefix_parse(text, &prefix);

	if (r < 0)
		return r == -ERANGE ? -EINVAL : r;
	ret->first = ipv4_number(&prefix.addr);
	ret->last = ret->first + (uint32_t)((1ULL << (32 - prefix.length)) - 1);
	return 0;
}

/* "127.0.0.2-11", "127.0.0.4-127.0.0.8", "127.0.1.0/24", or one answer. */
static int reply_range_parse(struct bytes text, struct reply_range *ret)
{
	size_t dash = bytes_find_char(text, '-');
	struct bytes last = bytes_skip(text, dash + 1);
	uint64_t octet;

	if (dash == text.size)
		return reply_network_parse(text, ret);
	if (answer_parse(bytes_first(text, dash), &ret->first) < 0)
		return -EINVAL;
	if (bytes_to_u64(last, UINT8_MAX, &octet) == 0)
		ret->last = (ret->first & ~(uint32_t)UINT8_MAX) | (uint32_t)octet;
	else if (answer_parse(last, &ret->last) < 0)
		return -EINVAL;
	return ret->first <= ret->last ? 0 : -EINVAL;
}

static int replies_take(void *field, struct bytes value, const char *setting)
{
	struct reply_ranges *list = field;
	struct reply_range range, *longer;
	int r = reply_range_parse(value, &range);

	if (r < 0)
		return r;
	if (range.first >> 24 != IN_LOOPBACKNET || range.last >> 24 != IN_LOOPBACKNET)
		return -EADDRNOTAVAIL;
	for (size_t i = 0; i < list->count; i++)
		if (list->ranges[i].first == range.first && list->ranges[i].last == range.last)
			return -EEXIST;
	longer = reallocarray(list->ranges, list->count + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	list->ranges = longer;
	list->ranges[list->count++] = range;
	return 0;
}

static uint64_t replies_measure(const void *field)
{
	return ((const struct reply_ranges *)field)->count;
}

static void answer_write(uint32_t answer, FILE *out)
{
	fprintf(out, "%u.%u.%u.%u", answer >> 24, answer >> 16 & 0xff, answer >> 8 & 0xff, answer & 0xff);
}

static void replies_print(const void *field, FILE *out)
{
	const struct reply_ranges *list = field;

	for (size_t i = 0; i < list->count; i++) {
		const struct reply_range *range = &list->ranges[i];

		fputs(i ? ", " : "", out);
		answer_write(range->first, out);
		if (range->first == range->last)
			continue;
		fputc('-', out);
		if (range->first >> 8 == range->last >> 8)
			fprintf(out, "%u", range->last & 0xff);
		else
			answer_write(range->last, out);
	}
}

static void replies_clear(void *field)
{
	struct reply_ranges *list = field;

	free(list->ranges);
	*list = (struct reply_ranges){ NULL, 0 };
}

const struct setting_type setting_type_PORTS = {
	words_PORTS, "a port from 1 to 65535", "ports", true, NULL,
	ports_take, ports_measure, number_bound, ports_print, ports_clear,
};

const struct setting_type setting_type_PREFIXES = {
	words_PREFIXES, "an address or a network such as 192.0.2.0/24 or 2001:db8::/48",
	"entries", true, NULL,
	prefixes_take, prefixes_measure, number_bound, prefixes_print, prefixes_clear,
};

const struct setting_type setting_type_NETWORKS = {
	words_NETWORKS, "an address or a network such as 192.0.2.0/24 or 2001:db8::/48",
	"entries", true, NULL,
	networks_take, prefixes_measure, number_bound, prefixes_print, prefixes_clear,
};

const struct setting_type setting_type_ENDPOINT = {
	words_ENDPOINT, "a port, or an address and a port such as 127.0.0.1:2525 or [::1]:2525", NULL, false, NULL,
	endpoint_take, endpoint_measure, number_bound, endpoint_print, endpoint_clear,
};

const struct setting_type setting_type_ENDPOINTS = {
	words_ENDPOINTS, "a port, or an address and a port such as 192.0.2.1:25 or [2001:db8::1]:25",
	"endpoints", true, NULL,
	endpoints_take, endpoints_measure, number_bound, endpoints_print, endpoints_clear,
};

const struct setting_type setting_type_RESOLVERS = {
	words_RESOLVERS, "an address, or an address and a port such as 127.0.0.1:53 or [::1]:53",
	"addresses", true, NULL,
	resolvers_take, endpoints_measure, number_bound, resolvers_print, endpoints_clear,
};

const struct setting_type setting_type_REPLIES = {
	words_REPLIES, "an answer, or answers, such as 127.0.0.2, 127.0.0.4-11 or 127.0.1.0/24",
	"entries", true, NULL,
	replies_take, replies_measure, number_bound, replies_print, replies_clear,
};

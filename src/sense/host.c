/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/host.h"

#include "base/log.h"
#include "base/domain_name.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The words of a set's entries by which host_is_own knows them; the interface's name follows the second. */
#define LOOPBACK "loopback"
#define OWN_ADDRESS "address of "

/* Takes the next word, separated by blanks or tabs. */
static struct bytes take_word(struct bytes *line)
{
	struct bytes word;
	size_t size = 0;

	while (line->size && char_is_blank(line->data[0]))
		*line = bytes_skip(*line, 1);
	while (size < line->size && !char_is_blank(line->data[size]))
		size++;
	word = bytes_first(*line, size);
	*line = bytes_skip(*line, size);
	return word;
}

static int hex_octets(struct bytes text, uint8_t *octets, size_t count)
{
	if (text.size != count * 2)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		int high = char_hex_value(text.data[i * 2]), low = char_hex_value(text.data[i * 2 + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static bool all_zero(const uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (octets[i])
			return false;
	}
	return true;
}

/* Iface Destination Gateway Flags …; addresses are printed as a 32-bit number of the
 * machine's byte order (net/ipv4/fib_trie.c). */
int host_gateway4_of_line(struct bytes line, struct addr *ret)
{
	uint8_t octets[4];
	uint32_t number;

	take_word(&line);
	take_word(&line);
	if (hex_octets(take_word(&line), octets, sizeof(octets)) < 0 || all_zero(octets, sizeof(octets)))
		return -ENOENT;
	number = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
	*ret = addr_from_ipv4(&number);
	return 0;
}

/* Destination length Source length Nexthop …, in network order (net/ipv6/route.c). */
int host_gateway6_of_line(struct bytes line, struct addr *ret)
{
	uint8_t octets[16];

	for (int i = 0; i < 4; i++)
		take_word(&line);
	if (hex_octets(take_word(&line), octets, sizeof(octets)) < 0 || all_zero(octets, sizeof(octets)))
		return -ENOENT;
	*ret = addr_from_ipv6(octets);
	return 0;
}

int host_resolver_of_line(struct bytes line, struct addr *ret)
{
	struct bytes word;

	if (!bytes_equal(take_word(&line), BYTES_LITERAL("nameserver")))
		return -ENOENT;
	word = take_word(&line);
	/* A link-local resolver carries its interface: fe80::1%eth0. */
	return addr_parse(bytes_first(word, bytes_find_char(word, '%')), ret) < 0 ? -ENOENT : 0;
}

static int protect_one(struct prefix_set *never, const struct addr *addr, const char *why)
{
	struct prefix prefix = prefix_around(addr, addr->family == ADDR_IPV4 ? 32 : 128);

	return prefix_set_add(never, &prefix, why);
}

/* Translators (RFC 6052, RFC 8215, RFC 7915) put the whole of the IPv4 internet into one /64 of
 * these, which is the unit of a ban: one zombie would have everybody banned. */
static int protect_always(struct prefix_set *never)
{
	static const struct {
		const char *prefix, *why;
	} always[] = {
		{ "127.0.0.0/8", LOOPBACK },
		{ "::1", LOOPBACK },
		{ "64:ff9b::/96", "IPv4 behind a translator (NAT64)" },
		{ "64:ff9b:1::/48", "IPv4 behind a translator (NAT64)" },
		{ "::ffff:0:0:0/96", "IPv4 behind a translator (SIIT)" },
	};
	struct prefix prefix;
	int r = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && r == 0; i++) {
		r = prefix_parse(bytes_of(always[i].prefix), &prefix);
		if (r == 0)
			r = prefix_set_add(never, &prefix, always[i].why);
	}
	return r;
}

static int protect_own_addresses(struct prefix_set *never)
{
	struct ifaddrs *list, *i;
	char why[PREFIX_WHY_SIZE];
	struct addr addr;
	int r = 0;

	if (getifaddrs(&list) < 0) {
		log_warning("cannot read this host's addresses: %s", strerror(errno));
		return HOST_INCOMPLETE;
	}
	for (i = list; i && r == 0; i = i->ifa_next) {
		socklen_t size = sizeof(struct sockaddr_in6);

		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			size = sizeof(struct sockaddr_in);
		if (addr_from_sockaddr(i->ifa_addr, size, &addr) < 0)
			continue;
		snprintf(why, sizeof(why), OWN_ADDRESS "%s", i->ifa_name);
		r = protect_one(never, &addr, why);
	}
	freeifaddrs(list);
	return r;
}

static int protect_from_file(struct prefix_set *never, const char *path, const char *why,
			     int (*of_line)(struct bytes, struct addr *))
{
	char line[512];
	struct addr addr;
	FILE *file = fopen(path, "re");
	int r = 0;

	if (!file) {
		if (errno == ENOENT)
			return 0;
		log_warning("cannot read %s: %s", path, strerror(errno));
		return HOST_INCOMPLETE;
	}
	while (r == 0 && fgets(line, sizeof(line), file)) {
		if (of_line(bytes_trim(bytes_of(line)), &addr) == 0)
			r = protect_one(never, &addr, why);
	}
	fclose(file);
	return r;
}

int host_protect(struct prefix_set *never)
{
	static const struct {
		const char *path, *why;
		int (*of_line)(struct bytes, struct addr *);
	} files[] = {
		{ "/proc/net/route", "gateway", host_gateway4_of_line },
		{ "/proc/net/ipv6_route", "gateway", host_gateway6_of_line },
		{ "/etc/resolv.conf", "resolver in /etc/resolv.conf", host_resolver_of_line },
		/* Where /etc/resolv.conf names only its stub, 127.0.0.53. */
		{ "/run/systemd/resolve/resolv.conf", "resolver of systemd-resolved", host_resolver_of_line },
	};
	int r = protect_always(never), incomplete = 0;

	if (r == 0)
		r = protect_own_addresses(never);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r >= 0; i++) {
		incomplete |= r;
		r = protect_from_file(never, files[i].path, files[i].why, files[i].of_line);
	}
	return r < 0 ? r : incomplete | r;
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool host_is_own(const struct prefix_set *never, const struct addr *addr)
{
	const struct prefix_entry *entry = prefix_set_find(never, addr);

	return entry && (begins_with(entry->why, LOOPBACK) || begins_with(entry->why, OWN_ADDRESS));
}

int host_name_of_mailname(struct bytes text, char name[HOST_NAME_SIZE])
{
	struct bytes line = bytes_trim(bytes_first(text, bytes_find_char(text, '\n')));

	if (!domain_name_is_good(line) || line.size >= HOST_NAME_SIZE)
		return -ENOENT;
	memcpy(name, line.data, line.size);
	name[line.size] = '\0';
	return 0;
}

const char *host_mail_name(char name[HOST_NAME_SIZE])
{
	char text[512], own[HOST_NAME_SIZE] = "";
	int fd = open("/etc/mailname", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (size > 0 && host_name_of_mailname(bytes_make(text, (size_t)size), name) == 0)
		return name;
	gethostname(own, sizeof(own) - 1);
	return host_name_of_mailname(bytes_of(own), name) == 0 ? name : strcpy(name, "localhost");
}

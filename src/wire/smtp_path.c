/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/smtp_path.h"

#include "base/domain_name.h"

/* What a label of the DNS is made of, and at neither end of it a hyphen (Let-dig). */
bool smtp_domain_is_well(struct bytes domain)
{
	return domain.size <= SMTP_DOMAIN_MOST && domain_labels_are_good(domain) && domain.data[0] != '-' &&
	       domain.data[domain.size - 1] != '-' && !bytes_contain(domain, BYTES_LITERAL(".-")) &&
	       !bytes_contain(domain, BYTES_LITERAL("-."));
}

bool smtp_literal_read(struct bytes literal, struct addr *ret)
{
	struct bytes tag = BYTES_LITERAL("IPv6:"), text;
	bool is_ipv6;

	if (literal.size < 2 || literal.data[0] != '[' || literal.data[literal.size - 1] != ']')
		return false;
	text = bytes_make(literal.data + 1, literal.size - 2);
	is_ipv6 = bytes_equal_any_case(bytes_first(text, tag.size), tag);
	if (is_ipv6)
		text = bytes_skip(text, tag.size);
	/* An IPv4 address has no colon, one of IPv6 has one, also where it ends in IPv4's form. */
	return (memchr(text.data, ':', text.size) != NULL) == is_ipv6 && addr_parse(text, ret) == 0;
}

/* "@a,@b:" in front of a mailbox, to be passed over (appendix C). */
static bool take_route(struct bytes *rest)
{
	struct bytes route = *rest;

	while (route.size && route.data[0] == '@') {
		size_t size = 0;

		route = bytes_skip(route, 1);
		while (size < route.size && route.data[size] != ',' && route.data[size] != ':')
			size++;
		if (size == route.size || !smtp_domain_is_well(bytes_first(route, size)))
			return false;
		*rest = bytes_skip(route, size + 1);
		if (route.data[size] == ':')
			return true;
		route = *rest;
	}
	return false;
}

/* atext and the dot. Where dots may stand is not asked for: "a..b" and "a." were given out as
 * addresses by a large provider of telephones, and servers take them unless told not to. */
static const bool is_atom_char[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['.'] = true, ['!'] = true, ['#'] = true,
	['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['/'] = true,
	['='] = true, ['?'] = true, ['^'] = true, ['_'] = true, ['`'] = true, ['{'] = true, ['|'] = true, ['}'] = true,
	['~'] = true,
};

/* With both quotes; 0 when it does not end. What is not printable is not here any more. */
static size_t quoted_size(struct bytes rest)
{
	for (size_t i = 1; i < rest.size; i++) {
		if (rest.data[i] == '"')
			return i + 1;
		if (rest.data[i] == '\\')
			i++;
	}
	return 0;
}

static size_t local_part_size(struct bytes rest)
{
	size_t size = 0;

	if (rest.size && rest.data[0] == '"')
		return quoted_size(rest);
	while (size < rest.size && is_atom_char[(uint8_t)rest.data[size]])
		size++;
	return size;
}

/* "@domain" and nothing else. Neither form of a domain can hold a '>', so the first one ends it. */
static bool read_domain(struct bytes text, struct bytes *ret)
{
	struct addr addr;

	if (text.size == 0 || text.data[0] != '@')
		return false;
	*ret = bytes_skip(text, 1);
	return smtp_domain_is_well(*ret) || smtp_literal_read(*ret, &addr);
}

bool smtp_path_take(struct bytes *rest, struct smtp_path *ret)
{
	struct bytes path = *rest, after;
	size_t local, end;

	*ret = (struct smtp_path){ 0 };
	if (path.size == 0 || path.data[0] != '<')
		return false;
	path = bytes_skip(path, 1);
	ret->has_route = path.size && path.data[0] == '@';
	if (ret->has_route && !take_route(&path))
		return false;
	local = local_part_size(path);
	after = bytes_skip(path, local);
	end = bytes_find_char(after, '>');
	if (end == after.size || local > SMTP_LOCAL_PART_MOST ||
	    (size_t)(after.data + end + 1 - rest->data) > SMTP_PATH_MOST)
		return false;
	if (end && (local == 0 || !read_domain(bytes_first(after, end), &ret->domain)))
		return false;
	ret->mailbox = bytes_first(path, local + end);
	ret->local_part = bytes_first(path, local);
	*rest = bytes_skip(after, end + 1);
	return true;
}

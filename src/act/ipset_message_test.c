/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ipset_message.h"

#include <errno.h>
#include <linux/netfilter/ipset/ip_set_hash.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(bytes_of(text), &a), 0);
	return a;
}

/* `ipset add wb6 2001:db8::/64 timeout 600`; numbers of netlink are little-endian here, those of ipset are not. */
static void test_an_element(void **state)
{
	static const uint8_t expected[] = {
		0x50, 0, 0, 0, IPSET_CMD_ADD, NFNL_SUBSYS_IPSET, NLM_F_REQUEST, 0, 7, 0, 0, 0, 0, 0, 0, 0,
		AF_INET6, NFNETLINK_V0, 0, 0,
		5, 0, IPSET_ATTR_PROTOCOL, 0, 6, 0, 0, 0,
		8, 0, IPSET_ATTR_SETNAME, 0, 'w', 'b', '6', 0,
		0x2c, 0, IPSET_ATTR_DATA, 0x80,
		0x18, 0, IPSET_ATTR_IP, 0x80,
		0x14, 0, IPSET_ATTR_IPADDR_IPV6, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		5, 0, IPSET_ATTR_CIDR, 0, 64, 0, 0, 0,
		8, 0, IPSET_ATTR_TIMEOUT, 0x40, 0, 0, 0x02, 0x58,
	};
	struct addr unit = address("2001:db8::");
	uint8_t buffer[256];
	struct nl_writer w;

	nl_writer_init(&w, buffer, sizeof(buffer));
	ipset_change_put(&w, 7, IPSET_PUT, "wb6", &unit, 64, 600);
	assert_false(nl_overflow(&w));
	assert_int_equal(w.used, sizeof(expected));
	assert_memory_equal(buffer, expected, sizeof(expected));
}

static void test_a_time_that_is_too_long_is_the_longest(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint8_t buffer[256], longest[256];
	struct nl_writer w, l;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_writer_init(&l, longest, sizeof(longest));
	ipset_change_put(&w, 7, IPSET_PUT, "wb4", &unit, 0, UINT32_MAX);
	ipset_change_put(&l, 7, IPSET_PUT, "wb4", &unit, 0, IPSET_LONGEST_S);
	assert_int_equal(w.used, l.used);
	assert_memory_equal(buffer, longest, w.used);
}

static size_t put_head(uint8_t *buffer, size_t room, const char *type)
{
	const struct nfgenmsg head = { .nfgen_family = AF_INET };
	struct nl_writer w;
	size_t nest;

	nl_writer_init(&w, buffer, room);
	nl_begin(&w, NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST, 0, 1, &head, sizeof(head));
	nl_put_text(&w, IPSET_ATTR_SETNAME, "wb4");
	nl_put_text(&w, IPSET_ATTR_TYPENAME, type);
	nl_put_u8(&w, IPSET_ATTR_FAMILY, AF_INET6);
	nest = nl_nest_begin(&w, IPSET_ATTR_DATA);
	nl_put_be32(&w, IPSET_ATTR_MAXELEM, 4711);
	nl_put_be32(&w, IPSET_ATTR_TIMEOUT, 600);
	nl_put_be32(&w, IPSET_ATTR_REFERENCES, 2);
	nl_nest_end(&w, nest);
	nl_end(&w);
	return w.used;
}

static void test_a_head(void **state)
{
	uint8_t buffer[256];
	struct bytes stream = bytes_make((const char *)buffer, put_head(buffer, sizeof(buffer), "hash:net"));
	struct nl_message message;
	struct ipset_head head;

	assert_int_equal(nl_next_message(&stream, &message), 1);
	assert_int_equal(ipset_read_head(&message, &head), 0);
	assert_string_equal(head.type, "hash:net");
	assert_true(head.ipv6 && head.timeout);
	assert_int_equal(head.most, 4711);
	assert_int_equal(head.references, 2);

	/* Cut anywhere it is no head, or one of which less is known; nothing behind it is read. */
	for (size_t size = 0; size < message.body.size; size++) {
		struct nl_message cut = message;
		char *copy = malloc(size ? size : 1);

		memcpy(copy, message.body.data, size);
		cut.body = bytes_make(copy, size);
		if (ipset_read_head(&cut, &head) == 0)
			assert_string_equal(head.type, "hash:net");
		free(copy);
	}
}

static void test_a_name_of_a_type_that_is_too_long(void **state)
{
	uint8_t buffer[256];
	struct bytes stream;
	struct nl_message message;
	struct ipset_head head;

	stream = bytes_make((const char *)buffer,
			    put_head(buffer, sizeof(buffer), "hash:0123456789012345678901234567890123456789"));
	assert_int_equal(nl_next_message(&stream, &message), 1);
	assert_int_equal(ipset_read_head(&message, &head), -EBADMSG);
}

static void test_errors_of_its_own(void **state)
{
	static const struct {
		int error, is;
	} rows[] = {
		{ 0, 0 },
		{ -ENOENT, -ENOENT },
		{ -EPERM, -EPERM },
		{ -IPSET_ERR_EXIST, -EEXIST },
		{ -IPSET_ERR_HASH_FULL, -ENOSPC },
		{ -IPSET_ERR_REFERENCED, -EBUSY },
		{ -IPSET_ERR_TIMEOUT, -EPROTOTYPE },
		{ -IPSET_ERR_COMMENT, -EPROTO },
		{ -IPSET_ERR_HASH_ELEM, -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ipset_errno(rows[i].error), rows[i].is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_element),
		cmocka_unit_test(test_a_time_that_is_too_long_is_the_longest),
		cmocka_unit_test(test_a_head),
		cmocka_unit_test(test_a_name_of_a_type_that_is_too_long),
		cmocka_unit_test(test_errors_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/netlink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct bytes written(const struct nl_writer *w)
{
	return bytes_make((const char *)w->data, w->used);
}

static struct nl_message only_message(struct bytes stream)
{
	struct nl_message message, more;

	assert_int_equal(nl_next_message(&stream, &message), 1);
	assert_int_equal(nl_next_message(&stream, &more), 0);
	return message;
}

static struct nl_attribute take(struct bytes *attributes)
{
	struct nl_attribute a;

	assert_int_equal(nl_next_attribute(attributes, &a), 1);
	return a;
}

static void what_is_written_is_read(void **state)
{
	uint8_t buffer[256];
	struct nl_writer w;
	struct nl_message message;
	struct nl_attribute a;
	struct bytes rest, inner;
	size_t nest;

	memset(buffer, 0xaa, sizeof(buffer));
	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, 0x0a01, NLM_F_REQUEST, 4711, "head", 4);
	nl_put_u8(&w, 1, 0x12);
	nl_put_be16(&w, 2, 0x1234);
	nl_put_be32(&w, 3, 0x12345678);
	nl_put_be64(&w, 4, 0x123456789abcdef0);
	nl_put_text(&w, 5, "ban4");
	nest = nl_nest_begin(&w, 6);
	nl_put(&w, 7, NULL, 0);
	nl_nest_end(&w, nest);
	nl_end(&w);
	assert_false(nl_overflow(&w));
	assert_int_equal(w.used % 4, 0);

	message = only_message(written(&w));
	assert_int_equal(message.type, 0x0a01);
	assert_int_equal(message.flags, NLM_F_REQUEST);
	assert_int_equal(message.sequence, 4711);
	assert_memory_equal(message.body.data, "head", 4);
	rest = bytes_skip(message.body, 4);

	a = take(&rest);
	assert_int_equal(a.type, 1);
	assert_true(bytes_equal(a.value, BYTES_LITERAL("\x12")));
	assert_true(bytes_equal(take(&rest).value, BYTES_LITERAL("\x12\x34")));
	a = take(&rest);
	assert_int_equal(nl_get_be32(a.value), 0x12345678);
	assert_int_equal(nl_get_be64(a.value), 0);
	a = take(&rest);
	assert_int_equal(nl_get_be64(a.value), 0x123456789abcdef0);
	assert_int_equal(nl_get_be32(a.value), 0);
	assert_true(bytes_equal(take(&rest).value, BYTES_LITERAL("ban4\0")));
	a = take(&rest);
	assert_int_equal(a.type, 6);
	inner = a.value;
	a = take(&inner);
	assert_int_equal(a.type, 7);
	assert_int_equal(a.value.size, 0);
	assert_int_equal(nl_next_attribute(&inner, &a), 0);
	assert_int_equal(nl_next_attribute(&rest, &a), 0);
}

static void padding_is_zero(void **state)
{
	uint8_t buffer[64];
	struct nl_writer w;

	memset(buffer, 0xaa, sizeof(buffer));
	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, 1, 0, 0, "h", 1);
	nl_put_u8(&w, 1, 0xff);
	nl_end(&w);
	assert_int_equal(w.used, 16 + 4 + 8);
	assert_memory_equal(buffer + 16, "h\0\0\0\5\0\1\0\xff\0\0\0", 12);
	assert_int_equal(buffer[28], 0xaa);
}

static void several_messages(void **state)
{
	uint8_t buffer[200];
	struct nl_writer w;
	struct nl_message message;
	struct bytes stream;

	nl_writer_init(&w, buffer, sizeof(buffer));
	for (uint32_t i = 0; i < 3; i++) {
		nl_begin(&w, (uint16_t)i, 0, i, NULL, 0);
		for (uint32_t j = 0; j < i; j++)
			nl_put_be32(&w, 1, j);
		nl_end(&w);
	}
	stream = written(&w);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(nl_next_message(&stream, &message), 1);
		assert_int_equal(message.sequence, i);
		assert_int_equal(message.body.size, i * 8);
	}
	assert_int_equal(nl_next_message(&stream, &message), 0);
}

/* With each room up to enough: all of it or an overflow, and not a byte behind the room. */
static void a_writer_stays_in_its_room(void **state)
{
	uint8_t buffer[128];

	for (size_t room = 0; room <= 96; room++) {
		struct nl_writer w;
		size_t nest;

		memset(buffer, 0xaa, sizeof(buffer));
		nl_writer_init(&w, buffer, room);
		nl_begin(&w, 1, 0, 0, "head", 4);
		nl_put(&w, 1, "0123456789012345678901234567890123456789", 39);
		nest = nl_nest_begin(&w, 2);
		nl_put_be32(&w, 3, 1);
		nl_nest_end(&w, nest);
		nl_end(&w);
		assert_int_equal(nl_overflow(&w), room < 16 + 4 + 44 + 4 + 8);
		assert_true(w.used <= room);
		for (size_t i = room; i < sizeof(buffer); i++)
			assert_int_equal(buffer[i], 0xaa);
	}
}

static void after_an_overflow_nothing_is_written(void **state)
{
	uint8_t buffer[32];
	struct nl_writer w;
	size_t used;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, 1, 0, 0, NULL, 0);
	nl_put(&w, 1, buffer, 20);
	assert_true(nl_overflow(&w));
	used = w.used;
	nl_put_u8(&w, 1, 1);
	nl_nest_end(&w, nl_nest_begin(&w, 1));
	nl_begin(&w, 1, 0, 0, NULL, 0);
	nl_end(&w);
	assert_true(nl_overflow(&w));
	assert_int_equal(w.used, used);
	assert_int_equal(nl_room(&w, NULL), 0);
}

static void the_length_of_an_attribute_has_16_bits(void **state)
{
	static uint8_t buffer[200000], data[70000];
	struct nl_writer w;
	struct bytes rest;
	size_t nest;

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, 1, 0, 0, NULL, 0);
	nl_put(&w, 1, data, 65531);
	nl_end(&w);
	assert_false(nl_overflow(&w));
	rest = only_message(written(&w)).body;
	assert_int_equal(take(&rest).value.size, 65531);
	nl_put(&w, 1, data, 65532);
	assert_true(nl_overflow(&w));

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_put(&w, 1, data, SIZE_MAX);
	assert_true(nl_overflow(&w));

	nl_writer_init(&w, buffer, sizeof(buffer));
	nl_begin(&w, 1, 0, 0, NULL, 0);
	nest = nl_nest_begin(&w, 1);
	nl_put(&w, 2, data, 40000);
	assert_int_equal(nl_room(&w, &nest), 65535 - 40008);
	nl_put(&w, 2, data, 40000);
	assert_int_equal(nl_room(&w, &nest), 0);
	assert_false(nl_overflow(&w));
	nl_nest_end(&w, nest);
	assert_true(nl_overflow(&w));
}

static void the_room_of_a_nest_is_also_that_of_the_buffer(void **state)
{
	uint8_t buffer[64];
	struct nl_writer w;
	size_t nest;

	nl_writer_init(&w, buffer, sizeof(buffer));
	assert_int_equal(nl_room(&w, NULL), 64);
	nl_begin(&w, 1, 0, 0, NULL, 0);
	nest = nl_nest_begin(&w, 1);
	assert_int_equal(nl_room(&w, NULL), 44);
	assert_int_equal(nl_room(&w, &nest), 44);
}

/* A stream of one message of that length, in a buffer of that size. */
static int read_message(uint32_t length, size_t size)
{
	struct nlmsghdr h = { .nlmsg_len = length };
	char *buffer = calloc(1, size);
	struct bytes stream = { buffer, size };
	struct nl_message message;
	int r;

	assert_non_null(buffer);
	memcpy(buffer, &h, size < sizeof(h) ? size : sizeof(h));
	r = nl_next_message(&stream, &message);
	if (r == 1) {
		assert_int_equal(message.body.size, length - sizeof(h));
		assert_true(stream.data <= buffer + size);
	}
	free(buffer);
	return r;
}

static void broken_messages(void **state)
{
	static const struct {
		uint32_t length;
		size_t size;
		int r;
	} rows[] = {
		{ 16, 16, 1 },		{ 17, 17, 1 },		 { 16, 20, 1 },		  { 19, 20, 1 },
		{ 16, 15, -EBADMSG },	{ 16, 1, -EBADMSG },	 { 17, 16, -EBADMSG },	  { 15, 64, -EBADMSG },
		{ 0, 64, -EBADMSG },	{ 65, 64, -EBADMSG },	 { UINT32_MAX, 64, -EBADMSG },
		{ UINT32_MAX - 2, 64, -EBADMSG }, { 1U << 31, 64, -EBADMSG },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(read_message(rows[i].length, rows[i].size), rows[i].r);
}

static int read_attribute(uint16_t length, size_t size)
{
	struct nlattr h = { .nla_len = length, .nla_type = NLA_F_NESTED | NLA_F_NET_BYTEORDER | 5 };
	char *buffer = calloc(1, size);
	struct bytes rest = { buffer, size };
	struct nl_attribute a;
	int r;

	assert_non_null(buffer);
	memcpy(buffer, &h, size < sizeof(h) ? size : sizeof(h));
	r = nl_next_attribute(&rest, &a);
	if (r == 1) {
		assert_int_equal(a.type, 5);
		assert_int_equal(a.value.size, length - sizeof(h));
		assert_true(rest.data <= buffer + size);
	}
	free(buffer);
	return r;
}

static void broken_attributes(void **state)
{
	static const struct {
		uint16_t length;
		size_t size;
		int r;
	} rows[] = {
		{ 4, 4, 1 },	     { 5, 5, 1 },	  { 5, 8, 1 },	       { 4, 64, 1 },
		{ 65535, 70000, 1 }, { 65535, 65535, 1 }, { 4, 3, -EBADMSG },  { 5, 4, -EBADMSG },
		{ 3, 64, -EBADMSG }, { 0, 64, -EBADMSG }, { 65, 64, -EBADMSG }, { 65535, 65534, -EBADMSG },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(read_attribute(rows[i].length, rows[i].size), rows[i].r);
}

static void nothing_is_the_end(void **state)
{
	struct bytes nothing = { NULL, 0 };

	assert_int_equal(nl_next_message(&nothing, &(struct nl_message){ 0 }), 0);
	assert_int_equal(nl_next_attribute(&nothing, &(struct nl_attribute){ 0 }), 0);
}

static void errors(void **state)
{
	static const int numbers[] = { 0, -ENOENT, -EEXIST, -4095 };
	struct nl_message message = { .type = NLMSG_ERROR };
	int wrong = 2;

	for (size_t i = 0; i < COUNT(numbers); i++) {
		message.body = bytes_make((const char *)&numbers[i], sizeof(numbers[i]));
		assert_int_equal(nl_error(&message), numbers[i]);
	}
	message.body = bytes_make((const char *)&wrong, sizeof(wrong));
	assert_int_equal(nl_error(&message), -EBADMSG);
	message.body.size = 3;
	assert_int_equal(nl_error(&message), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(padding_is_zero),
		cmocka_unit_test(several_messages),
		cmocka_unit_test(a_writer_stays_in_its_room),
		cmocka_unit_test(after_an_overflow_nothing_is_written),
		cmocka_unit_test(the_length_of_an_attribute_has_16_bits),
		cmocka_unit_test(the_room_of_a_nest_is_also_that_of_the_buffer),
		cmocka_unit_test(broken_messages),
		cmocka_unit_test(broken_attributes),
		cmocka_unit_test(nothing_is_the_end),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

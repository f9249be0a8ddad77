/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what the kernel sent: messages and attributes lie within each other, one after
 * the other. And as orders to a writer: what did not overflow is read back. */
#include "wire/netlink.h"

#include <errno.h>
#include <stdlib.h>

#define DEPTH 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void must_lie_in(struct bytes part, struct bytes whole)
{
	must(part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void read_attributes(struct bytes attributes, int depth)
{
	struct bytes whole = attributes;
	struct nl_attribute a;
	int r;

	for (;;) {
		size_t before = attributes.size;

		r = nl_next_attribute(&attributes, &a);
		if (r != 1)
			break;
		must(attributes.size < before);
		must_lie_in(a.value, whole);
		must_lie_in(attributes, whole);
		must(a.value.size == 4 || nl_get_be32(a.value) == 0);
		must(a.value.size == 8 || nl_get_be64(a.value) == 0);
		if (depth < DEPTH)
			read_attributes(a.value, depth + 1);
	}
	must(r == (attributes.size ? -EBADMSG : 0));
}

static void read_stream(struct bytes stream)
{
	struct bytes whole = stream;
	struct nl_message message;
	int r;

	for (;;) {
		size_t before = stream.size;

		r = nl_next_message(&stream, &message);
		if (r != 1)
			break;
		must(stream.size < before);
		must_lie_in(message.body, whole);
		must_lie_in(stream, whole);
		must(nl_error(&message) <= 0);
		read_attributes(message.body, 0);
	}
	must(r == (stream.size ? -EBADMSG : 0));
}

/* One byte an order: what to put, and how much of it. */
static void write_stream(const uint8_t *orders, size_t count)
{
	static const uint8_t content[64];
	uint8_t buffer[512];
	struct nl_writer w;
	size_t nests[DEPTH], depth = 0, written = 0;

	nl_writer_init(&w, buffer, count ? orders[0] * 2U : 0);
	nl_begin(&w, 1, 0, 0, content, 4);
	for (size_t i = 1; i < count; i++) {
		if (orders[i] < 128) {
			nl_put(&w, orders[i], content, orders[i] % 64);
			written += depth == 0;
		} else if (orders[i] < 192 && depth < DEPTH) {
			written += depth == 0;
			nests[depth++] = nl_nest_begin(&w, 1);
		} else if (depth) {
			must(nl_room(&w, &nests[depth - 1]) <= nl_room(&w, NULL));
			nl_nest_end(&w, nests[--depth]);
		}
	}
	while (depth)
		nl_nest_end(&w, nests[--depth]);
	nl_end(&w);
	must(w.used <= w.room);
	if (!nl_overflow(&w)) {
		struct bytes stream = bytes_make((const char *)buffer, w.used), rest;
		struct nl_message message;
		struct nl_attribute a;

		must(nl_next_message(&stream, &message) == 1 && stream.size == 0);
		for (rest = bytes_skip(message.body, 4); nl_next_attribute(&rest, &a) == 1;)
			written--;
		must(written == 0 && rest.size == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_stream(bytes_make((const char *)data, size));
	write_stream(data, size);
	return 0;
}

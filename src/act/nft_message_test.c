/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/nft_message.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#define ROOM (512 * 1024)

struct ground {
	uint8_t *buffer;
	struct nft_batch batch;
};

static int lay_ground(void **state)
{
	struct ground *g = calloc(1, sizeof(*g));

	g->buffer = malloc(ROOM);
	nft_batch_begin(&g->batch, "wavebreak", 100, g->buffer, ROOM);
	*state = g;
	return 0;
}

static int clear_ground(void **state)
{
	struct ground *g = *state;

	free(g->buffer);
	free(g);
	return 0;
}

static struct bytes written(const struct ground *g)
{
	return bytes_make((const char *)g->batch.w.data, g->batch.w.used);
}

/* The messages of a batch without its opening mark, one at each call. */
static struct nl_message next_message(struct bytes *stream)
{
	struct nl_message m;

	assert_int_equal(nl_next_message(stream, &m), 1);
	return m;
}

static struct bytes after_first_message(const struct ground *g)
{
	struct bytes stream = written(g);

	next_message(&stream);
	return stream;
}

static struct bytes attributes_of(const struct nl_message *m)
{
	return bytes_skip(m->body, sizeof(struct nfgenmsg));
}

static struct bytes find(struct bytes attributes, uint16_t type)
{
	struct nl_attribute a;

	while (nl_next_attribute(&attributes, &a) > 0) {
		if (a.type == type)
			return a.value;
	}
	fail_msg("attribute %u is missing", type);
	return attributes;
}

static void assert_text(struct bytes value, const char *text)
{
	assert_int_equal(value.size, strlen(text) + 1);
	assert_memory_equal(value.data, text, value.size);
}

static void batch_is_bracketed_and_numbered(void **state)
{
	struct ground *g = *state;
	struct bytes stream;
	struct nl_message m;
	static const uint16_t types[] = {
		NFNL_MSG_BATCH_BEGIN,
		NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE,
		NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
		NFNL_MSG_BATCH_END,
	};

	nft_table_delete(&g->batch);
	nft_table_add(&g->batch, true);
	assert_int_equal(nft_batch_end(&g->batch), 0);
	assert_int_equal(g->batch.first_sequence, 100);
	assert_int_equal(g->batch.next_sequence, 104);
	stream = written(g);
	for (uint32_t i = 0; i < 4; i++) {
		m = next_message(&stream);
		assert_int_equal(m.type, types[i]);
		assert_int_equal(m.sequence, 100 + i);
		assert_true(m.flags & NLM_F_REQUEST);
	}
	assert_int_equal(stream.size, 0);
}

static void table_says_who_owns_it(void **state)
{
	struct ground *g = *state;
	struct bytes stream;
	struct nl_message m;

	nft_table_add(&g->batch, true);
	nft_table_add(&g->batch, false);
	stream = after_first_message(g);
	m = next_message(&stream);
	assert_int_equal((uint8_t)m.body.data[0], NFPROTO_INET);
	assert_text(find(attributes_of(&m), NFTA_TABLE_NAME), "wavebreak");
	assert_int_equal(nl_get_be32(find(attributes_of(&m), NFTA_TABLE_FLAGS)), NFT_TABLE_F_OWNER);
	m = next_message(&stream);
	assert_int_equal(nl_get_be32(find(attributes_of(&m), NFTA_TABLE_FLAGS)), 0);
}

static void set_says_what_nft_shows(void **state)
{
	static const struct nft_set set = {
		"ban6", NFT_DATATYPE_IPV6_ADDR, 16, NFT_SET_TIMEOUT | NFT_SET_EVAL, 2001024, 60000,
	};
	struct ground *g = *state;
	struct bytes stream, a;
	struct nl_message m;

	nft_set_add(&g->batch, &set);
	stream = after_first_message(g);
	m = next_message(&stream);
	a = attributes_of(&m);
	assert_int_equal(m.type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSET);
	assert_true(m.flags & NLM_F_CREATE);
	assert_text(find(a, NFTA_SET_TABLE), "wavebreak");
	assert_text(find(a, NFTA_SET_NAME), "ban6");
	assert_int_equal(nl_get_be32(find(a, NFTA_SET_KEY_TYPE)), 8);
	assert_int_equal(nl_get_be32(find(a, NFTA_SET_KEY_LEN)), 16);
	assert_int_equal(nl_get_be32(find(a, NFTA_SET_FLAGS)), NFT_SET_TIMEOUT | NFT_SET_EVAL);
	assert_int_equal(nl_get_be32(find(a, NFTA_SET_GC_INTERVAL)), 60000);
	assert_int_equal(nl_get_be32(find(find(a, NFTA_SET_DESC), NFTA_SET_DESC_SIZE)), 2001024);
}

/* Lengths and types in the byte order of the machine, as netlink has them. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define U16(low, high) low, high
#else
#define U16(low, high) high, low
#endif

static void element_is_these_bytes(void **state)
{
	static const uint8_t address[4] = { 192, 0, 2, 7 };
	static const uint8_t expected[] = {
		U16(32, 0), U16(NFTA_SET_ELEM_LIST_ELEMENTS, 0x80),
		U16(28, 0), U16(NFTA_LIST_ELEM, 0x80),
		U16(12, 0), U16(NFTA_SET_ELEM_KEY, 0x80),
		U16(8, 0),  U16(NFTA_DATA_VALUE, 0), 192, 0, 2, 7,
		U16(12, 0), U16(NFTA_SET_ELEM_TIMEOUT, 0), 0, 0, 0, 0, 0x00, 0x09, 0x27, 0xc0,
	};
	struct ground *g = *state;
	struct nft_elements elements;
	struct bytes stream;
	struct nl_message m;

	nft_elements_add(&elements, &g->batch, "ban4");
	nft_elements_put(&elements, address, sizeof(address), 600000);
	nft_elements_end(&elements);
	stream = after_first_message(g);
	m = next_message(&stream);
	assert_int_equal(m.type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM);
	/* Adding what exists has to be allowed. */
	assert_false(m.flags & NLM_F_EXCL);
	assert_text(find(attributes_of(&m), NFTA_SET_ELEM_LIST_SET), "ban4");
	assert_memory_equal(m.body.data + m.body.size - sizeof(expected), expected,
			    sizeof(expected));
}

static void element_takes_no_more_room_than_promised(void **state)
{
	static const uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct ground *g = *state;
	struct nft_elements elements;
	size_t before;

	nft_elements_add(&elements, &g->batch, "ban6");
	before = g->batch.w.used;
	nft_elements_put(&elements, address, sizeof(address), 0);
	assert_true(g->batch.w.used - before <= NFT_ELEMENTS_MESSAGE_BYTES + NFT_ELEMENT_BYTES);
	before = g->batch.w.used;
	nft_elements_put(&elements, address, sizeof(address), 0);
	assert_int_equal(g->batch.w.used - before, NFT_ELEMENT_BYTES);
	before = g->batch.w.used;
	nft_elements_put(&elements, address, sizeof(address), 1);
	assert_int_equal(g->batch.w.used - before, NFT_ELEMENT_WITH_TIMEOUT_BYTES);
	nft_elements_end(&elements);
}

static void empty_list_is_no_message(void **state)
{
	struct ground *g = *state;
	struct nft_elements elements;
	size_t before = g->batch.w.used;

	/* Without elements, a deletion would empty the set. */
	nft_elements_delete(&elements, &g->batch, "ban4");
	nft_elements_end(&elements);
	assert_int_equal(g->batch.w.used, before);
}

static void long_list_is_several_messages(void **state)
{
	struct ground *g = *state;
	struct nft_elements elements;
	struct bytes stream, list, key;
	struct nl_attribute element;
	struct nl_message m;
	uint32_t n, next = 0, messages = 0;

	nft_elements_delete(&elements, &g->batch, "ban4");
	for (n = 0; n < 10000; n++)
		nft_elements_put(&elements, &n, sizeof(n), 0);
	nft_elements_end(&elements);
	assert_int_equal(nft_batch_end(&g->batch), 0);
	for (stream = after_first_message(g);
	     (m = next_message(&stream)).type != NFNL_MSG_BATCH_END; messages++) {
		assert_int_equal(m.type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSETELEM);
		list = find(attributes_of(&m), NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; nl_next_attribute(&list, &element) > 0; next++) {
			key = find(find(element.value, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
			assert_memory_equal(key.data, &next, sizeof(next));
		}
	}
	assert_int_equal(next, 10000);
	assert_int_equal(messages, 3); /* 160,000 bytes */
}

static void full_buffer_is_reported(void **state)
{
	struct ground *g = *state;
	struct nft_elements elements;
	uint32_t n;

	nft_batch_begin(&g->batch, "wavebreak", 1, g->buffer, 1000);
	nft_elements_add(&elements, &g->batch, "ban4");
	for (n = 0; n < 100; n++)
		nft_elements_put(&elements, &n, sizeof(n), 1000);
	nft_elements_end(&elements);
	assert_int_equal(nft_batch_end(&g->batch), -EMSGSIZE);
	assert_true(g->batch.w.used <= 1000);
}

static void questions_name_their_object(void **state)
{
	static const uint8_t address[4] = { 192, 0, 2, 7 };
	struct ground *g = *state;
	struct nl_writer *w = &g->batch.w;
	struct bytes stream, element;
	struct nl_message m;

	nl_writer_init(w, g->buffer, ROOM);
	nft_ask_table(w, 7, "wavebreak");
	nft_ask_element(w, 8, "wavebreak", "ban4", address, sizeof(address));
	nft_ask_counter(w, 9, "wavebreak", "dropped");
	stream = written(g);
	m = next_message(&stream);
	assert_int_equal(m.sequence, 7);
	assert_int_equal(m.type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE);
	assert_false(m.flags & NLM_F_DUMP);
	m = next_message(&stream);
	assert_int_equal(m.sequence, 8);
	/* Never a dump: it is quadratic. */
	assert_false(m.flags & NLM_F_DUMP);
	element = find(find(attributes_of(&m), NFTA_SET_ELEM_LIST_ELEMENTS), NFTA_LIST_ELEM);
	assert_memory_equal(find(find(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE).data, address,
			    4);
	m = next_message(&stream);
	assert_text(find(attributes_of(&m), NFTA_OBJ_NAME), "dropped");
	assert_int_equal(nl_get_be32(find(attributes_of(&m), NFTA_OBJ_TYPE)), NFT_OBJECT_COUNTER);
}

/* An answer of the kernel to nft_ask_element, as it looked on Linux 6.18: the element's
 * timeout stands before what is left of it. */
static struct bytes write_element_answer(struct ground *g, bool with_timeout)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_INET };
	struct nl_writer *w = &g->batch.w;
	size_t list, element, key;

	nl_writer_init(w, g->buffer, ROOM);
	nl_begin(w, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM, 0, 8, &head, sizeof(head));
	nl_put_text(w, NFTA_SET_ELEM_LIST_TABLE, "wavebreak");
	nl_put_text(w, NFTA_SET_ELEM_LIST_SET, "ban4");
	list = nl_nest_begin(w, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = nl_nest_begin(w, NFTA_LIST_ELEM);
	key = nl_nest_begin(w, NFTA_SET_ELEM_KEY);
	nl_put_be32(w, NFTA_DATA_VALUE, 0xc0000207);
	nl_nest_end(w, key);
	if (with_timeout) {
		nl_put_be64(w, NFTA_SET_ELEM_TIMEOUT, 600000);
		nl_put_be64(w, NFTA_SET_ELEM_EXPIRATION, 599123);
	}
	nl_nest_end(w, element);
	nl_nest_end(w, list);
	nl_end(w);
	return written(g);
}

static void element_answer_says_what_is_left(void **state)
{
	struct ground *g = *state;
	struct bytes stream;
	struct nl_message m;
	uint64_t remaining_ms = 0;

	stream = write_element_answer(g, true);
	m = next_message(&stream);
	assert_int_equal(nft_read_element(&m, &remaining_ms), 0);
	assert_int_equal(remaining_ms, 599123);
	stream = write_element_answer(g, false);
	m = next_message(&stream);
	assert_int_equal(nft_read_element(&m, &remaining_ms), 0);
	assert_true(remaining_ms == UINT64_MAX);
}

static void elements_are_read_one_by_one(void **state)
{
	static const uint8_t key[] = { 0xc0, 0, 2, 7 };
	struct ground *g = *state;
	struct bytes stream = write_element_answer(g, true), elements;
	struct nl_message m = next_message(&stream);
	struct nft_element element;
	size_t size = m.body.size;
	char *copy;
	int r;

	assert_int_equal(nft_read_elements(&m, &elements), 0);
	assert_int_equal(nft_next_element(&elements, &element), 1);
	assert_int_equal(element.key.size, sizeof(key));
	assert_memory_equal(element.key.data, key, sizeof(key));
	assert_int_equal(element.remaining_ms, 599123);
	assert_int_equal(nft_next_element(&elements, &element), 0);
	for (size_t cut = 0; cut < size; cut++) {
		copy = malloc(cut ? cut : 1);
		memcpy(copy, m.body.data, cut);
		struct nl_message shorter = { .type = m.type, .body = bytes_make(copy, cut) };
		r = nft_read_elements(&shorter, &elements);
		assert_true(r == -EBADMSG || (r == 0 && nft_next_element(&elements, &element) <= 0));
		free(copy);
	}
}

static void cut_answer_is_an_error_or_whole(void **state)
{
	struct ground *g = *state;
	struct bytes whole = write_element_answer(g, true), stream = whole;
	struct nl_message m = next_message(&stream);
	size_t size = m.body.size;
	uint64_t remaining_ms;
	char *copy;

	/* A copy of just that size, so that a read past the end is seen. */
	for (size_t cut = 0; cut < size; cut++) {
		copy = malloc(cut ? cut : 1);
		memcpy(copy, m.body.data, cut);
		struct nl_message shorter = { .type = m.type, .body = bytes_make(copy, cut) };
		assert_int_equal(nft_read_element(&shorter, &remaining_ms), -EBADMSG);
		free(copy);
	}
}

static void answer_of_another_kind_is_refused(void **state)
{
	struct ground *g = *state;
	struct bytes stream = write_element_answer(g, true);
	struct nl_message m = next_message(&stream);
	struct nft_table_state table;
	uint64_t packets;

	assert_int_equal(nft_read_table(&m, &table), -EBADMSG);
	assert_int_equal(nft_read_counter(&m, &packets), -EBADMSG);
}

static void refusal_is_passed_on(void **state)
{
	struct nlmsgerr refusal = { .error = -ENOENT };
	struct nl_message m = {
		.type = NLMSG_ERROR,
		.body = bytes_make((const char *)&refusal, sizeof(refusal)),
	};
	struct nft_table_state table;
	uint64_t number;

	assert_int_equal(nft_read_element(&m, &number), -ENOENT);
	assert_int_equal(nft_read_counter(&m, &number), -ENOENT);
	assert_int_equal(nft_read_table(&m, &table), -ENOENT);
	refusal.error = 0; /* an acknowledgement is no answer to a question */
	assert_int_equal(nft_read_table(&m, &table), -EBADMSG);
}

#define WITH_GROUND(test) cmocka_unit_test_setup_teardown(test, lay_ground, clear_ground)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GROUND(batch_is_bracketed_and_numbered),
		WITH_GROUND(table_says_who_owns_it),
		WITH_GROUND(set_says_what_nft_shows),
		WITH_GROUND(element_is_these_bytes),
		WITH_GROUND(element_takes_no_more_room_than_promised),
		WITH_GROUND(empty_list_is_no_message),
		WITH_GROUND(long_list_is_several_messages),
		WITH_GROUND(full_buffer_is_reported),
		WITH_GROUND(questions_name_their_object),
		WITH_GROUND(element_answer_says_what_is_left),
		WITH_GROUND(elements_are_read_one_by_one),
		WITH_GROUND(cut_answer_is_an_error_or_whole),
		WITH_GROUND(answer_of_another_kind_is_refused),
		cmocka_unit_test(refusal_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* In every kind of nf_tables message the table's name is attribute 1. */
#define TABLE_ATTRIBUTE 1
_Static_assert(NFTA_TABLE_NAME == TABLE_ATTRIBUTE && NFTA_SET_TABLE == TABLE_ATTRIBUTE &&
		       NFTA_SET_ELEM_LIST_TABLE == TABLE_ATTRIBUTE &&
		       NFTA_CHAIN_TABLE == TABLE_ATTRIBUTE && NFTA_RULE_TABLE == TABLE_ATTRIBUTE &&
		       NFTA_OBJ_TABLE == TABLE_ATTRIBUTE,
	       "the table's attribute differs between messages");

static uint16_t nft_type(uint16_t message)
{
	return (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message);
}

static void put_batch_mark(struct nft_batch *b, uint16_t type)
{
	struct nfgenmsg head = {
		.nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};

	nl_begin(&b->w, type, NLM_F_REQUEST, b->next_sequence++, &head, sizeof(head));
	nl_end(&b->w);
}

void nft_batch_begin(struct nft_batch *b, const char *table, uint32_t sequence, void *buffer,
		     size_t room)
{
	*b = (struct nft_batch){
		.table = table,
		.first_sequence = sequence,
		.next_sequence = sequence,
	};
	nl_writer_init(&b->w, buffer, room);
	put_batch_mark(b, NFNL_MSG_BATCH_BEGIN);
}

int nft_batch_end(struct nft_batch *b)
{
	put_batch_mark(b, NFNL_MSG_BATCH_END);
	return nl_overflow(&b->w) ? -EMSGSIZE : 0;
}

static void begin(struct nl_writer *w, uint16_t message, uint16_t flags, uint32_t sequence,
		  const char *table)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };

	nl_begin(w, nft_type(message), (uint16_t)(NLM_F_REQUEST | flags), sequence, &head,
		 sizeof(head));
	nl_put_text(w, TABLE_ATTRIBUTE, table);
}

void nft_message_begin(struct nft_batch *b, uint16_t message, uint16_t flags)
{
	begin(&b->w, message, flags, b->next_sequence++, b->table);
}

void nft_table_add(struct nft_batch *b, bool owned)
{
	nft_message_begin(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_be32(&b->w, NFTA_TABLE_FLAGS, owned ? NFT_TABLE_F_OWNER : 0);
	nl_end(&b->w);
}

void nft_table_delete(struct nft_batch *b)
{
	nft_message_begin(b, NFT_MSG_DELTABLE, 0);
	nl_end(&b->w);
}

void nft_set_add(struct nft_batch *b, const struct nft_set *set)
{
	size_t description;

	nft_message_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(&b->w, NFTA_SET_NAME, set->name);
	nl_put_be32(&b->w, NFTA_SET_FLAGS, set->flags);
	nl_put_be32(&b->w, NFTA_SET_KEY_TYPE, set->key_type);
	nl_put_be32(&b->w, NFTA_SET_KEY_LEN, set->key_size);
	/* Asked for by the kernel, and used only by rules that name a set by number. */
	nl_put_be32(&b->w, NFTA_SET_ID, b->next_sequence);
	if (set->sweep_ms)
		nl_put_be32(&b->w, NFTA_SET_GC_INTERVAL, set->sweep_ms);
	description = nl_nest_begin(&b->w, NFTA_SET_DESC);
	nl_put_be32(&b->w, NFTA_SET_DESC_SIZE, set->most);
	nl_nest_end(&b->w, description);
	nl_end(&b->w);
}

void nft_set_flush(struct nft_batch *b, const char *set)
{
	nft_message_begin(b, NFT_MSG_DELSETELEM, 0);
	nl_put_text(&b->w, NFTA_SET_ELEM_LIST_SET, set);
	nl_end(&b->w);
}

void nft_counter_add(struct nft_batch *b, const char *counter)
{
	size_t data;

	nft_message_begin(b, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(&b->w, NFTA_OBJ_NAME, counter);
	nl_put_be32(&b->w, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	data = nl_nest_begin(&b->w, NFTA_OBJ_DATA);
	nl_nest_end(&b->w, data);
	nl_end(&b->w);
}

static void put_element(struct nl_writer *w, const void *key, size_t key_size, uint64_t timeout_ms, uint32_t flags)
{
	size_t element = nl_nest_begin(w, NFTA_LIST_ELEM);
	size_t key_nest = nl_nest_begin(w, NFTA_SET_ELEM_KEY);

	nl_put(w, NFTA_DATA_VALUE, key, key_size);
	nl_nest_end(w, key_nest);
	if (flags)
		nl_put_be32(w, NFTA_SET_ELEM_FLAGS, flags);
	if (timeout_ms)
		nl_put_be64(w, NFTA_SET_ELEM_TIMEOUT, timeout_ms);
	nl_nest_end(w, element);
}

void nft_elements_add(struct nft_elements *e, struct nft_batch *b, const char *set)
{
	*e = (struct nft_elements){ .batch = b, .set = set, .message = NFT_MSG_NEWSETELEM };
}

void nft_elements_delete(struct nft_elements *e, struct nft_batch *b, const char *set)
{
	*e = (struct nft_elements){ .batch = b, .set = set, .message = NFT_MSG_DELSETELEM };
}

/* Opens a message where none is open, or where this much does not fit any more. */
static void make_room(struct nft_elements *e, size_t size)
{
	struct nft_batch *b = e->batch;

	if (e->open && nl_room(&b->w, &e->list) < size)
		nft_elements_end(e);
	if (e->open)
		return;
	nft_message_begin(b, e->message, e->message == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
	nl_put_text(&b->w, NFTA_SET_ELEM_LIST_SET, e->set);
	e->list = nl_nest_begin(&b->w, NFTA_SET_ELEM_LIST_ELEMENTS);
	e->open = true;
}

void nft_elements_put(struct nft_elements *e, const void *key, size_t key_size, uint64_t timeout_ms)
{
	make_room(e, NFT_ELEMENT_WITH_TIMEOUT_BYTES);
	put_element(&e->batch->w, key, key_size, timeout_ms, 0);
}

void nft_elements_put_interval(struct nft_elements *e, const void *first, const void *end, size_t key_size)
{
	make_room(e, NFT_INTERVAL_BYTES);
	put_element(&e->batch->w, first, key_size, 0, 0);
	if (end)
		put_element(&e->batch->w, end, key_size, 0, NFT_SET_ELEM_INTERVAL_END);
}

void nft_elements_end(struct nft_elements *e)
{
	if (!e->open)
		return;
	nl_nest_end(&e->batch->w, e->list);
	nl_end(&e->batch->w);
	e->open = false;
}

void nft_ask_table(struct nl_writer *w, uint32_t sequence, const char *table)
{
	begin(w, NFT_MSG_GETTABLE, 0, sequence, table);
	nl_end(w);
}

/* One key a message: the kernel takes a list, but stops at the first key it lacks. */
void nft_ask_element(struct nl_writer *w, uint32_t sequence, const char *table, const char *set,
		     const void *key, size_t key_size)
{
	size_t list;

	begin(w, NFT_MSG_GETSETELEM, 0, sequence, table);
	nl_put_text(w, NFTA_SET_ELEM_LIST_SET, set);
	list = nl_nest_begin(w, NFTA_SET_ELEM_LIST_ELEMENTS);
	put_element(w, key, key_size, 0, 0);
	nl_nest_end(w, list);
	nl_end(w);
}

void nft_ask_elements(struct nl_writer *w, uint32_t sequence, const char *table, const char *set)
{
	begin(w, NFT_MSG_GETSETELEM, NLM_F_DUMP, sequence, table);
	nl_put_text(w, NFTA_SET_ELEM_LIST_SET, set);
	nl_end(w);
}

void nft_ask_counter(struct nl_writer *w, uint32_t sequence, const char *table, const char *counter)
{
	begin(w, NFT_MSG_GETOBJ, 0, sequence, table);
	nl_put_text(w, NFTA_OBJ_NAME, counter);
	nl_put_be32(w, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nl_end(w);
}

/* The attributes of an answer of the expected kind. */
static int open_answer(const struct nl_message *answer, uint16_t message, struct bytes *ret)
{
	int r;

	if (answer->type == NLMSG_ERROR) {
		r = nl_error(answer);
		return r < 0 ? r : -EBADMSG;
	}
	if (answer->type != nft_type(message) || answer->body.size < sizeof(struct nfgenmsg))
		return -EBADMSG;
	*ret = bytes_skip(answer->body, sizeof(struct nfgenmsg));
	return 0;
}

/* The first attribute of that type. Returns 0 or -EBADMSG. */
static int find_attribute(struct bytes attributes, uint16_t type, struct bytes *ret)
{
	struct nl_attribute a;

	while (nl_next_attribute(&attributes, &a) > 0) {
		if (a.type == type) {
			*ret = a.value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int find_be64(struct bytes attributes, uint16_t type, uint64_t *ret)
{
	struct bytes value;

	if (find_attribute(attributes, type, &value) < 0 || value.size != sizeof(*ret))
		return -EBADMSG;
	*ret = nl_get_be64(value);
	return 0;
}

int nft_read_table(const struct nl_message *answer, struct nft_table_state *ret)
{
	struct bytes attributes, flags;
	struct nft_table_state state;
	int r = open_answer(answer, NFT_MSG_NEWTABLE, &attributes);

	if (r < 0)
		return r;
	if (find_attribute(attributes, NFTA_TABLE_FLAGS, &flags) < 0 ||
	    find_be64(attributes, NFTA_TABLE_HANDLE, &state.handle) < 0)
		return -EBADMSG;
	state.owned = nl_get_be32(flags) & NFT_TABLE_F_OWNER;
	*ret = state;
	return 0;
}

int nft_read_element(const struct nl_message *answer, uint64_t *ret_remaining_ms)
{
	struct bytes attributes, elements, element;
	int r = open_answer(answer, NFT_MSG_NEWSETELEM, &attributes);

	if (r < 0)
		return r;
	if (find_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS, &elements) < 0 ||
	    find_attribute(elements, NFTA_LIST_ELEM, &element) < 0)
		return -EBADMSG;
	if (find_be64(element, NFTA_SET_ELEM_EXPIRATION, ret_remaining_ms) < 0)
		*ret_remaining_ms = UINT64_MAX;
	return 0;
}

int nft_read_elements(const struct nl_message *answer, struct bytes *ret_elements)
{
	struct bytes attributes;
	int r = open_answer(answer, NFT_MSG_NEWSETELEM, &attributes);

	if (r == 0 && find_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS, ret_elements) < 0)
		*ret_elements = bytes_make(NULL, 0);
	return r;
}

int nft_next_element(struct bytes *elements, struct nft_element *ret)
{
	struct nl_attribute a;
	struct bytes key;
	int r = nl_next_attribute(elements, &a);

	if (r <= 0)
		return r;
	if (a.type != NFTA_LIST_ELEM || find_attribute(a.value, NFTA_SET_ELEM_KEY, &key) < 0 ||
	    find_attribute(key, NFTA_DATA_VALUE, &ret->key) < 0)
		return -EBADMSG;
	if (find_be64(a.value, NFTA_SET_ELEM_EXPIRATION, &ret->remaining_ms) < 0)
		ret->remaining_ms = UINT64_MAX;
	return 1;
}

int nft_read_counter(const struct nl_message *answer, uint64_t *ret_packets)
{
	struct bytes attributes, data;
	int r = open_answer(answer, NFT_MSG_NEWOBJ, &attributes);

	if (r < 0)
		return r;
	if (find_attribute(attributes, NFTA_OBJ_DATA, &data) < 0)
		return -EBADMSG;
	return find_be64(data, NFTA_COUNTER_PACKETS, ret_packets);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/netlink.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>

#define ALIGN4(size) (((size) + 3) & ~(size_t)3)
#define NEST_MOST UINT16_MAX

void nl_writer_init(struct nl_writer *w, void *buffer, size_t room)
{
	*w = (struct nl_writer){ .data = buffer, .room = room };
}

/* Room for `size` bytes, zeroed up to the alignment; NULL when there is none. */
static uint8_t *take(struct nl_writer *w, size_t size)
{
	uint8_t *at = w->data + w->used;

	if (w->overflow || size > w->room || ALIGN4(size) > w->room - w->used) {
		w->overflow = true;
		return NULL;
	}
	memset(at, 0, ALIGN4(size));
	w->used += ALIGN4(size);
	return at;
}

void nl_begin(struct nl_writer *w, uint16_t type, uint16_t flags, uint32_t sequence, const void *head,
	      size_t head_size)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence };
	uint8_t *at = take(w, sizeof(h) + head_size);

	if (!at)
		return;
	w->message = (size_t)(at - w->data);
	memcpy(at, &h, sizeof(h));
	if (head_size)
		memcpy(at + sizeof(h), head, head_size);
}

void nl_end(struct nl_writer *w)
{
	uint32_t size;

	if (w->overflow)
		return;
	size = (uint32_t)(w->used - w->message);
	memcpy(w->data + w->message + offsetof(struct nlmsghdr, nlmsg_len), &size, sizeof(size));
}

void nl_put(struct nl_writer *w, uint16_t attribute, const void *data, size_t size)
{
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + size), .nla_type = attribute };
	uint8_t *at;

	if (size > NEST_MOST - sizeof(a)) {
		w->overflow = true;
		return;
	}
	at = take(w, sizeof(a) + size);
	if (!at)
		return;
	memcpy(at, &a, sizeof(a));
	if (size)
		memcpy(at + sizeof(a), data, size);
}

void nl_put_u8(struct nl_writer *w, uint16_t attribute, uint8_t value)
{
	nl_put(w, attribute, &value, sizeof(value));
}

void nl_put_be16(struct nl_writer *w, uint16_t attribute, uint16_t value)
{
	value = htobe16(value);
	nl_put(w, attribute, &value, sizeof(value));
}

void nl_put_be32(struct nl_writer *w, uint16_t attribute, uint32_t value)
{
	value = htobe32(value);
	nl_put(w, attribute, &value, sizeof(value));
}

void nl_put_be64(struct nl_writer *w, uint16_t attribute, uint64_t value)
{
	value = htobe64(value);
	nl_put(w, attribute, &value, sizeof(value));
}

void nl_put_text(struct nl_writer *w, uint16_t attribute, const char *text)
{
	nl_put(w, attribute, text, strlen(text) + 1);
}

size_t nl_nest_begin(struct nl_writer *w, uint16_t attribute)
{
	size_t nest = w->used;

	nl_put(w, (uint16_t)(attribute | NLA_F_NESTED), NULL, 0);
	return nest;
}

void nl_nest_end(struct nl_writer *w, size_t nest)
{
	size_t size = w->used - nest;
	uint16_t length = (uint16_t)size;

	if (size > NEST_MOST)
		w->overflow = true;
	if (!w->overflow)
		memcpy(w->data + nest + offsetof(struct nlattr, nla_len), &length, sizeof(length));
}

size_t nl_room(const struct nl_writer *w, const size_t *nest)
{
	size_t room = w->overflow ? 0 : w->room - w->used, held;

	if (!nest)
		return room;
	held = w->used - *nest;
	if (held >= NEST_MOST)
		return 0;
	return room < NEST_MOST - held ? room : NEST_MOST - held;
}

int nl_next_message(struct bytes *stream, struct nl_message *ret)
{
	struct nlmsghdr h;

	if (stream->size == 0)
		return 0;
	if (stream->size < sizeof(h))
		return -EBADMSG;
	memcpy(&h, stream->data, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > stream->size)
		return -EBADMSG;
	*ret = (struct nl_message){
		.type = h.nlmsg_type,
		.flags = h.nlmsg_flags,
		.sequence = h.nlmsg_seq,
		.body = { stream->data + sizeof(h), h.nlmsg_len - sizeof(h) },
	};
	*stream = bytes_skip(*stream, ALIGN4((size_t)h.nlmsg_len));
	return 1;
}

int nl_next_attribute(struct bytes *attributes, struct nl_attribute *ret)
{
	struct nlattr a;

	if (attributes->size == 0)
		return 0;
	if (attributes->size < sizeof(a))
		return -EBADMSG;
	memcpy(&a, attributes->data, sizeof(a));
	if (a.nla_len < sizeof(a) || a.nla_len > attributes->size)
		return -EBADMSG;
	*ret = (struct nl_attribute){
		.type = (uint16_t)(a.nla_type & ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER)),
		.value = { attributes->data + sizeof(a), a.nla_len - sizeof(a) },
	};
	*attributes = bytes_skip(*attributes, ALIGN4((size_t)a.nla_len));
	return 1;
}

int nl_error(const struct nl_message *message)
{
	int error;

	if (message->body.size < sizeof(error))
		return -EBADMSG;
	memcpy(&error, message->body.data, sizeof(error));
	return error > 0 ? -EBADMSG : error;
}

uint32_t nl_get_be32(struct bytes value)
{
	uint32_t n;

	if (value.size != sizeof(n))
		return 0;
	memcpy(&n, value.data, sizeof(n));
	return be32toh(n);
}

uint64_t nl_get_be64(struct bytes value)
{
	uint64_t n;

	if (value.size != sizeof(n))
		return 0;
	memcpy(&n, value.data, sizeof(n));
	return be64toh(n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* netlink - messages to and from the kernel, built and read without a library.
 *
 * Pure: a writer fills a buffer of the caller's, a reader looks at one. Layout from
 * <linux/netlink.h>: a message is a 16-byte head and attributes, all aligned to 4.
 * A writer that runs out of room remembers it (nl_overflow) and writes nothing more, so
 * that only the end has to be checked; an unfinished message is never sent.
 */
#ifndef WAVEBREAK_WIRE_NETLINK_H
#define WAVEBREAK_WIRE_NETLINK_H

#include "base/bytes.h"

#include <linux/netlink.h>

struct nl_writer {
	uint8_t *data;
	size_t room, used;
	size_t message; /* where the open message begins */
	bool overflow;
};

void nl_writer_init(struct nl_writer *w, void *buffer, size_t room);
/* Opens a message with `head` as its family header (nfgenmsg, inet_diag_req_v2 …). */
void nl_begin(struct nl_writer *w, uint16_t type, uint16_t flags, uint32_t sequence, const void *head,
	      size_t head_size);
void nl_end(struct nl_writer *w);

void nl_put(struct nl_writer *w, uint16_t attribute, const void *data, size_t size);
void nl_put_u8(struct nl_writer *w, uint16_t attribute, uint8_t value);
void nl_put_be16(struct nl_writer *w, uint16_t attribute, uint16_t value);
void nl_put_be32(struct nl_writer *w, uint16_t attribute, uint32_t value);
void nl_put_be64(struct nl_writer *w, uint16_t attribute, uint64_t value);
/* With its NUL, as the kernel expects. */
void nl_put_text(struct nl_writer *w, uint16_t attribute, const char *text);
/* Returns the place to give to nl_nest_end. A nest holds at most 65535 bytes; more is
 * an overflow. */
size_t nl_nest_begin(struct nl_writer *w, uint16_t attribute);
void nl_nest_end(struct nl_writer *w, size_t nest);
static inline bool nl_overflow(const struct nl_writer *w)
{
	return w->overflow;
}
/* Room left in the buffer; also bounded by what an open nest may still hold when `nest` is
 * not NULL. */
size_t nl_room(const struct nl_writer *w, const size_t *nest);

struct nl_message {
	uint16_t type, flags;
	uint32_t sequence;
	struct bytes body; /* after the 16-byte head */
};

/* Takes the next message off the stream. Returns 1, 0 at the end, -EBADMSG. */
int nl_next_message(struct bytes *stream, struct nl_message *ret);

struct nl_attribute {
	uint16_t type; /* without the NLA_F_ flags */
	struct bytes value;
};

/* Takes the next attribute off. Returns 1, 0 at the end, -EBADMSG. */
int nl_next_attribute(struct bytes *attributes, struct nl_attribute *ret);

/* The errno an NLMSG_ERROR message carries: 0 for an acknowledgement, else negative;
 * -EBADMSG when it is too short. */
int nl_error(const struct nl_message *message);

uint32_t nl_get_be32(struct bytes value); /* 0 when the size does not fit */
uint64_t nl_get_be64(struct bytes value);

#endif

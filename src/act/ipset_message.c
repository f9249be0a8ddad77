/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ipset_message.h"

#include <errno.h>
#include <linux/netfilter/ipset/ip_set_hash.h>
#include <linux/netfilter/nfnetlink.h>

/* Known to all kernels from 2.6.39 on, and enough; as is the first revision of each type of set. */
#define PROTOCOL IPSET_PROTOCOL_MIN
#define REVISION 0

static void begin(struct nl_writer *w, enum ipset_cmd command, uint16_t flags, uint32_t sequence, const char *set,
		  bool ipv6)
{
	const struct nfgenmsg head = { .nfgen_family = ipv6 ? AF_INET6 : AF_INET, .version = NFNETLINK_V0 };

	nl_begin(w, (uint16_t)(NFNL_SUBSYS_IPSET << 8 | command), NLM_F_REQUEST | flags, sequence, &head, sizeof(head));
	nl_put_u8(w, IPSET_ATTR_PROTOCOL, PROTOCOL);
	nl_put_text(w, IPSET_ATTR_SETNAME, set);
}

static void put_number(struct nl_writer *w, uint16_t attribute, uint32_t value)
{
	nl_put_be32(w, attribute | NLA_F_NET_BYTEORDER, value);
}

void ipset_create_put(struct nl_writer *w, uint32_t sequence, const char *set, const struct ipset_kind *kind,
		      uint32_t most, uint32_t timeout_s)
{
	size_t nest;

	begin(w, IPSET_CMD_CREATE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sequence, set, kind->ipv6);
	nl_put_text(w, IPSET_ATTR_TYPENAME, kind->type);
	nl_put_u8(w, IPSET_ATTR_REVISION, REVISION);
	nl_put_u8(w, IPSET_ATTR_FAMILY, kind->ipv6 ? AF_INET6 : AF_INET);
	nest = nl_nest_begin(w, IPSET_ATTR_DATA);
	put_number(w, IPSET_ATTR_TIMEOUT, timeout_s);
	put_number(w, IPSET_ATTR_MAXELEM, most);
	nl_nest_end(w, nest);
	nl_end(w);
}

void ipset_flush_put(struct nl_writer *w, uint32_t sequence, const char *set)
{
	begin(w, IPSET_CMD_FLUSH, NLM_F_ACK, sequence, set, false);
	nl_end(w);
}

void ipset_destroy_put(struct nl_writer *w, uint32_t sequence, const char *set)
{
	begin(w, IPSET_CMD_DESTROY, NLM_F_ACK, sequence, set, false);
	nl_end(w);
}

void ipset_ask_head(struct nl_writer *w, uint32_t sequence, const char *set)
{
	begin(w, IPSET_CMD_LIST, NLM_F_ACK | NLM_F_DUMP, sequence, set, false);
	put_number(w, IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
	nl_end(w);
}

static void put_address(struct nl_writer *w, const struct addr *unit)
{
	size_t nest = nl_nest_begin(w, IPSET_ATTR_IP);

	if (unit->family == ADDR_IPV6)
		nl_put(w, IPSET_ATTR_IPADDR_IPV6 | NLA_F_NET_BYTEORDER, unit->octets, 16);
	else
		nl_put(w, IPSET_ATTR_IPADDR_IPV4 | NLA_F_NET_BYTEORDER, unit->octets, 4);
	nl_nest_end(w, nest);
}

void ipset_change_put(struct nl_writer *w, uint32_t sequence, enum ipset_change change, const char *set,
		      const struct addr *unit, uint8_t length, uint32_t timeout_s)
{
	static const enum ipset_cmd commands[] = {
		[IPSET_PUT] = IPSET_CMD_ADD, [IPSET_TAKE] = IPSET_CMD_DEL, [IPSET_HAS] = IPSET_CMD_TEST,
	};
	size_t nest;

	begin(w, commands[change], change == IPSET_HAS ? NLM_F_ACK : 0, sequence, set, unit->family == ADDR_IPV6);
	nest = nl_nest_begin(w, IPSET_ATTR_DATA);
	put_address(w, unit);
	if (length)
		nl_put_u8(w, IPSET_ATTR_CIDR, length);
	if (change == IPSET_PUT)
		put_number(w, IPSET_ATTR_TIMEOUT, timeout_s < IPSET_LONGEST_S ? timeout_s : IPSET_LONGEST_S);
	nl_nest_end(w, nest);
	nl_end(w);
}

static void read_data(struct bytes data, struct ipset_head *ret)
{
	struct nl_attribute a;

	while (nl_next_attribute(&data, &a) == 1) {
		if (a.type == IPSET_ATTR_TIMEOUT)
			ret->timeout = true;
		else if (a.type == IPSET_ATTR_MAXELEM)
			ret->most = nl_get_be32(a.value);
		else if (a.type == IPSET_ATTR_REFERENCES)
			ret->references = nl_get_be32(a.value);
	}
}

int ipset_read_head(const struct nl_message *answer, struct ipset_head *ret)
{
	struct bytes rest = bytes_skip(answer->body, sizeof(struct nfgenmsg));
	struct nl_attribute a;
	int r;

	*ret = (struct ipset_head){ .type = "" };
	if (answer->type == NLMSG_ERROR) {
		r = ipset_errno(nl_error(answer));
		return r ? r : -EAGAIN;
	}
	if (answer->type == NLMSG_DONE)
		return -EAGAIN;
	if (answer->type >> 8 != NFNL_SUBSYS_IPSET)
		return -EBADMSG;
	while ((r = nl_next_attribute(&rest, &a)) == 1) {
		if (a.type == IPSET_ATTR_TYPENAME && a.value.size && a.value.size <= sizeof(ret->type))
			memcpy(ret->type, a.value.data, a.value.size - 1);
		else if (a.type == IPSET_ATTR_FAMILY && a.value.size == 1)
			ret->ipv6 = a.value.data[0] == AF_INET6;
		else if (a.type == IPSET_ATTR_DATA)
			read_data(a.value, ret);
	}
	return r < 0 || !ret->type[0] ? -EBADMSG : 0;
}

int ipset_errno(int error)
{
	switch (-error) {
	case IPSET_ERR_EXIST:
		return -EEXIST;
	case IPSET_ERR_HASH_FULL:
		return -ENOSPC;
	case IPSET_ERR_BUSY:
	case IPSET_ERR_REFERENCED:
		return -EBUSY;
	case IPSET_ERR_FIND_TYPE:
		return -EOPNOTSUPP;
	case IPSET_ERR_TYPE_MISMATCH:
	case IPSET_ERR_TIMEOUT:
		return -EPROTOTYPE;
	case IPSET_ERR_MAX_SETS:
		return -ENFILE;
	}
	return error <= -IPSET_ERR_PRIVATE ? -EPROTO : error;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_private.h"

#include <errno.h>

/* The whole table under another name, as a batch without an end. */
static int rehearse(struct ban_table *ban, bool owned, bool steered)
{
	const struct ban_lacks lacks = { .steering = steered ? 0 : -EOPNOTSUPP };
	const struct nft_guard guard = ban_guard(ban, &lacks);
	struct nft_batch batch;
	uint32_t refused;

	nft_batch_begin(&batch, BAN_REHEARSAL_NAME, ban->sequence, ban->buffer, BAN_BUFFER_SIZE);
	ban_put_table(ban, &guard, &batch, owned);
	ban->sequence = batch.next_sequence;
	return nft_transaction_run(ban->fd, &batch, &refused);
}

static struct ban_probe probe_result(int error, bool owned)
{
	switch (error) {
	case 0:
		if (owned)
			return (struct ban_probe){ BAN_SUPPORT_FULL, 0, "yes" };
		return (struct ban_probe){
			BAN_SUPPORT_UNOWNED, 0,
			"yes, but bans stay in the kernel when the daemon is killed "
			"(tables have an owner from Linux 5.12 on)"
		};
	case -EPERM:
	case -EACCES:
		return (struct ban_probe){ BAN_SUPPORT_FORBIDDEN, error,
					   "not permitted: root or CAP_NET_ADMIN is needed" };
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return (struct ban_probe){ BAN_SUPPORT_NONE, error,
					   "no: this kernel has no nf_tables" };
	default:
		return (struct ban_probe){
			BAN_SUPPORT_PARTIAL, error,
			"no: this kernel's nf_tables lacks something that the ban "
			"table needs"
		};
	}
}

/* Owned where that can be. */
static int rehearse_any(struct ban_table *ban, bool steered, bool *ret_owned)
{
	int r = rehearse(ban, true, steered);

	*ret_owned = r != -EOPNOTSUPP;
	return *ret_owned ? r : rehearse(ban, false, steered);
}

static int open_example(struct ban_table **ret)
{
	const struct ban_table_limits example = {
		.ban_for_ms = 600000, .most = 1, .ports = { 25 }, .port_count = 1,
		.steer = BAN_STEER_SUSPECT, .steer_ports = { 25 }, .steer_port_count = 1, .steer_to = 8025,
	};

	return ban_open(&example, ret);
}

struct ban_probe ban_probe(void)
{
	struct ban_table *ban;
	bool owned = true;
	int r = open_example(&ban);

	if (r < 0)
		return probe_result(r, owned);
	r = rehearse_any(ban, false, &owned);
	ban_close(ban);
	return probe_result(r, owned);
}

struct ban_probe steer_probe(void)
{
	struct ban_probe probe = ban_probe();
	struct ban_table *ban;
	bool owned;
	int r;

	if (probe.support != BAN_SUPPORT_FULL && probe.support != BAN_SUPPORT_UNOWNED)
		return probe;
	r = open_example(&ban);
	if (r == 0) {
		r = rehearse_any(ban, true, &owned);
		ban_close(ban);
	}
	if (r == 0)
		return (struct ban_probe){ probe.support, 0, "yes" };
	return (struct ban_probe){ BAN_SUPPORT_PARTIAL, r,
				   "no: this kernel's nf_tables has no TPROXY (the modules nft_tproxy and nft_fib_inet)" };
}

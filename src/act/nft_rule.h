/* SPDX-License-Identifier: Apache-2.0 */
/* nft_rule - the rules of the table, as nf_tables messages. No I/O.
 *
 * As `nft list table inet wavebreak` shows them, with every limit set and steer = suspect (the lines for IPv6
 * look like those for IPv4, with `ip6 saddr`, and a mask where the set holds /64 networks):
 *
 *	chain input {
 *		type filter hook input priority filter - 10; policy accept;
 *		tcp flags syn / syn,ack tcp dport @ports meta l4proto @alive goto arriving
 *	}
 *	chain arriving {
 *		meta mark != 0x0000004d counter name "arrivals"
 *		ip saddr @ban4 update @ban4 { ip saddr timeout 10m } counter name "dropped" drop
 *		meta mark 0x0000004d return
 *		iif "lo" return
 *		ip saddr @never4 return
 *		update @rate4 { ip saddr timeout 1m limit rate over 10/second burst 50 packets } goto over_address
 *		update @net4 { ip saddr & 255.255.255.0 timeout 1m limit rate over 40/second burst 200 packets }
 *			counter name "over_network" drop
 *		limit rate over 500/second burst 2500 packets counter name "over_total" drop
 *	}
 *	chain over_address {
 *		update @suspect4 { ip saddr timeout 1h }
 *		counter name "over_address" drop
 *	}
 *	chain steer {
 *		type filter hook prerouting priority mangle; policy accept;
 *		tcp flags syn / syn,ack tcp dport @steer_ports goto steering
 *	}
 *	chain steering {
 *		ip saddr @suspect4 goto to_gate
 *		ip saddr @network4 goto to_gate
 *	}
 *	chain to_gate {
 *		iif "lo" return
 *		ip saddr @never4 return
 *		tcp flags syn / syn,ack meta l4proto @steering meta mark != 0x0000004d meta nfproto ipv4
 *			fib daddr type local tproxy ip to 127.0.0.1:8025 counter name "steered" accept
 *	}
 *
 * Only the packet that asks for a new connection is ever dropped: a live connection of a
 * banned client still has to acknowledge its 5xx, and is ended by eviction. That test
 * comes first, so every other packet on the host pays for one comparison and no lookup.
 * `alive` holds the one element "tcp" with a timeout of seconds: when the daemon hangs and
 * no longer refreshes it, nothing reaches `arriving`; `steering` is the same for the gate.
 * Every test is of the kind "what is so goes on to be dropped (or led away)", so what cannot be
 * seen is let in, and a rate set that is full bounds nobody new.
 *
 * An address is counted before its network is, and what is over its own rate takes nothing of the network's: its
 * neighbours do not pay for it. Over a rate, the set of suspects is changed by a rule of its own: when that set is
 * full, the packet is dropped all the same.
 *
 * The SYN alone is led there: what belongs to a connection, also one that is only asked for, stays with it,
 * whoever has it. So the other packets of a mail pay for one comparison. With SYN cookies it is the last ACK of the
 * handshake that looks for the listener, and comes to the mail server's, whose kernel may know nothing of it. That
 * takes thousands of half-open connections of suspects, and is their trouble alone. With steer = all it would be
 * everybody's, so there all packets to these ports go on (`meta l4proto tcp tcp dport @steer_ports goto steering`,
 * and a second rule without a counter in to_gate). Without a listener at that port the rule ends, and the mail server
 * gets the packet. A packet for another host is none of ours.
 *
 * Where nobody is steered there is no chain at that hook at all (TPROXY has the kernel put fragments together).
 *
 * ban6, suspect6 and net6 hold /64 networks: the first half of an address with the second half zero.
 */
#ifndef WAVEBREAK_ACT_NFT_RULE_H
#define WAVEBREAK_ACT_NFT_RULE_H

#include "act/nft_expression.h"

/* Sets, which have to be made before the rules. */
#define NFT_GUARD_ALIVE "alive"
#define NFT_GUARD_PORTS "ports"
#define NFT_GUARD_BAN4 "ban4"
#define NFT_GUARD_BAN6 "ban6"
#define NFT_GUARD_SUSPECT4 "suspect4"
#define NFT_GUARD_SUSPECT6 "suspect6"
#define NFT_GUARD_NETWORK4 "network4"
#define NFT_GUARD_NETWORK6 "network6"
#define NFT_GUARD_NEVER4 "never4"
#define NFT_GUARD_NEVER6 "never6"
#define NFT_GUARD_RATE4 "rate4"
#define NFT_GUARD_RATE6 "rate6"
#define NFT_GUARD_NET4 "net4"
#define NFT_GUARD_NET6 "net6"
#define NFT_GUARD_STEERING "steering"
#define NFT_GUARD_STEER_PORTS "steer_ports"

/* Counters, likewise. */
#define NFT_GUARD_ARRIVALS "arrivals"
#define NFT_GUARD_DROPPED "dropped"
#define NFT_GUARD_OVER_ADDRESS "over_address"
#define NFT_GUARD_OVER_NETWORK "over_network"
#define NFT_GUARD_OVER_TOTAL "over_total"
#define NFT_GUARD_STEERED "steered"

/* How long a rate set remembers who has been quiet: longer than any bucket takes to fill again. */
#define NFT_RATE_MEMORY_MS 60000

struct nft_guard {
	uint64_t ban_for_ms; /* the timeout a dropped client starts again with */
	uint32_t own_mark;   /* of our own connections, which are no arrivals; 0: none */
	struct nft_rate per_address, per_network, total;
	uint64_t suspect_for_ms; /* who is over per_address becomes a suspect for so long; 0: nobody does */
	bool steer, steer_all;
	uint16_t steer_to; /* the port of loopback */
};

/* All chains with their rules. */
void nft_guard_add(struct nft_batch *batch, const struct nft_guard *guard);
/* Exchanges the rules that depend on a setting; no packet sees a chain empty. */
void nft_guard_replace(struct nft_batch *batch, const struct nft_guard *before, const struct nft_guard *guard);

#endif

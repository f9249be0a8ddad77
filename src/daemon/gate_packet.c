/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_packet.h"

#include <errno.h>
#include <sys/socket.h>

static const struct {
	size_t item, most;
} kinds[] = {
	[GATE_PACKET_REPORTS] = { sizeof(struct gate_report), GATE_REPORTS_MOST },
	[GATE_PACKET_STATE] = { sizeof(struct gate_state), 1 },
	[GATE_PACKET_HELLO] = { 0, 0 },
	[GATE_PACKET_KNOWN] = { sizeof(struct gate_known), GATE_ADDRS_MOST },
	[GATE_PACKET_PASSED] = { sizeof(struct addr), GATE_ADDRS_MOST },
	[GATE_PACKET_REFUSED] = { sizeof(struct gate_refused), GATE_ADDRS_MOST },
	[GATE_PACKET_ALLOWED] = { sizeof(struct prefix_entry), GATE_ADDRS_MOST },
	[GATE_PACKET_WAVE] = { sizeof(uint32_t), 1 },
};

#define HEAD offsetof(struct gate_packet, reports)

/* 0 for what is no packet. */
static size_t size_of(const struct gate_packet *packet)
{
	uint32_t kind = packet->head.kind;

	if (kind < GATE_PACKET_REPORTS || kind >= sizeof(kinds) / sizeof(kinds[0]) ||
	    packet->head.count > kinds[kind].most)
		return 0;
	return HEAD + packet->head.count * kinds[kind].item;
}

static bool is_family(uint8_t family)
{
	return family == ADDR_IPV4 || family == ADDR_IPV6;
}

static bool report_is_well(struct gate_report *report)
{
	report->talk[sizeof(report->talk) - 1] = '\0';
	for (char *c = report->talk; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return is_family(report->client.family) && report->kind >= GATE_REPORT_REFUSED &&
	       report->kind <= GATE_REPORT_PASSED;
}

static bool prefix_is_well(struct prefix_entry *entry)
{
	entry->why[sizeof(entry->why) - 1] = '\0';
	return is_family(entry->prefix.addr.family) &&
	       entry->prefix.length <= (entry->prefix.addr.family == ADDR_IPV4 ? 32 : 128);
}

static bool items_are_well(struct gate_packet *packet)
{
	bool well = true;

	for (uint32_t i = 0; i < packet->head.count && well; i++) {
		switch ((enum gate_packet_kind)packet->head.kind) {
		case GATE_PACKET_REPORTS:
			well = report_is_well(&packet->reports[i]);
			break;
		case GATE_PACKET_STATE:
			well = packet->state.zone_count <= ZONES_MOST;
			break;
		case GATE_PACKET_PASSED:
			well = is_family(packet->passed[i].family);
			break;
		case GATE_PACKET_KNOWN:
			well = is_family(packet->known[i].client.family);
			break;
		case GATE_PACKET_HELLO:
			break;
		case GATE_PACKET_REFUSED:
			well = is_family(packet->refused[i].client.family);
			break;
		case GATE_PACKET_ALLOWED:
			well = prefix_is_well(&packet->allowed[i]);
			break;
		case GATE_PACKET_WAVE:
			well = packet->wave <= 1;
			break;
		}
	}
	return well;
}

int gate_packet_send(int socket, const struct gate_packet *packet)
{
	size_t size = size_of(packet);

	if (size == 0)
		return -EINVAL;
	return send(socket, packet, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int gate_packet_receive(int socket, struct gate_packet *packet)
{
	ssize_t n = recv(socket, packet, sizeof(*packet), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n == 0)
		return 0;
	if ((size_t)n < HEAD || (size_t)n > sizeof(*packet) || (size_t)n != size_of(packet) || !items_are_well(packet))
		return -EBADMSG;
	return 1;
}

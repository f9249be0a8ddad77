/* SPDX-License-Identifier: Apache-2.0 */
#include "act/backend.h"

#include "act/ban_command.h"
#include "act/ipset.h"
#include "act/xt_recent.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

struct ban_backend {
	enum backend kind;
	struct loop *loop;
	struct ban_table *const *table;
	/* What it was opened with, and the one of these that it is. */
	char *list;
	uint32_t most;
	uint64_t ban_for_ms;
	char **program;
	struct xt_recent *recent;
	struct ipset *ipset;
	struct ban_command *command;
	bool resting;
};

static void drop_program(char **program)
{
	for (size_t i = 0; program && program[i]; i++)
		free(program[i]);
	free(program);
}

static int copy_program(const struct word_list *program, char ***ret)
{
	char **copy = calloc(program->count + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < program->count; i++) {
		copy[i] = strdup(program->words[i]);
		if (!copy[i]) {
			drop_program(copy);
			return -ENOMEM;
		}
	}
	*ret = copy;
	return copy ? 0 : -ENOMEM;
}

static int open_kind(struct ban_backend *b)
{
	const struct ban_command_limits command = { .words = b->program, .most = b->most };

	switch (b->kind) {
	case BACKEND_NFT:
		return 0;
	case BACKEND_RECENT:
		return xt_recent_open(b->list, b->ban_for_ms, &b->recent);
	case BACKEND_IPSET:
		return ipset_open(b->list, b->ban_for_ms, b->most, &b->ipset);
	case BACKEND_COMMAND:
		return ban_command_open(b->loop, &command, &b->command);
	}
	return -EINVAL;
}

static void close_kind(struct ban_backend *b)
{
	xt_recent_close(b->recent);
	ipset_close(b->ipset);
	ban_command_close(b->command);
	b->recent = NULL;
	b->ipset = NULL;
	b->command = NULL;
}

static void dismiss(struct ban_backend *b)
{
	free(b->list);
	drop_program(b->program);
	free(b);
}

static const char *error_text(int error)
{
	if (error == -EOPNOTSUPP)
		return "this kernel has no ipset: CONFIG_IP_SET, CONFIG_IP_SET_HASH_IP, CONFIG_IP_SET_HASH_NET";
	return strerror(-error);
}

int backend_open(struct loop *loop, const struct backend_limits *limits, struct ban_table *const *table,
		 struct ban_backend **ret)
{
	static const char *const names[] = {
#define BACKEND(id, name, help) [BACKEND_##id] = name,
#include "defs/backends.def"
#undef BACKEND
	};
	struct ban_backend *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	*b = (struct ban_backend){ .kind = limits->kind, .loop = loop, .table = table, .most = limits->most,
				   .ban_for_ms = limits->ban_for_ms };
	b->list = strdup(limits->list ? limits->list : "");
	r = b->list ? copy_program(&limits->program, &b->program) : -ENOMEM;
	if (r == 0)
		r = open_kind(b);
	if (r < 0) {
		log_error("ban.backend = %s cannot be used: %s", names[limits->kind], error_text(r));
		dismiss(b);
		return r;
	}
	*ret = b;
	return 0;
}

void backend_close(struct ban_backend *b)
{
	if (!b)
		return;
	close_kind(b);
	dismiss(b);
}

void backend_rest(struct ban_backend *b)
{
	if (!b || b->kind == BACKEND_NFT)
		return;
	/* A command's bans stay: to clear them would only have it told twice. */
	if (b->command) {
		ban_command_rest(b->command);
		return;
	}
	close_kind(b);
	b->resting = true;
}

static bool same_program(char *const *ours, const struct word_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (!ours[i] || strcmp(ours[i], words->words[i]) != 0)
			return false;
	}
	return !ours[words->count];
}

bool backend_takes(struct ban_backend *b, const struct backend_limits *limits)
{
	if (b->kind != limits->kind || b->resting)
		return false;
	if (b->kind == BACKEND_COMMAND ? !same_program(b->program, &limits->program)
				       : b->kind != BACKEND_NFT && strcmp(b->list, limits->list) != 0)
		return false;
	if (b->kind != BACKEND_NFT && b->most < limits->most)
		return false;
	b->ban_for_ms = limits->ban_for_ms;
	if (b->recent)
		xt_recent_set_time(b->recent, b->ban_for_ms);
	if (b->ipset)
		ipset_set_time(b->ipset, b->ban_for_ms);
	return true;
}

static int apply_one(struct ban_backend *b, const struct ban_change *change)
{
	if (b->recent)
		return change->timeout_ms
			       ? xt_recent_ban(b->recent, &change->unit, change->timeout_ms, change->replace)
			       : xt_recent_unban(b->recent, &change->unit);
	if (b->command)
		return change->timeout_ms
			       ? ban_command_ban(b->command, &change->unit, change->timeout_ms, change->replace)
			       : ban_command_unban(b->command, &change->unit);
	return 0;
}

/* Those of one list that follow each other. */
static size_t run_length(const struct ban_change *changes, size_t count)
{
	size_t n = 1;

	while (n < count && changes[n].list == changes[0].list)
		n++;
	return n;
}

static int apply_bans(struct ban_backend *b, const struct ban_change *changes, size_t count)
{
	int r = 0, one;

	if (b->ipset) {
		r = ipset_apply(b->ipset, changes, count);
	} else {
		for (size_t i = 0; i < count; i++) {
			one = apply_one(b, &changes[i]);
			r = r ? r : one;
		}
	}
	return r == -ENOENT ? 0 : r; /* backend_alive tells */
}

int backend_apply(struct ban_backend *b, const struct ban_change *changes, size_t count)
{
	size_t n;
	int r = 0, one;

	if (b->kind == BACKEND_NFT)
		return *b->table ? ban_apply(*b->table, changes, count) : 0;
	for (; count; changes += n, count -= n) {
		n = run_length(changes, count);
		if (changes->list == BAN_LIST_BANNED)
			one = apply_bans(b, changes, n);
		else
			one = *b->table ? ban_apply(*b->table, changes, n) : 0;
		/* That the table is gone is to be known before all else. */
		if (one < 0 && (r == 0 || one == -ENOENT))
			r = one;
	}
	return r;
}

int backend_query(struct ban_backend *b, const struct addr *unit, uint64_t *ret_remaining_ms)
{
	*ret_remaining_ms = 0;
	if (b->kind == BACKEND_NFT)
		return *b->table ? ban_query(*b->table, unit, 1, ret_remaining_ms) : 0;
	if (b->recent)
		return xt_recent_query(b->recent, unit, ret_remaining_ms);
	if (b->ipset)
		return ipset_query(b->ipset, unit, ret_remaining_ms);
	return b->command ? ban_command_query(b->command, unit, ret_remaining_ms) : 0;
}

int backend_clear(struct ban_backend *b)
{
	/* Of others backend_alive tells. */
	if (b->recent)
		(void)xt_recent_clear(b->recent);
	if (b->ipset)
		(void)ipset_clear(b->ipset);
	if (b->command)
		(void)ban_command_clear(b->command);
	return *b->table ? ban_clear(*b->table) : 0;
}

int backend_alive(struct ban_backend *b)
{
	int r;

	if (b->kind == BACKEND_NFT)
		return 0;
	if (b->resting) {
		r = open_kind(b);
		b->resting = r < 0;
		return r < 0 ? r : -ENOENT;
	}
	if (b->recent)
		return xt_recent_alive(b->recent);
	if (b->ipset)
		return ipset_alive(b->ipset);
	return b->command ? ban_command_alive(b->command) : 0;
}

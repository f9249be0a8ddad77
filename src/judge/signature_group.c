/* SPDX-License-Identifier: Apache-2.0 */
/* The sealing of a signature set: groups, and the tables that find them by name. */
#include "judge/signature.h"

#include <errno.h>
#include <stdlib.h>

/* Names are short and differ at their ends ("imapd", "imapd-ssl"), so the size and four bytes
 * from each end tell them apart; whoever writes a tag into a line gains nothing by a
 * collision, as a group is taken only when the whole name is the same. */
static size_t name_hash(struct bytes name)
{
	uint32_t front = 0, back = 0;
	uint64_t hash;

	if (name.size >= 4) {
		memcpy(&front, name.data, 4);
		memcpy(&back, name.data + name.size - 4, 4);
	} else if (name.size) {
		memcpy(&front, name.data, name.size);
	}
	hash = ((front ^ name.size) * 0x9e3779b97f4a7c15ULL + back) * 0x9e3779b97f4a7c15ULL;
	return (size_t)(hash >> 40);
}

static struct signature_group *find(const struct signature_set *set, const uint16_t *table,
				    struct bytes name)
{
	for (size_t slot = name_hash(name);; slot++) {
		size_t index = table[slot & (set->slots - 1)];

		if (index == 0)
			return NULL;
		if (bytes_equal(set->groups[index - 1].name, name))
			return &set->groups[index - 1];
	}
}

const struct signature_group *signature_set_by_tag(const struct signature_set *set,
						   struct bytes tag)
{
	return find(set, set->by_tag, tag);
}

const struct signature_group *signature_set_by_name(const struct signature_set *set,
						    struct bytes name)
{
	return find(set, set->by_name, name);
}

/* A group for the name, when the table has none yet. */
static void add_group(struct signature_set *set, uint16_t *table, struct bytes name,
		      const struct service *service)
{
	size_t slot = name_hash(name);
	struct signature_group *group;

	if (find(set, table, name))
		return;
	group = &set->groups[set->group_count];
	group->name = name;
	group->server = service->server;
	group->id = (uint32_t)set->group_count;
	set->group_count++;
	while (table[slot & (set->slots - 1)])
		slot++;
	table[slot & (set->slots - 1)] = (uint16_t)set->group_count;
}

static bool is_member(const struct signature_set *set, const struct signature_group *group,
		      const struct service *service)
{
	if (group->id >= set->tag_group_count)
		return bytes_equal(group->name, bytes_of(service->name)) ||
		       bytes_equal(group->name, bytes_of(service->server));
	for (size_t i = 0; i < service->tag_count; i++)
		if (bytes_equal(group->name, bytes_of(service->tags[i])))
			return true;
	return false;
}

static bool takes_part(const struct signature_set *set, const struct signature_group *group,
		       const struct signature *signature)
{
	return !signature->replaced && is_member(set, group, signature->service);
}

static const struct bytes *start_of(const struct signature_set *set,
				    const struct signature *signature)
{
	return &set->patterns[signature->pattern].start;
}

/* Class 0 are all bytes with which no signature of the group has to begin. */
static uint8_t number_classes(const struct signature_set *set, struct signature_group *group)
{
	uint8_t classes = 1;

	for (size_t i = 0; i < set->signature_count; i++) {
		const struct bytes *start = start_of(set, set->signatures[i]);

		if (!takes_part(set, group, set->signatures[i]) || start->size == 0)
			continue;
		/* 255 at most: a 256th first byte stays in class 0 with nothing lost, because
		 * the start is compared once more. */
		if (group->class_of[(uint8_t)start->data[0]] == 0 && classes < UINT8_MAX)
			group->class_of[(uint8_t)start->data[0]] = classes++;
	}
	return classes;
}

static bool is_in_class(const struct signature_set *set, const struct signature_group *group,
			uint8_t class, const struct signature *signature)
{
	const struct bytes *start = start_of(set, signature);

	if (!takes_part(set, group, signature))
		return false;
	return start->size == 0 || group->class_of[(uint8_t)start->data[0]] == class;
}

struct candidate signature_candidate(const struct signature_set *set, const struct signature *signature)
{
	return (struct candidate){
		.start = *start_of(set, signature),
		.literal = signature->literal,
		.pattern = signature->pattern,
		.signature = signature,
	};
}

static int fill_group(const struct signature_set *set, struct signature_group *group)
{
	uint8_t classes = number_classes(set, group);
	size_t count = 0;

	for (size_t i = 0; i < set->service_count; i++) {
		const struct service *service = set->services[i];

		if (is_member(set, group, service) && service->split_size &&
		    (group->split_size == 0 || service->split_size < group->split_size))
			group->split_size = service->split_size;
	}
	group->first = calloc((size_t)classes + 1, sizeof(*group->first));
	if (!group->first)
		return -ENOMEM;
	for (int class = 0; class < classes; class++) {
		for (size_t i = 0; i < set->signature_count; i++) {
			if (!is_in_class(set, group, (uint8_t)class, set->signatures[i]))
				continue;
			/* One array in which each class has its own run. */
			struct candidate *more = reallocarray(group->order, count + 1, sizeof(*group->order));

			if (!more)
				return -ENOMEM;
			group->order = more;
			group->order[count++] = signature_candidate(set, set->signatures[i]);
		}
		if (count > UINT16_MAX)
			return -ENOSPC;
		group->first[class + 1] = (uint16_t)count;
	}
	return 0;
}

int signature_set_seal(struct signature_set *set)
{
	size_t names = 0;
	int r = 0;

	for (size_t i = 0; i < set->service_count; i++)
		names += set->services[i]->tag_count + 2;
	for (set->slots = 8; set->slots < names * 2; set->slots *= 2)
		;
	set->groups = calloc(names + 1, sizeof(*set->groups));
	set->by_tag = calloc(set->slots, sizeof(*set->by_tag));
	set->by_name = calloc(set->slots, sizeof(*set->by_name));
	if (!set->groups || !set->by_tag || !set->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < set->service_count; i++)
		for (size_t j = 0; j < set->services[i]->tag_count; j++)
			add_group(set, set->by_tag, bytes_of(set->services[i]->tags[j]),
				  set->services[i]);
	set->tag_group_count = set->group_count;
	for (size_t i = 0; i < set->service_count; i++) {
		add_group(set, set->by_name, bytes_of(set->services[i]->name), set->services[i]);
		add_group(set, set->by_name, bytes_of(set->services[i]->server), set->services[i]);
	}
	for (size_t i = 0; i < set->group_count && r == 0; i++)
		r = fill_group(set, &set->groups[i]);
	return r;
}

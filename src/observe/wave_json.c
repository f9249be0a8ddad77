/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_json.h"

#include "base/text.h"

json_t *wave_figures_to_json(const struct wave_figures *f, bool counted)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:b, s:b, s:I, s:f, s:f, s:I}", "begin", (json_int_t)f->begin_s, "peak",
			      (json_int_t)f->peak_s, "end", (json_int_t)f->end_s, "goes_on", f->goes_on, "by_filling",
			      f->by_filling, "peak_open", (json_int_t)f->peak_open, "usual_rate", f->usual, "peak_rate",
			      f->peak_rate, "arrivals", (json_int_t)f->arrivals);

	if (f->limit)
		json_object_set_new(o, "limit", json_integer(f->limit));
	if (counted)
		json_object_update_new(o, json_pack("{s:I, s:I, s:I, s:I, s:{s:I, s:i}}", "offences",
						    (json_int_t)f->offences, "bans", (json_int_t)f->bans, "evictions",
						    (json_int_t)f->evictions, "dropped", (json_int_t)f->dropped,
						    "estimate_without", "peak_open", (json_int_t)f->peak_without,
						    "held_s", WAVE_HOLD_S));
	return o;
}

static json_t *worst_to_json(const struct wave_worst *list, size_t count, bool networks)
{
	json_t *array = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		const struct wave_worst *w = &list[i];
		json_t *o = json_pack("{s:s, s:I, s:I, s:I}", networks ? "network" : "client", prefix_format(&w->who, text),
				      "connections", (json_int_t)w->connections, "told", (json_int_t)w->told, "evicted",
				      (json_int_t)w->evicted);

		if (networks)
			json_object_set_new(o, "clients", json_integer(w->clients));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *name_to_json(const char *name)
{
	char shown[WAVE_NAME_SIZE * 4];
	json_t *string = json_string(name);

	return string ? string : json_string(text_escape(bytes_of(name), shown, sizeof(shown)));
}

static json_t *part_to_json(const struct wave_part *part)
{
	json_t *o = json_pack("{s:I, s:I}", "clients", (json_int_t)part->share.clients, "told",
			      (json_int_t)part->share.told);

	if (part->of.asn)
		json_object_set_new(o, "asn", json_integer(part->of.asn));
	else
		json_object_set_new(o, "country", json_stringn(part->of.country, 2));
	if (part->name[0])
		json_object_set_new(o, "name", name_to_json(part->name));
	return o;
}

static json_t *parts_to_json(const struct wave_part *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, part_to_json(&list[i]));
	return array;
}

json_t *wave_sources_to_json(const struct wave_sources *s)
{
	json_t *o = json_pack("{s:I, s:b, s:I, s:I, s:I, s:o, s:o}", "clients", (json_int_t)s->clients, "at_least",
			      s->at_least, "told", (json_int_t)s->told, "evicted", (json_int_t)s->evicted, "relieved",
			      (json_int_t)s->relieved, "worst_clients", worst_to_json(s->client, s->worst_clients, false),
			      "worst_networks", worst_to_json(s->network, s->worst_networks, true));

	if (s->with_country)
		json_object_update_new(o, json_pack("{s:I, s:o}", "with_country", (json_int_t)s->with_country, "countries",
						    parts_to_json(s->country, s->worst_countries)));
	if (s->with_asn)
		json_object_update_new(o, json_pack("{s:I, s:o}", "with_asn", (json_int_t)s->with_asn, "asns",
						    parts_to_json(s->asn, s->worst_asns)));
	return o;
}

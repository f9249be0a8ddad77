/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a Host field, and as the value of a label: what is taken as local has no letter of another name in it,
 * and a label is read back from the page as what was put in, but for the bytes that are written as \xHH. */
#include "base/addr.h"
#include "observe/http.h"
#include "observe/prometheus.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_host(struct bytes host)
{
	struct bytes start = bytes_first(host, sizeof("localhost") - 1);

	if (!http_host_is_local(host) || bytes_equal_any_case(start, BYTES_LITERAL("localhost")))
		return;
	for (size_t i = 0; i < host.size; i++)
		must(char_hex_value(host.data[i]) >= 0 || strchr("[]:.", host.data[i]));
}

/* One value of the label, from behind its quote on; returns what is behind the quote that ends it. */
static const char *read_label(const char *at, const char *value)
{
	char hex[8];

	for (; *at != '"'; value++) {
		must(*value);
		if (*value == '\n' || *value == '"' || *value == '\\') {
			must(at[0] == '\\' && at[1] == (*value == '\n' ? 'n' : *value));
			at += 2;
		} else if (*value >= ' ' && *value <= '~') {
			must(*at++ == *value);
		} else {
			snprintf(hex, sizeof(hex), "\\\\x%02x", (uint8_t)*value);
			must(strncmp(at, hex, 5) == 0);
			at += 5;
		}
	}
	must(!*value);
	return at + 1;
}

static void check_label(const char *value)
{
	static const char open[] = "\nwavebreak_log_open{path=\"";
	struct prometheus *page;
	char *text, *copy;
	const char *at;
	size_t length;

	must(prometheus_create(&page) == 0);
	prometheus_measure(page, MEASURE_log_open, value, NULL, 1);
	must(prometheus_finish(page, &text, &length) == 0);
	copy = strndup(text, length);
	must(copy && strlen(copy) == length);
	at = strstr(copy, open);
	must(at);
	must(strcmp(read_label(at + sizeof(open) - 1, value), "} 1\n") == 0);
	free(copy);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);
	char *value = strndup(text.data, size);

	must(value);
	check_host(text);
	must(!http_bears(text, "a token that nobody guesses") ||
	     bytes_contain(text, BYTES_LITERAL("a token that nobody guesses")));
	check_label(value);
	free(value);
	return 0;
}

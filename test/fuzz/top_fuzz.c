/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer to "top", and keys. The first byte is how many of the rest are keys; then come lines. Whatever
 * it is, what would be shown is printable ASCII and our own glyphs. */
#include "cli/top_draw.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct top_model model;
static struct top_view view;
static struct top_curve curve;
static struct top_screen screen;

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool is_safe(uint16_t glyph)
{
	return (glyph >= ' ' && glyph < 0x7f) || glyph == 0xb7 || glyph == 0x2026 || (glyph >= 0x2500 && glyph <= 0x25ff) ||
	       (glyph >= 0x2800 && glyph <= 0x28ff);
}

static void draw(size_t width, size_t height)
{
	top_draw(&model, &view, &curve, 7200, width, height, &screen);
	for (size_t row = 0; row < screen.height; row++)
		for (size_t column = 0; column < screen.width; column++)
			must(is_safe(screen.cells[row][column].glyph) && screen.cells[row][column].style < TOP_STYLES);
}

static void draw_sizes(void)
{
	draw(80, 24);
	draw(40, 10);
	draw(200, 60);
	draw(1, 1);
}

static void take_lines(struct bytes text)
{
	top_model_begin(&model);
	while (text.size) {
		size_t end = bytes_find_char(text, '\n');
		json_t *line = json_loadb(text.data, end, 0, NULL);

		if (json_is_object(line))
			top_model_line(&model, line);
		json_decref(line);
		text = bytes_skip(text, end + 1);
	}
	top_model_end(&model, 1000, view.order);
	top_curve_add(&curve, top_shown(&model)->now.now_s, top_shown(&model)->now.open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t keys = size ? data[0] % 32 : 0;
	struct bytes rest;

	if (size < keys + 1)
		return 0;
	memset(&model, 0, sizeof(model));
	memset(&view, 0, sizeof(view));
	memset(&curve, 0, sizeof(curve));
	rest = bytes_make((const char *)data + 1 + keys, size - 1 - keys);
	take_lines(rest);
	draw_sizes();
	for (size_t i = 0; i < keys; i++) {
		/* The upper ones are those that are no character. */
		int key = data[1 + i] < 0x80 ? data[1 + i] : TOP_KEY_UP + data[1 + i] % 11;
		struct top_deed deed = top_view_key(&view, &model, key, 7);

		if (deed.kind == TOP_EXPLAIN)
			top_view_read(&view, deed.name, rest);
	}
	draw_sizes();
	take_lines(rest);
	draw_sizes();
	return 0;
}

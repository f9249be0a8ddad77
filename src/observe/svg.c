/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/svg.h"

#include "observe/axis.h"

#include <errno.h>
#include <math.h>

/* User units; the picture scales to the width that it is given. */
#define PAGE_WIDTH 960
#define PAGE_HEIGHT 480
#define STRIP_HEIGHT 26 /* of one below the axis, which makes the page higher */
#define STRIP_PLACES 434
#define ROWS_TITLE_HEIGHT 40 /* of the line above the rows */
#define ROW_HEIGHT 26
#define MARK_SIZE_MOST 9.0
#define LEFT_OF_COUNTS 62.0
#define LEFT_OF_NAMES 108.0 /* where there are rows, which have a name each */
#define RIGHT 930.0
#define TOP 116.0
#define BOTTOM 434.0
#define FONT_SIZE 14.0
#define LEGEND_LEFT 20.0
#define LEGEND_TOP 86.0 /* of its first line; what the count axis counts stands there too, at the right */
#define LEGEND_LINE 22.0
#define LEGEND_GAP 24.0     /* between two in a line */
#define LEGEND_PART_GAP 6.0 /* between mark, name and number */

/* Amber and blue first, as in the terminal. Plain colours in rules of their own instead of
 * CSS variables: several converters to PDF and PNG know no variables. */
static const char style[] =
	"<style>\n"
	"text{font:14px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#475569}\n"
	".page{fill:#fff}\n"
	".title{font-size:20px;font-weight:600;fill:#0f172a}\n"
	".name{font-weight:600;fill:#0f172a}\n"
	".grid{stroke:#e2e8f0}.axis{stroke:#94a3b8}\n"
	".limit{stroke:#dc2626;stroke-width:1.5;stroke-dasharray:7 5}.at-limit{fill:#dc2626}\n"
	".line{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}\n"
	".area{stroke:none;opacity:.14}\n"
	".line.c0,.well.c0{stroke:#c2570c}.area.c0,.dot.c0{fill:#c2570c}\n"
	".line.c1,.well.c1{stroke:#1d5fd1}.area.c1,.dot.c1{fill:#1d5fd1}\n"
	".line.c2,.well.c2{stroke:#15803d}.area.c2,.dot.c2{fill:#15803d}\n"
	".line.c3,.well.c3{stroke:#86198f}.area.c3,.dot.c3{fill:#86198f}\n"
	".well{fill:none;stroke-linecap:round}.ill{fill:none;stroke:#dc2626;stroke-width:2.4}\n"
	".cross{fill:#dc2626;font-size:19px;font-weight:700}\n"
	".mark{fill:none;stroke-width:2}.mark.c2{stroke:#15803d}.mark.c3{stroke:#86198f}\n"
	"@media screen and (prefers-color-scheme:dark){\n"
	"text{fill:#94a3b8}.page{fill:#0f172a}.title,.name{fill:#f1f5f9}\n"
	".grid{stroke:#1e293b}.axis{stroke:#64748b}\n"
	".limit{stroke:#f87171}.at-limit{fill:#f87171}.area{opacity:.22}\n"
	".line.c0,.well.c0{stroke:#fb923c}.area.c0,.dot.c0{fill:#fb923c}\n"
	".line.c1,.well.c1{stroke:#60a5fa}.area.c1,.dot.c1{fill:#60a5fa}\n"
	".line.c2,.well.c2{stroke:#4ade80}.area.c2,.dot.c2{fill:#4ade80}\n"
	".line.c3,.well.c3{stroke:#e879f9}.area.c3,.dot.c3{fill:#e879f9}\n"
	".ill{stroke:#f87171}.cross{fill:#f87171}\n"
	".mark.c2{stroke:#4ade80}.mark.c3{stroke:#e879f9}\n"
	"}\n"
	"</style>\n";

struct page {
	FILE *out;
	double seconds, top, left;
};

/* Of U+0020 to U+007E in hundredths of an em: DejaVu Sans in bold, the widest of the fonts above. */
static const uint8_t advances[] = {
	35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40,
	40, 84, 84, 84, 58, 100, 78, 77, 74, 83, 69, 69, 83, 84, 38, 38, 78, 64, 100, 84, 85, 74, 85, 77, 73, 69, 82,
	78, 111, 78, 73, 73, 46, 37, 46, 84, 50, 50, 68, 72, 60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72,
	72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72, 37, 72, 84,
};

/* As wide as it may become: which font the reader has is not known here. */
static double text_width(const char *text)
{
	double width = 0;

	for (; *text; text++)
		width += FONT_SIZE / 100.0 * (*text >= ' ' && *text <= '~' ? advances[*text - ' '] : 100);
	return width;
}

static double page_x(const struct page *page, double seconds)
{
	return page->left + (RIGHT - page->left) * seconds / page->seconds;
}

static double page_y(const struct page *page, double count)
{
	return BOTTOM - (BOTTOM - TOP) * fmin(fmax(count / page->top, 0), 1);
}

/* XML 1.0 section 2.2 allows no control characters but tab, LF and CR, not even escaped. */
static void write_escaped(const struct page *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", page->out);
			break;
		case '<':
			fputs("&lt;", page->out);
			break;
		case '>':
			fputs("&gt;", page->out);
			break;
		default:
			fputc((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text,
			      page->out);
		}
	}
}

static void write_element(const struct page *page, const char *open, const char *text,
			  const char *close)
{
	fputs(open, page->out);
	write_escaped(page, text);
	fputs(close, page->out);
}

static int rows_top(size_t strips)
{
	return PAGE_HEIGHT + (int)strips * STRIP_HEIGHT;
}

static void write_head(const struct page *page, const struct svg_caption *caption, size_t strips, double below)
{
	int rows = caption->rows.count ? ROWS_TITLE_HEIGHT + (int)caption->rows.count * ROW_HEIGHT : 0;
	int height = rows_top(strips) + (int)below + rows;

	fprintf(page->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"role=\"img\" aria-labelledby=\"title%s\">\n",
		PAGE_WIDTH, height, caption->description ? " description" : "");
	write_element(page, "<title id=\"title\">", caption->title, "</title>\n");
	if (caption->description)
		write_element(page, "<desc id=\"description\">", caption->description, "</desc>\n");
	fputs(style, page->out);
	fprintf(page->out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", PAGE_WIDTH,
		height);
	write_element(page, "<text class=\"title\" x=\"20\" y=\"34\">", caption->title,
		      "</text>\n");
	if (caption->note)
		write_element(page, "<text x=\"20\" y=\"58\">", caption->note, "</text>\n");
}

struct legend_entry {
	const char *mark, *name;
	size_t ink;
	char said[AXIS_LABEL_SIZE + 8];
};

struct legend {
	struct legend_entry entries[CURVES_AT_MOST + CURVE_STRIPS_AT_MOST];
	size_t count;
	bool stacked; /* a line for each entry */
	double below; /* by how much all that is below it has to make room, compared with a legend of one line */
};

static void list_entries(struct legend *legend, const struct curve_picture *picture)
{
	char count[AXIS_LABEL_SIZE];

	for (size_t i = 0; i < picture->curve_count; i++) {
		const struct curve_point *peak = curve_peak(&picture->curves[i]);
		struct legend_entry *entry = &legend->entries[legend->count++];

		*entry = (struct legend_entry){ "\u25CF", picture->curves[i].name, i, "no data" };
		if (peak)
			count_axis_label(peak->count, count);
		if (peak)
			snprintf(entry->said, sizeof(entry->said), "at most %s", count);
	}
	for (size_t i = 0; i < picture->strip_count; i++) {
		struct legend_entry *entry = &legend->entries[legend->count++];

		*entry = (struct legend_entry){ "\u25AE", picture->strips[i].name, CURVE_STRIP_INK + i, "" };
		count_axis_label(curve_strip_whole(&picture->strips[i]), entry->said);
	}
}

static double entry_width(const struct legend_entry *entry)
{
	return FONT_SIZE + text_width(entry->name) + text_width(entry->said) + 2 * LEGEND_PART_GAP;
}

/* All in one line, before what the count axis counts; where that may be too narrow, each in a line of its own. */
static void fit_legend(struct legend *legend, const struct curve_picture *picture, const char *counted)
{
	double room = RIGHT - LEGEND_LEFT - LEGEND_GAP - text_width(counted), whole = 0, last = 0;

	*legend = (struct legend){ 0 };
	list_entries(legend, picture);
	for (size_t i = 0; i < legend->count; i++) {
		last = entry_width(&legend->entries[i]);
		whole += last + (i ? LEGEND_GAP : 0);
	}
	legend->stacked = whole > room;
	if (legend->stacked)
		legend->below = LEGEND_LINE * (double)(legend->count - (last <= room));
}

static void write_legend_entry(const struct page *page, const struct legend_entry *entry, double before)
{
	fprintf(page->out, "<tspan class=\"dot c%zu\" dx=\"%.0f\">%s</tspan>", entry->ink, before, entry->mark);
	write_element(page, "<tspan class=\"name\" dx=\"6\">", entry->name, "</tspan>");
	fprintf(page->out, "<tspan dx=\"6\">%s</tspan>", entry->said);
}

/* In a line one after the other by the renderer's own measure of the text: columns would be a guess. */
static void write_legend(const struct page *page, const struct legend *legend)
{
	for (size_t i = 0; i < legend->count; i++) {
		if (i == 0 || legend->stacked)
			fprintf(page->out, "<text x=\"%.0f\" y=\"%.0f\">", LEGEND_LEFT,
				LEGEND_TOP + LEGEND_LINE * (double)i);
		write_legend_entry(page, &legend->entries[i], i && !legend->stacked ? LEGEND_GAP : 0);
		if (i + 1 == legend->count || legend->stacked)
			fputs("</text>\n", page->out);
	}
}

static void write_count_axis(const struct page *page, const char *counted)
{
	double step = axis_count_step(page->top, 6);

	for (double count = 0; count <= page->top; count += step) {
		char label[AXIS_LABEL_SIZE];

		count_axis_label(count, label);
		fprintf(page->out,
			"<path class=\"%s\" d=\"M%.0f %.1fH%.0f\"/>\n"
			"<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			count > 0 ? "grid" : "axis", page->left, page_y(page, count), RIGHT, page->left - 10,
			page_y(page, count) + 5, label);
	}
	fprintf(page->out, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">", RIGHT, LEGEND_TOP);
	write_element(page, "", counted, "</text>\n");
}

static void write_time_axis(const struct page *page, int64_t wall_start)
{
	struct time_axis axis;

	time_axis_fit(&axis, page->seconds, wall_start, 9);
	for (double at = axis.first; at <= page->seconds; at += axis.step) {
		char label[AXIS_LABEL_SIZE];
		double x = page_x(page, at), middle;

		time_axis_label(&axis, at, label);
		/* One at the end of the axis moves back onto the page. */
		middle = fmin(x, PAGE_WIDTH - text_width(label) / 2);
		fprintf(page->out,
			"<path class=\"axis\" d=\"M%.1f %.0fv6\"/>\n"
			"<text%s x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
			x, BOTTOM, time_axis_begins_day(&axis, at) ? " class=\"name\"" : "", middle, BOTTOM + 24, label);
	}
}

/* Above the line at its left end, where a wave has not risen yet. */
static void write_limit(const struct page *page, double limit)
{
	char label[AXIS_LABEL_SIZE];

	count_axis_label(limit, label);
	fprintf(page->out,
		"<path class=\"limit\" d=\"M%.0f %.1fH%.0f\"/>"
		"<text class=\"at-limit\" x=\"%.0f\" y=\"%.1f\">limit %s</text>\n",
		page->left, page_y(page, limit), RIGHT, page->left + 8, page_y(page, limit) - 7, label);
}

static bool is_drawable(const struct page *page, const struct curve_point *point)
{
	return isfinite(point->count) && point->seconds >= 0 && point->seconds <= page->seconds;
}

/* The points from `start` on that share one unit of width: their range is all that can
 * be seen, and a day of samples would otherwise be a file of megabytes. */
struct slice {
	const struct curve_point *first, *last, *low, *high;
};

static size_t take_slice(const struct page *page, const struct curve *curve, size_t start,
			 struct slice *ret)
{
	const struct curve_point *first = &curve->points[start];
	size_t i;

	*ret = (struct slice){ first, first, first, first };
	for (i = start + 1; i < curve->length; i++) {
		const struct curve_point *point = &curve->points[i];

		if (!is_drawable(page, point) ||
		    floor(page_x(page, point->seconds)) > floor(page_x(page, first->seconds)))
			break;
		ret->last = point;
		ret->low = point->count < ret->low->count ? point : ret->low;
		ret->high = point->count > ret->high->count ? point : ret->high;
	}
	return i;
}

static void write_point(const struct page *page, const struct curve_point *point, char command)
{
	fprintf(page->out, "%c%.1f %.1f", command, page_x(page, point->seconds),
		page_y(page, point->count));
}

static void write_slice(const struct page *page, const struct slice *slice, char command)
{
	const struct curve_point *sooner = slice->low < slice->high ? slice->low : slice->high;
	const struct curve_point *later = slice->low < slice->high ? slice->high : slice->low;

	write_point(page, slice->first, command);
	if (sooner != slice->first)
		write_point(page, sooner, 'L');
	if (later != slice->first && later != sooner)
		write_point(page, later, 'L');
	if (slice->last != slice->first && slice->last != later && slice->last != sooner)
		write_point(page, slice->last, 'L');
}

/* One unbroken stretch from `start` on; the area is the same path closed along the axis. */
static size_t write_stretch(const struct page *page, const struct curve *curve, size_t start,
			    bool area)
{
	const struct curve_point *first = &curve->points[start], *last = first;
	size_t i = start;

	while (i < curve->length && is_drawable(page, &curve->points[i])) {
		struct slice slice;
		size_t next = take_slice(page, curve, i, &slice);

		write_slice(page, &slice, i == start ? 'M' : 'L');
		last = slice.last;
		i = next;
	}
	if (area)
		fprintf(page->out, "V%.1fH%.1fZ", BOTTOM, page_x(page, first->seconds));
	else if (last == first)
		fputs("h.1", page->out);
	return i;
}

static void write_path(const struct page *page, const struct curve *curve, size_t number, bool area)
{
	fprintf(page->out, "<path class=\"%s c%zu\" d=\"", area ? "area" : "line", number);
	for (size_t i = 0; i < curve->length;) {
		if (is_drawable(page, &curve->points[i]))
			i = write_stretch(page, curve, i, area);
		else
			i++;
	}
	fputs("\"/>\n", page->out);
}

/* Bars below the time axis, as wide as the places are far from each other; the highest fills its strip. */
static void write_strip(const struct page *page, const struct curve_picture *picture, size_t number)
{
	const struct curve *strip = &picture->strips[number];
	double sums[CURVE_PLACES_MOST], bottom = BOTTOM + 32 + STRIP_HEIGHT * (double)(number + 1);
	double highest = curve_strip_sums(picture, strip, STRIP_PLACES, sums);

	fprintf(page->out, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>\n", page->left, bottom, RIGHT);
	fprintf(page->out, "<text x=\"6\" y=\"%.1f\">", bottom - 2);
	write_element(page, "", strip->name, "</text>\n");
	fprintf(page->out, "<path class=\"mark c%zu\" d=\"", CURVE_STRIP_INK + number);
	for (size_t i = 0; i < STRIP_PLACES; i++)
		if (sums[i] > 0)
			fprintf(page->out, "M%.1f %.1fv%.1f", page->left + (RIGHT - page->left) * (double)i / (STRIP_PLACES - 1),
				bottom, -fmax(sums[i] / highest * (STRIP_HEIGHT - 6), 2));
	fputs("\"/>\n", page->out);
}

static void write_rows_title(const struct page *page, const struct svg_rows *rows, int top)
{
	fprintf(page->out, "<text x=\"20\" y=\"%d\">", top + 14);
	write_element(page, "<tspan class=\"name\">", rows->title, "</tspan>");
	write_element(page, "<tspan dx=\"24\">\u25CF</tspan><tspan dx=\"6\">", rows->well, "</tspan>");
	write_element(page, "<tspan class=\"cross\" dx=\"24\">\u00D7</tspan><tspan dx=\"6\">", rows->ill, "</tspan>");
	fputs("</text>\n", page->out);
}

/* A dot is a very short line with round ends, and a cross two lines, so that a row is two paths, however many came. */
static void write_marks(const struct page *page, const struct svg_row *row, bool well, double y, double size)
{
	for (size_t i = 0; i < row->length; i++) {
		const struct svg_arrival *arrival = &row->arrivals[i];
		double x = page_x(page, arrival->seconds), half = size * .4;

		if (arrival->well != well || !(arrival->seconds >= 0 && arrival->seconds <= page->seconds))
			continue;
		if (well)
			fprintf(page->out, "M%.1f %.1fh.1", x, y);
		else
			fprintf(page->out, "M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f", x - half, y - half, 2 * half, 2 * half,
				-2 * half, -2 * half, 2 * half);
	}
	fputs("\"/>\n", page->out);
}

/* As large as neighbours leave room for. */
static void write_row(const struct page *page, const struct svg_row *row, size_t number, double y)
{
	double room = (RIGHT - page->left) / (double)(row->length ? row->length : 1);
	double size = fmax(fmin(room * .7, MARK_SIZE_MOST), 1);

	fprintf(page->out, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", page->left - 10, y + 5);
	write_element(page, "", row->name, "</text>\n");
	fprintf(page->out, "<path class=\"well c%zu\" stroke-width=\"%.1f\" d=\"", number, size);
	write_marks(page, row, true, y, size);
	fputs("<path class=\"ill\" d=\"", page->out);
	write_marks(page, row, false, y, size);
}

static void write_rows(const struct page *page, const struct svg_rows *rows, int top)
{
	if (rows->count)
		write_rows_title(page, rows, top);
	for (size_t i = 0; i < rows->count; i++)
		write_row(page, &rows->rows[i], i, top + ROWS_TITLE_HEIGHT + ROW_HEIGHT * (double)i);
}

static void write_picture(const struct page *page, const struct curve_picture *picture,
			  const struct svg_caption *caption)
{
	write_count_axis(page, caption->counted);
	write_time_axis(page, picture->wall_start);
	for (size_t i = 0; i < picture->curve_count; i++)
		write_path(page, &picture->curves[i], i, true);
	if (picture->limit > 0 && picture->limit <= page->top)
		write_limit(page, picture->limit);
	for (size_t i = 0; i < picture->curve_count; i++)
		write_path(page, &picture->curves[i], i, false);
	for (size_t i = 0; i < picture->strip_count; i++)
		write_strip(page, picture, i);
	write_rows(page, &caption->rows, rows_top(picture->strip_count));
}

int svg_write(const struct curve_picture *picture, const struct svg_caption *caption, FILE *out)
{
	struct page page = { .out = out, .left = caption->rows.count ? LEFT_OF_NAMES : LEFT_OF_COUNTS };
	struct legend legend;

	if (picture->curve_count > CURVES_AT_MOST || picture->strip_count > CURVE_STRIPS_AT_MOST ||
	    caption->rows.count > CURVES_AT_MOST)
		return -EINVAL;
	page.seconds = curve_picture_seconds(picture);
	page.top = curve_picture_top(picture);
	if (page.seconds > CURVE_EXTENT_MOST || page.top > CURVE_EXTENT_MOST)
		return -EINVAL;
	fit_legend(&legend, picture, caption->counted);
	write_head(&page, caption, picture->strip_count, legend.below);
	write_legend(&page, &legend);
	fprintf(out, "<g transform=\"translate(0 %.0f)\">\n", legend.below);
	write_picture(&page, picture, caption);
	fputs("</g>\n</svg>\n", out);
	return ferror(out) ? -EIO : 0;
}

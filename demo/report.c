/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "observe/svg.h"

#include <errno.h>
#include <string.h>

#define NAME_WIDTH 50
#define CELL_WIDTH 21
#define CELL_SIZE 80

typedef void write_cell(const struct half *half, char cell[CELL_SIZE]);

static void write_served(const struct half *half, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu", half->served_most);
}

static void write_waiting(const struct half *half, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu", half->waiting_most);
}

static void write_in_time(const struct half *half, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu of %zu", half->tally.greeted_in_time, half->tally.honest);
}

static void write_delivered(const struct half *half, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu of %zu", half->tally.delivered, half->tally.honest);
}

static void format_wait(struct wait wait, char text[32])
{
	const char *bound = wait.open ? "> " : "";

	if (wait.seconds < 1)
		snprintf(text, 32, "%s%.0f ms", bound, wait.seconds * 1000);
	else
		snprintf(text, 32, "%s%.*f s", bound, wait.seconds < 10 ? 1 : 0, wait.seconds);
}

static void write_wait(const struct half *half, char cell[CELL_SIZE])
{
	char median[32], high[32];

	format_wait(tally_wait(&half->tally, 0.50, half->elapsed), median);
	format_wait(tally_wait(&half->tally, 0.95, half->elapsed), high);
	snprintf(cell, CELL_SIZE, "%s / %s", median, high);
}

static void write_told(const struct half *half, char cell[CELL_SIZE])
{
	if (half->tally.ended)
		snprintf(cell, CELL_SIZE, "%zu of %zu", half->tally.ended_told, half->tally.ended);
	else
		snprintf(cell, CELL_SIZE, "none was ended");
}

static bool has_guard(const struct half *half)
{
	return half->guard.memory_bytes > 0;
}

static void write_cpu(const struct half *half, char cell[CELL_SIZE])
{
	if (has_guard(half))
		snprintf(cell, CELL_SIZE, "%.1f s / %.2f s", half->courier.cpu_seconds,
			 half->guard.cpu_seconds);
	else
		snprintf(cell, CELL_SIZE, "%.1f s / -", half->courier.cpu_seconds);
}

static void write_memory(const struct half *half, char cell[CELL_SIZE])
{
	double courier = (double)half->courier.memory_bytes / 1e6;
	double guard = (double)half->guard.memory_bytes / 1e6;

	if (has_guard(half))
		snprintf(cell, CELL_SIZE, "%.0f MB / %.1f MB", courier, guard);
	else
		snprintf(cell, CELL_SIZE, "%.0f MB / -", courier);
}

static const struct {
	const char *name;
	write_cell *write;
} rows[] = {
	{ "most connections open at once", write_served },
	{ "  and more of them waiting in the kernel", write_waiting },
	{ "honest senders greeted within 10 s", write_in_time },
	{ "  their wait, median / 95 %", write_wait },
	{ "  their mail delivered", write_delivered },
	{ "zombies told 5xx before their connection was ended", write_told },
	{ "CPU of Courier / of wavebreak", write_cpu },
	{ "memory of Courier / of wavebreak, at most", write_memory },
};

static void print_row(const struct story *story, const char *name, write_cell *write, FILE *out)
{
	fprintf(out, "%-*s", NAME_WIDTH, name);
	for (size_t i = 0; i < story->half_count; i++) {
		char cell[CELL_SIZE];

		write(story->halves[i], cell);
		fprintf(out, "%*s", CELL_WIDTH, cell);
	}
	fputc('\n', out);
}

static void write_name(const struct half *half, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%s", half->name);
}

static void print_losses(const struct story *story, FILE *out)
{
	for (size_t i = 0; i < story->half_count; i++) {
		const struct crowd_losses *losses = &story->halves[i]->losses;

		if (losses->held_back || losses->not_returned)
			fprintf(out, "%s: %zu visitors held back, as so many were still open\n",
				story->halves[i]->name, losses->held_back + losses->not_returned);
	}
}

void report_table(const struct story *story, FILE *out)
{
	fprintf(out, "%s\n%.0f s, up to %.0f zombies a second, an honest sender every 2 s, "
		"TARPIT=%u\n\n",
		story_title(story), story->seconds, story->rate, story->tarpit);
	print_row(story, "", write_name, out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(story, rows[i].name, rows[i].write, out);
	print_losses(story, out);
}

static void print_half_json(const struct half *half, FILE *out)
{
	fprintf(out, "\"%s\":{\"served_most\":%zu,\"waiting_most\":%zu", half->name,
		half->served_most, half->waiting_most);
	fprintf(out, ",\"courier_cpu_s\":%.3f,\"courier_memory_bytes\":%llu",
		half->courier.cpu_seconds, (unsigned long long)half->courier.memory_bytes);
	fprintf(out, ",\"guard_cpu_s\":%.3f,\"guard_memory_bytes\":%llu", half->guard.cpu_seconds,
		(unsigned long long)half->guard.memory_bytes);
	fprintf(out, ",\"held_back\":%zu,\"visits\":",
		half->losses.held_back + half->losses.not_returned);
	tally_print_json(&half->tally, half->elapsed, out);
	fputs(",\"served\":[", out);
	for (size_t i = 0; i < half->points; i++)
		fprintf(out, "%s%.0f", i ? "," : "", half->served[i].count);
	fputs("]}", out);
}

/* Written beside and renamed, so that a reader never sees half a file. */
static int write_file(const struct story *story, const char *path,
		      int (*write)(const struct story *story, FILE *out))
{
	char beside[4096];
	FILE *out;
	int r;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	out = fopen(beside, "we");
	if (!out)
		return -errno;
	r = write(story, out);
	if (ferror(out) && r == 0)
		r = -EIO;
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		remove(beside);
	return r;
}

static int write_json(const struct story *story, FILE *out)
{
	fprintf(out,
		"{\"seconds\":%.0f,\"rate\":%.3f,\"steady\":%s,\"tarpit\":%u,\"maxdaemons\":%u",
		story->seconds, story->rate, story->steady ? "true" : "false", story->tarpit,
		story->maxdaemons);
	for (size_t i = 0; i < story->half_count; i++) {
		fputs(",\n", out);
		print_half_json(story->halves[i], out);
	}
	fputs("}\n", out);
	return 0;
}

int report_json(const struct story *story, const char *path)
{
	return write_file(story, path, write_json);
}

static void describe(const struct story *story, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "Honest senders greeted within 10 s: ");

	for (size_t i = 0; i < story->half_count && length < size; i++) {
		const struct half *half = story->halves[i];

		length += (size_t)snprintf(text + length, size - length, "%s%zu of %zu %s",
					   i ? ", " : "", half->tally.greeted_in_time,
					   half->tally.honest, half->name);
	}
}

static int write_svg(const struct story *story, FILE *out)
{
	struct curve curves[HALVES_AT_MOST];
	char note[256], description[512];
	const struct curve_picture picture = { .curves = curves, .curve_count = story->half_count,
		.limit = story->maxdaemons, .seconds = story->seconds };
	const struct svg_caption caption = { .title = story_title(story), .note = note,
		.description = description, .counted = "connections served" };

	for (size_t i = 0; i < story->half_count; i++)
		curves[i] = (struct curve){ story->halves[i]->name, story->halves[i]->served,
					    story->halves[i]->points };
	describe(story, note, sizeof(note));
	snprintf(description, sizeof(description),
		 "Connections that the mail server serves, over %.0f seconds of a spam wave, "
		 "against its limit of %u. %s.",
		 story->seconds, story->maxdaemons, note);
	return svg_write(&picture, &caption, out);
}

int report_svg(const struct story *story, const char *path)
{
	return write_file(story, path, write_svg);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "observe/svg.h"

#include <errno.h>
#include <string.h>

/* With three columns 79 in all: the width of a terminal that nobody has widened. */
#define NAME_WIDTH 37
#define CELL_WIDTH 13
#define CELL_SIZE 80
#define BESIDE_SIZE 4096

typedef void write_cell(const struct run *run, char cell[CELL_SIZE]);

static void write_part(size_t part, size_t whole, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu of %zu", part, whole);
}

static void write_processes(const struct run *run, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu", run->processes_most);
}

static void write_open(const struct run *run, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu", run->open_most);
}

static void write_waiting(const struct run *run, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%zu", run->waiting_most);
}

static void write_in_time(const struct run *run, char cell[CELL_SIZE])
{
	write_part(run->tally.greeted_in_time, run->tally.honest, cell);
}

static void write_delivered(const struct run *run, char cell[CELL_SIZE])
{
	write_part(run->tally.delivered, run->tally.honest, cell);
}

static void write_wait(struct wait wait, char cell[CELL_SIZE])
{
	const char *bound = wait.open ? "> " : "";

	if (wait.seconds < 1)
		snprintf(cell, CELL_SIZE, "%s%.0f ms", bound, wait.seconds * 1000);
	else
		snprintf(cell, CELL_SIZE, "%s%.*f s", bound, wait.seconds < 10 ? 1 : 0, wait.seconds);
}

static void write_median(const struct run *run, char cell[CELL_SIZE])
{
	write_wait(tally_wait(&run->tally, 0.50, run->elapsed), cell);
}

static void write_long(const struct run *run, char cell[CELL_SIZE])
{
	write_wait(tally_wait(&run->tally, 0.95, run->elapsed), cell);
}

static void write_longest(const struct run *run, char cell[CELL_SIZE])
{
	write_wait(tally_wait(&run->tally, 1, run->elapsed), cell);
}

static void write_again(const struct run *run, char cell[CELL_SIZE])
{
	write_wait(tally_wait_again(&run->tally, 0.95, run->elapsed), cell);
}

static void write_told(const struct run *run, char cell[CELL_SIZE])
{
	write_part(run->tally.asked_told, run->tally.asked, cell);
}

static void write_seconds(const struct cost *cost, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, cost->memory_bytes ? "%.1f s" : "-", cost->cpu_seconds);
}

static void write_megabytes(const struct cost *cost, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, cost->memory_bytes ? "%.0f MB" : "-", (double)cost->memory_bytes / 1e6);
}

static void write_courier_cpu(const struct run *run, char cell[CELL_SIZE])
{
	write_seconds(&run->courier, cell);
}

static void write_guard_cpu(const struct run *run, char cell[CELL_SIZE])
{
	write_seconds(&run->guard, cell);
}

static void write_courier_memory(const struct run *run, char cell[CELL_SIZE])
{
	write_megabytes(&run->courier, cell);
}

static void write_guard_memory(const struct run *run, char cell[CELL_SIZE])
{
	write_megabytes(&run->guard, cell);
}

static const struct {
	const char *name;
	write_cell *write;
} rows[] = {
	{ "Courier's processes at once, at most", write_processes },
	{ "connections open at once, at most", write_open },
	{ "  of these, waiting in the kernel", write_waiting },
	{ "honest senders greeted within 10 s", write_in_time },
	{ "  their wait, median", write_median },
	{ "  their wait, 95 %", write_long },
	{ "  their wait, the longest", write_longest },
	{ "  and when they come again, 95 %", write_again },
	{ "  their mail delivered", write_delivered },
	{ "zombies that asked and were told 5xx", write_told },
	{ "CPU of Courier", write_courier_cpu },
	{ "CPU of wavebreak, all its processes", write_guard_cpu },
	{ "memory of Courier, at most", write_courier_memory },
	{ "memory of wavebreak, at most", write_guard_memory },
};

static void print_row(const struct story *story, const char *name, write_cell *write, FILE *out)
{
	fprintf(out, "%-*s", NAME_WIDTH, name);
	for (size_t i = 0; i < story->run_count; i++) {
		char cell[CELL_SIZE];

		write(story->runs[i], cell);
		fprintf(out, " %*s", CELL_WIDTH, cell);
	}
	fputc('\n', out);
}

static void write_name(const struct run *run, char cell[CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "%s", way_name(run->way));
}

static void print_losses(const struct story *story, FILE *out)
{
	for (size_t i = 0; i < story->run_count; i++) {
		const struct crowd_losses *losses = &story->runs[i]->losses;

		if (losses->held_back || losses->not_returned)
			fprintf(out, "%s: %zu visitors held back, as so many were still open\n",
				way_name(story->runs[i]->way), losses->held_back + losses->not_returned);
	}
}

static void print_looked_on(const struct story *story, FILE *out)
{
	if (story->looked_on && story->runs[0]->way == WAY_UNGUARDED)
		fputs("unguarded: wavebreak looked on for the page (--observe), and acted on nothing\n", out);
}

void report_table(const struct story *story, FILE *out)
{
	fprintf(out, "%s\n%.0f s, up to %.0f %s a second, an honest sender every 2 s, "
		"TARPIT=%u\n\n",
		story_title(story), story->seconds, story->rate,
		story->silent ? "silent clients that no list knows" : "zombies", story->tarpit);
	print_row(story, "", write_name, out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(story, rows[i].name, rows[i].write, out);
	print_losses(story, out);
	print_looked_on(story, out);
}

static void print_run_json(const struct run *run, FILE *out)
{
	fprintf(out, "\"%s\":{\"processes_most\":%zu,\"open_most\":%zu,\"waiting_most\":%zu",
		way_name(run->way), run->processes_most, run->open_most, run->waiting_most);
	fprintf(out, ",\"courier_cpu_s\":%.3f,\"courier_memory_bytes\":%llu",
		run->courier.cpu_seconds, (unsigned long long)run->courier.memory_bytes);
	fprintf(out, ",\"guard_cpu_s\":%.3f,\"guard_memory_bytes\":%llu", run->guard.cpu_seconds,
		(unsigned long long)run->guard.memory_bytes);
	fprintf(out, ",\"held_back\":%zu,\"visits\":",
		run->losses.held_back + run->losses.not_returned);
	tally_print_json(&run->tally, run->elapsed, out);
	fputs(",\"processes\":[", out);
	for (size_t i = 0; i < run->points; i++)
		fprintf(out, "%s%.0f", i ? "," : "", run->processes[i].count);
	fputs("]}", out);
}

static int open_beside(const char *path, char beside[BESIDE_SIZE], FILE **ret)
{
	if (snprintf(beside, BESIDE_SIZE, "%s.new", path) >= BESIDE_SIZE)
		return -ENAMETOOLONG;
	*ret = fopen(beside, "we");
	return *ret ? 0 : -errno;
}

int report_try(const char *path)
{
	char beside[BESIDE_SIZE];
	FILE *out;
	int r = open_beside(path, beside, &out);

	if (r < 0)
		return r;
	fclose(out);
	remove(beside);
	return 0;
}

/* Written beside and renamed, so that a reader never sees half a file. */
static int write_file(const struct story *story, const char *path,
		      int (*write)(const struct story *story, FILE *out))
{
	char beside[BESIDE_SIZE];
	FILE *out;
	int r = open_beside(path, beside, &out);

	if (r < 0)
		return r;
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

void report_json(const struct story *story, FILE *out)
{
	fprintf(out,
		"{\"seconds\":%.0f,\"rate\":%.3f,\"steady\":%s,\"silent\":%s,\"looked_on\":%s,"
		"\"tarpit\":%u,\"maxdaemons\":%u",
		story->seconds, story->rate, story->steady ? "true" : "false",
		story->silent ? "true" : "false", story->looked_on ? "true" : "false", story->tarpit, story->maxdaemons);
	for (size_t i = 0; i < story->run_count; i++) {
		fputs(",\n", out);
		print_run_json(story->runs[i], out);
	}
	fputs("}\n", out);
}

static void describe(const struct story *story, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "Honest senders greeted within 10 s: ");

	for (size_t i = 0; i < story->run_count && length < size; i++) {
		const struct run *run = story->runs[i];

		length += (size_t)snprintf(text + length, size - length, "%s%zu of %zu %s",
					   i ? ", " : "", run->tally.greeted_in_time,
					   run->tally.honest, way_name(run->way));
	}
}

/* A row of those who came in this run. */
static void list_honest(const struct run *run, struct svg_arrival *arrivals, struct svg_row *ret)
{
	size_t count = run->tally.honest - run->tally.uncounted;

	for (size_t i = 0; i < count; i++)
		arrivals[i] = (struct svg_arrival){ run->tally.honest_visits[i].begun, tally_in_time(&run->tally, i) };
	*ret = (struct svg_row){ way_name(run->way), arrivals, count };
}

static int write_svg(const struct story *story, FILE *out)
{
	static struct svg_arrival arrivals[RUNS_AT_MOST][TALLY_HONEST_AT_MOST];
	struct curve curves[RUNS_AT_MOST];
	struct svg_row honest[RUNS_AT_MOST];
	char note[256], description[512];
	const struct curve_picture picture = { .curves = curves, .curve_count = story->run_count,
		.limit = story->maxdaemons, .seconds = story->seconds };
	const struct svg_caption caption = { .title = story_title(story), .note = note,
		.description = description, .counted = "processes that serve a client",
		.rows = { honest, story->run_count, "Honest senders, when they came:", "greeted within 10 s",
			  "waited longer, or in vain" } };

	for (size_t i = 0; i < story->run_count; i++) {
		curves[i] = run_curve(story->runs[i]);
		list_honest(story->runs[i], arrivals[i], &honest[i]);
	}
	describe(story, note, sizeof(note));
	snprintf(description, sizeof(description),
		 "Processes of the mail server that serve a client, over %.0f seconds of a spam wave, "
		 "against its limit of %u. %s.",
		 story->seconds, story->maxdaemons, note);
	return svg_write(&picture, &caption, out);
}

int report_svg(const struct story *story, const char *path)
{
	return write_file(story, path, write_svg);
}

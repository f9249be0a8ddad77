/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_use.h"

#include "base/clock.h"
#include "base/counter.h"
#include "daemon/worker_internal.h"

#include <time.h>
#include <unistd.h>

/* What was not told anew for so long is not known any more. */
#define FRESH_MS (USED_AGAIN_MOST_MS + 60000)

void worker_use_open(struct worker *w)
{
	(void)process_use_open(w->start->warden, &w->uses.warden);
	(void)process_use_open(getpid(), &w->uses.own);
}

static void take(struct worker_use *use, enum used_what what, uint64_t value, uint64_t now_ms)
{
	if (what == USED_CPU_MS) {
		use->cpu_known = use->known && value >= use->used[what] && now_ms > use->heard_ms;
		if (use->cpu_known)
			use->cpu_ms = (double)(value - use->used[what]) * 1000 / (double)(now_ms - use->heard_ms);
		use->heard_ms = now_ms;
		use->known = true;
	}
	use->used[what] = value;
}

/* The processor time is the first that is told. */
void worker_use_on_answer(struct worker *w, const struct answer *answer)
{
	static const enum worker_use_whose whose[USED_BY_COUNT] = {
		[USED_BY_GATE] = USE_OF_GATE, [USED_BY_PORTER] = USE_OF_PORTER, [USED_BY_SERVER] = USE_OF_SERVER,
	};

	if (answer->flags < USED_BY_COUNT && answer->port < USED_WHAT_COUNT)
		take(&w->uses.of[whose[answer->flags]], (enum used_what)answer->port, answer->value, loop_now_ms(w->loop));
}

/* proc(5) counts in steps of 10 ms, this clock does not. */
static uint64_t own_cpu_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void look_at(struct worker *w, enum worker_use_whose whose, const struct process_files *files)
{
	uint64_t now_ms = loop_now_ms(w->loop);
	struct worker_use *use = &w->uses.of[whose];
	struct process_use seen;

	if (process_use_look(files, &seen) < 0) {
		use->known = false;
		return;
	}
	take(use, USED_CPU_MS, whose == USE_OF_WORKER ? own_cpu_ms() : (uint64_t)(seen.cpu_seconds * 1000), now_ms);
	take(use, USED_RESIDENT_BYTES, seen.resident_bytes, now_ms);
	take(use, USED_UNSHARED_BYTES, seen.unshared_bytes, now_ms);
	take(use, USED_PROCESSES, 1, now_ms);
}

void worker_use_each_second(struct worker *w)
{
	uint64_t now_ms = loop_now_ms(w->loop);

	look_at(w, USE_OF_WARDEN, &w->uses.warden);
	look_at(w, USE_OF_WORKER, &w->uses.own);
	for (int i = 0; i < USE_OF_COUNT; i++)
		if (now_ms - w->uses.of[i].heard_ms > FRESH_MS)
			w->uses.of[i].known = w->uses.of[i].cpu_known = false;
}

static uint32_t bounded(double value)
{
	return value < UINT32_MAX - 1 ? (uint32_t)(value + 0.5) : UINT32_MAX - 1;
}

static struct worker_use_sum sum_of(const struct worker *w, enum worker_use_whose from, enum worker_use_whose to)
{
	struct worker_use_sum sum = { .cpu_known = true, .memory_known = true };
	double cpu_ms = 0, bytes = 0;

	for (int i = (int)from; i <= (int)to; i++) {
		const struct worker_use *use = &w->uses.of[i];

		sum.cpu_known = sum.cpu_known && use->cpu_known;
		sum.memory_known = sum.memory_known && use->known;
		cpu_ms += use->cpu_ms;
		bytes += (double)use->used[USED_UNSHARED_BYTES];
	}
	sum.cpu_ms = bounded(cpu_ms);
	sum.memory_kib = bounded(bytes / 1024);
	return sum;
}

struct worker_use_sum worker_use_of_wavebreak(const struct worker *w)
{
	return sum_of(w, USE_OF_WARDEN, USE_OF_PORTER);
}

/* A server that nobody finds takes nothing that we know of. */
struct worker_use_sum worker_use_of_server(const struct worker *w)
{
	struct worker_use_sum sum = sum_of(w, USE_OF_SERVER, USE_OF_SERVER);

	sum.memory_known = sum.memory_known && w->uses.of[USE_OF_SERVER].used[USED_PROCESSES];
	sum.cpu_known = sum.cpu_known && sum.memory_known;
	return sum;
}

static void measure_own(const struct worker *w, enum measure measure, enum used_what what, double unit, measure_fn *fn,
			void *data)
{
	static const char *const names[] = { "warden", "watch", "gate", "porter" };

	for (int i = USE_OF_WARDEN; i <= USE_OF_PORTER; i++)
		if (w->uses.of[i].known && w->uses.of[i].used[USED_PROCESSES])
			fn(data, measure, names[i], NULL, (double)w->uses.of[i].used[what] * unit);
}

void worker_use_measure(const struct worker *w, measure_fn *fn, void *data)
{
	const struct worker_use *server = &w->uses.of[USE_OF_SERVER];

	measure_own(w, MEASURE_process_cpu_seconds, USED_CPU_MS, 0.001, fn, data);
	measure_own(w, MEASURE_process_resident_memory_bytes, USED_RESIDENT_BYTES, 1, fn, data);
	measure_own(w, MEASURE_process_unshared_memory_bytes, USED_UNSHARED_BYTES, 1, fn, data);
	if (!server->known)
		return;
	fn(data, MEASURE_mail_server_processes, NULL, NULL, (double)server->used[USED_PROCESSES]);
	fn(data, MEASURE_mail_server_cpu_seconds, NULL, NULL, (double)server->used[USED_CPU_MS] / 1000);
	fn(data, MEASURE_mail_server_unshared_memory_bytes, NULL, NULL, (double)server->used[USED_UNSHARED_BYTES]);
}

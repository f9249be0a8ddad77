/* SPDX-License-Identifier: Apache-2.0 */
/* history_bench - what the history costs: history_bench [FOLDER]
 *
 * Writes a day of seconds into a store in FOLDER (else of /tmp), as the daemon does, and says what one
 * sample takes of the processor. Then it reads the day back as `wavebreak history` does, over a real
 * control socket: a process answers as the daemon does, this one unpacks it and writes text, CSV or JSON to
 * /dev/null. Beside it: how long it takes to copy the same bytes from a file, as cat(1). Medians of ROUNDS.
 */
#include "base/clock.h"
#include "cli/history_write.h"
#include "control/control.h"
#include "control/packed.h"
#include "observe/history.h"
#include "store/history.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400
#define FULL_DAY UINT64_C(1795737600)
#define ROUNDS 9

static char folder[256] = "/tmp/wavebreak-history-bench-XXXXXX";
static struct store *store;

static void fail(const char *what, int error)
{
	fprintf(stderr, "history_bench: %s: %s\n", what, strerror(error));
	exit(1);
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void put(void *data, enum history_tier tier, uint64_t start_s, const struct history_chunk *chunk)
{
	static char text[HISTORY_CHUNK_MOST];
	struct chunk_key key = { .tier = (uint8_t)tier, .start_s = start_s };

	history_put(store, &key, bytes_make(text, history_encode(chunk, HISTORY_ALL, text)));
}

/* A day with a wave of an hour, in which every column moves all the time; else connections come and go, and now and
 * then something happens. */
static uint32_t value_of(unsigned column, bool in_wave, uint32_t before)
{
	bool is_level = column <= HISTORY_closing || column == HISTORY_bans || column == HISTORY_gate_sessions;

	if (in_wave)
		return (uint32_t)(rand() % (column < HISTORY_OUTCOMES ? 300 : 5));
	if (is_level)
		return rand() % 4 ? before : (uint32_t)(rand() % 20);
	if (column == HISTORY_worker_cpu || column == HISTORY_log_lines || column == HISTORY_dns_latency)
		return (uint32_t)(rand() % 5);
	return rand() % 20 ? 0 : 1;
}

static void write_day(void)
{
	static struct history_recorder recorder;
	struct store_state state;
	double begun = cpu_us();

	srand(1);
	for (uint32_t i = 0; i < DAY_S; i++) {
		static uint32_t values[HISTORY_COLUMNS];

		for (unsigned c = 0; c < HISTORY_COLUMNS; c++)
			values[c] = value_of(c, i / 3600 == 19, values[c]);
		history_take(&recorder, FULL_DAY + i, values, put, NULL);
		if (i % 1800 == 0)
			store_flush(store);
	}
	history_flush(&recorder, put, NULL);
	store_flush(store);
	store_look(store, &state);
	printf("a sample folded, packed and written   %6.1f us CPU, so much of a core each second: %.4f %%\n",
	       (cpu_us() - begun) / DAY_S, (cpu_us() - begun) / DAY_S / 1e4);
	printf("that day, in all tiers                %6.1f MB in use, %.1f bytes a second\n",
	       (double)history_used(store) / 1e6, (double)history_used(store) / DAY_S);
}

struct telling {
	struct chunk_key key;
	history_columns wanted;
};

static json_t *next_chunk(void *state)
{
	static char text[HISTORY_CHUNK_SIZE_MOST], picked[HISTORY_CHUNK_MOST];
	struct telling *t = state;
	json_t *line;
	size_t size;

	if (history_next(store, &t->key, text, &size) < 0)
		return NULL;
	size = history_pick(bytes_make(text, size), t->wanted, picked);
	line = json_pack("{s:I, s:I, s:o}", "step", (json_int_t)1, "start", (json_int_t)t->key.start_s, "chunk",
			 packed_make(bytes_make(picked, size)));
	t->key.start_s++;
	return line;
}

static void answer(void *data, const json_t *request, struct control_answer *to)
{
	static const struct control_stream_calls calls = { next_chunk, free };
	struct telling *t = calloc(1, sizeof(*t));

	t->wanted = json_is_true(json_object_get(request, "all")) ? HISTORY_ALL : (history_columns)1 << HISTORY_open;
	control_stream(to, &calls, t);
}

static pid_t serve(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct control_server *server;
	struct loop *loop;
	pid_t child;

	strcpy(sun.sun_path, path);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&sun, sizeof(sun)) < 0 || listen(listener, 8) < 0)
		fail(path, errno);
	child = fork();
	if (child)
		return child;
	if (history_store_open(folder, NULL, 0, &store) < 0 || loop_create(&loop) < 0 ||
	    control_server_create(loop, listener, answer, NULL, &server) < 0)
		_exit(1);
	loop_run(loop);
	_exit(0);
}

static void on_line(void *data, const json_t *line)
{
	static struct history_chunk chunk;
	static char text[HISTORY_CHUNK_MOST];
	size_t size;

	if (packed_read(json_object_get(line, "chunk"), text, sizeof(text), &size) < 0 ||
	    history_decode(bytes_make(text, size), &chunk) < 0)
		fail("a chunk", EBADMSG);
	history_write_chunk(data, "", 1, (uint64_t)json_integer_value(json_object_get(line, "start")), &chunk);
}

static double read_day(const char *socket_path, enum history_format format, const char *to)
{
	struct history_writer writer = { .out = fopen(to, "we"), .format = format };
	uint64_t begun = clock_us();
	json_t *last;
	int r;

	if (!writer.out)
		fail(to, errno);
	r = control_ask(socket_path, json_pack("{s:b}", "all", format != HISTORY_AS_TEXT), 10000, on_line, &writer, &last);
	if (r < 0)
		fail(socket_path, -r);
	json_decref(last);
	fclose(writer.out);
	return (double)(clock_us() - begun) / 1e3;
}

static double cat(const char *file)
{
	static char buffer[131072];
	int in = open(file, O_RDONLY | O_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t begun = clock_us();
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)n) < 0)
			fail("/dev/null", errno);
	close(in);
	close(out);
	return (double)(clock_us() - begun) / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *socket_path, enum history_format format, const char *name)
{
	double times[ROUNDS], copies[ROUNDS];
	char file[300];
	struct stat status = { 0 };

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	read_day(socket_path, format, file);
	if (stat(file, &status) < 0)
		fail(file, errno);
	for (int i = 0; i < ROUNDS; i++) {
		times[i] = read_day(socket_path, format, "/dev/null");
		copies[i] = cat(file);
	}
	qsort(times, ROUNDS, sizeof(times[0]), by_size);
	qsort(copies, ROUNDS, sizeof(copies[0]), by_size);
	printf("a day of seconds as %-4s              %6.1f ms for %.1f MB; to copy them %.1f ms\n", name, times[ROUNDS / 2],
	       (double)status.st_size / 1e6, copies[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
	char socket_path[300], command[300];
	pid_t server;
	int r;

	if (argc > 1)
		snprintf(folder, sizeof(folder), "%s/history-bench-XXXXXX", argv[1]);
	if (!mkdtemp(folder))
		fail(folder, errno);
	r = history_store_open(folder, NULL, 0, &store);
	if (r < 0 || (r = store_start(store)) < 0)
		fail(folder, -r);
	write_day();
	store_close(store);
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	server = serve(socket_path);
	measure(socket_path, HISTORY_AS_TEXT, "text");
	measure(socket_path, HISTORY_AS_CSV, "csv");
	measure(socket_path, HISTORY_AS_JSON, "json");
	kill(server, SIGTERM);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* top - how it is now, on the whole screen: asks each second, shows what has changed, and does what the keys say.
 *
 * Nothing waits for the daemon: it may hang or go away, which is said on the screen, and is asked again.
 */
#include "base/clock.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/history_ask.h"
#include "cli/top_draw.h"
#include "cli/top_terminal.h"
#include "cli/when.h"
#include "event/loop.h"
#include "sense/sessions.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define SECOND_MS 1000
/* A daemon that needs long, as it has a million clients, is asked at most a tenth of the time. */
#define REST 10

/* One question on its way. */
struct asked {
	struct top *top;
	struct control_question *question; /* NULL: none */
	struct loop_fd *watch;
	uint64_t begin_ms;
	control_line_fn *line;
	void *line_data;
	/* With the last line (its own to look at, not to keep), or with NULL and -errno. */
	void (*done)(struct top *top, const json_t *last, int error);
};

struct top {
	char socket[PLAN_SOCKET_SIZE];
	struct loop *loop;
	struct loop_signals *signals;
	struct loop_fd *keys;
	struct loop_timer *second;
	struct asked look, deed, history;
	struct top_deed doing;
	struct history_span span;
	struct history_asking history_asking;
	uint64_t next_look_ms, silent_since_ms; /* 0: it is not silent */

	struct top_model model;
	struct top_view view;
	struct top_curve curve;
	struct top_screen screen;
};

static int64_t utc_offset_s(void)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	return tm.tm_gmtoff;
}

static void draw(struct top *top)
{
	size_t width, height;

	top_terminal_size(&width, &height);
	top->view.trouble_s = top->silent_since_ms ? (clock_ms() - top->silent_since_ms) / 1000 : 0;
	top_draw(&top->model, &top->view, &top->curve, utc_offset_s(), width, height, &top->screen);
	top_terminal_show(&top->screen);
}

static void forget(struct asked *asked)
{
	loop_fd_remove(asked->watch);
	control_question_close(asked->question);
	asked->watch = NULL;
	asked->question = NULL;
}

static void end(struct asked *asked, const json_t *last, int error)
{
	forget(asked);
	asked->done(asked->top, last, error);
	draw(asked->top);
}

static void on_answer(void *data, int fd, uint32_t events)
{
	struct asked *asked = data;
	json_t *last = NULL;
	int r = control_question_read(asked->question, asked->line, asked->line_data, &last);

	if (r != 0)
		end(asked, last, r < 0 ? r : 0);
	json_decref(last);
}

/* `request` is stolen. */
static void ask(struct asked *asked, const char *command, json_t *request)
{
	int r;

	json_object_set_new(request, "command", json_string(command));
	asked->begin_ms = clock_ms();
	r = control_question_open(asked->top->socket, request, &asked->question);
	if (r == 0)
		r = loop_fd_add(asked->top->loop, control_question_fd(asked->question), EPOLLIN, on_answer, asked,
				&asked->watch);
	if (r < 0)
		end(asked, NULL, r);
}

static void lose_patience(struct asked *asked)
{
	if (asked->question && clock_ms() - asked->begin_ms > ASK_PATIENCE_MS)
		end(asked, NULL, -ETIMEDOUT);
}

static void take_answer(struct top *top)
{
	const struct top_now *now;

	top_model_end(&top->model, clock_ms(), top->view.order);
	now = &top_shown(&top->model)->now;
	if (now->counted)
		top_curve_add(&top->curve, now->now_s, now->open);
}

static void on_look(struct top *top, const json_t *last, int error)
{
	uint64_t took_ms = clock_ms() - top->look.begin_ms, rest_ms = took_ms * REST;
	char text[ASK_TEXT_SIZE], trouble[ASK_TROUBLE_SIZE];

	/* One that is away is asked each second, however long it let us wait. */
	if (error < 0 || rest_ms < SECOND_MS)
		rest_ms = SECOND_MS;
	top->next_look_ms = top->look.begin_ms + rest_ms;
	if (error == 0 && ask_is_true(last, "ok")) {
		take_answer(top);
		top->view.trouble[0] = '\0';
		top->silent_since_ms = 0;
		return;
	}
	snprintf(top->view.trouble, TOP_MESSAGE_SIZE, "%.250s",
		 error < 0 ? ask_trouble(error, top->socket, trouble) : ask_refusal(last, text));
	if (!top->silent_since_ms)
		top->silent_since_ms = clock_ms();
}

static void take_line(void *data, const json_t *line)
{
	top_model_line(data, line);
}

static json_t *request_of_look(const struct top_view *view)
{
	json_t *request = json_pack("{s:s, s:i}", "order", worst_order_name(view->order), "limit", TOP_ROWS_MOST);
	char text[PREFIX_TEXT_SIZE];
	struct prefix network;

	if (view->filter[0] && top_filter_network(view, &network))
		json_object_set_new(request, "within", json_string(prefix_format(&network, text)));
	return request;
}

/* An answer that is on its way is of an order and a filter of before. */
static void look(struct top *top)
{
	forget(&top->look);
	top_model_begin(&top->model);
	ask(&top->look, "top", request_of_look(&top->view));
}

static void on_history_part(void *data, const struct history_part *part)
{
	struct top *top = data;

	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint32_t open = part->chunk->values[HISTORY_open][slot];

		if (part->chunk->present >> slot & 1 && open != HISTORY_UNKNOWN)
			top_curve_add(&top->curve, part->start_s + (uint64_t)slot * part->step_s, open);
	}
}

/* Where there is no history, the curve begins now. */
static void on_history(struct top *top, const json_t *last, int error)
{
}

static void ask_for_history(struct top *top)
{
	uint64_t now_s = clock_wall_s(), whole_s = TOP_CURVE_STEPS * TOP_CURVE_STEP_S;

	top->span = (struct history_span){ now_s > whole_s ? now_s - whole_s : 0, now_s };
	top->history_asking = (struct history_asking){ &top->span, on_history_part, top, 0 };
	ask(&top->history, "history", history_request(&top->span, (history_columns)1 << HISTORY_open, false));
}

static void say(struct top *top, bool alarming, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct top *top, bool alarming, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(top->view.message, sizeof(top->view.message), format, args);
	va_end(args);
	top->view.alarming = alarming;
}

static void say_banned(struct top *top, const json_t *answer)
{
	uint64_t until_s = ask_number(json_object_get(answer, "ban"), "until");
	char until[WHEN_TEXT_SIZE];

	if (ask_is_true(answer, "observing"))
		say(top, false, "%s would be banned: the daemon only observes, nothing was done", top->doing.name);
	else
		say(top, false, "%s is banned until %s", top->doing.name, when_format(until_s, clock_wall_s(), until));
}

static void on_deed(struct top *top, const json_t *last, int error)
{
	char text[ASK_TEXT_SIZE], trouble[ASK_TROUBLE_SIZE];
	const json_t *explanation = json_object_get(last, "text");

	if (error < 0) {
		say(top, true, "%.250s", ask_trouble(error, top->socket, trouble));
	} else if (!ask_is_true(last, "ok")) {
		say(top, true, "%.250s", ask_refusal(last, text));
	} else if (top->doing.kind == TOP_EXPLAIN) {
		snprintf(text, sizeof(text), "explain %s", top->doing.name);
		top_view_read(&top->view, text,
			      bytes_make(json_string_value(explanation), json_string_length(explanation)));
		return;
	} else if (top->doing.kind == TOP_BAN) {
		say_banned(top, last);
	} else if (top->doing.kind == TOP_UNBAN) {
		say(top, false, "%s is let in again", top->doing.name);
	} else {
		say(top, false, "%s is never banned from now on", top->doing.name);
	}
	if (error == 0)
		look(top);
}

/* The daemon sees sessions at port 22 alone. */
static bool is_own_session(const char *name)
{
	struct prefix prefix;

	return prefix_parse(bytes_of(name), &prefix) == 0 && sessions_is_own(&prefix.addr);
}

static void carry_out(struct top *top, const struct top_deed *deed)
{
	static const struct {
		const char *command, *field;
	} deeds[] = {
		[TOP_EXPLAIN] = { "explain", "address" },
		[TOP_BAN] = { "ban", "address" },
		[TOP_UNBAN] = { "unban", "address" },
		[TOP_ALLOW] = { "allow", "prefix" },
	};

	if (top->deed.question) {
		say(top, true, "the daemon has not answered what was asked before");
		return;
	}
	if (deed->kind == TOP_BAN && is_own_session(deed->name)) {
		say(top, true, "%s is where you are logged in from", deed->name);
		return;
	}
	top->doing = *deed;
	ask(&top->deed, deeds[deed->kind].command, json_pack("{s:s}", deeds[deed->kind].field, deed->name));
}

static void on_key(struct top *top, int key)
{
	struct top_deed deed;
	size_t width, height;

	top_terminal_size(&width, &height);
	deed = top_view_key(&top->view, &top->model, key, top_table_rows(width, height));
	switch (deed.kind) {
	case TOP_NOTHING: break;
	case TOP_QUIT: loop_stop(top->loop); break;
	case TOP_LOOK: look(top); break;
	default: carry_out(top, &deed); break;
	}
}

static void on_keys(void *data, int fd, uint32_t events)
{
	struct top *top = data;
	int key;

	if (events & (EPOLLHUP | EPOLLERR))
		loop_stop(top->loop);
	while ((key = top_terminal_key()) >= 0)
		if (key > 0)
			on_key(top, key);
	draw(top);
}

static void on_second(void *data)
{
	struct top *top = data;
	uint64_t now_ms = clock_ms();

	loop_timer_arm(top->second, loop_now_ms(top->loop) + SECOND_MS);
	lose_patience(&top->look);
	lose_patience(&top->deed);
	lose_patience(&top->history);
	/* A tenth of a second early is in time: the timer comes late, never early. */
	if (!top->look.question && now_ms + SECOND_MS / 10 >= top->next_look_ms)
		look(top);
	else
		draw(top);
}

static void on_signal(void *data, int signal_number)
{
	struct top *top = data;

	switch (signal_number) {
	case SIGWINCH:
		draw(top);
		break;
	case SIGTSTP:
		top_terminal_stop();
		draw(top);
		break;
	case SIGCONT:
		top_terminal_repaint();
		break;
	default:
		break;
	}
}

static int open_loop(struct top *top)
{
	static const int signals[] = { SIGTSTP, SIGCONT, SIGWINCH, 0 };
	int r = loop_create(&top->loop);

	if (r == 0)
		r = loop_signals_create(top->loop, signals, on_signal, top, &top->signals);
	if (r == 0)
		r = loop_fd_add(top->loop, STDIN_FILENO, EPOLLIN, on_keys, top, &top->keys);
	if (r == 0)
		r = loop_timer_create(top->loop, on_second, top, &top->second);
	if (r == 0)
		r = loop_timer_arm(top->second, 0);
	return r;
}

static void close_loop(struct top *top)
{
	forget(&top->look);
	forget(&top->deed);
	forget(&top->history);
	loop_timer_destroy(top->second);
	loop_fd_remove(top->keys);
	loop_signals_destroy(top->signals);
	loop_destroy(top->loop);
}

static int show(struct top *top)
{
	/* The loop first: it blocks the signals, of which ncurses would make something else. */
	int r = open_loop(top), status = STATUS_UNABLE;

	if (r < 0) {
		fprintf(stderr, "wavebreak top: %s\n", strerror(-r));
	} else if (top_terminal_open() < 0) {
		status = STATUS_WRONG;
	} else {
		ask_for_history(top);
		r = loop_run(top->loop);
		top_terminal_close();
		status = r < 0 ? STATUS_UNABLE : STATUS_OK;
		if (r < 0)
			fprintf(stderr, "wavebreak top: %s\n", strerror(-r));
	}
	close_loop(top);
	return status;
}

/* Before there is a screen: who has no daemon, or may not ask it, hears that as from any other command. */
static int first_look(struct top *top, const struct options *options)
{
	json_t *answer;
	int status;

	top_model_begin(&top->model);
	status = ask_daemon(options, "top", request_of_look(&top->view), take_line, &top->model, &answer);
	if (status != STATUS_OK)
		return status;
	json_decref(answer);
	take_answer(top);
	top->next_look_ms = clock_ms() + SECOND_MS;
	return OPTIONS_GO_ON;
}

int cmd_top(int argc, char **argv)
{
	static struct top top;
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fputs("wavebreak top: standard input and output have to be a terminal; wavebreak status tells the same "
		      "once, to anybody\n", stderr);
		return STATUS_WRONG;
	}
	top.look = (struct asked){ .top = &top, .line = take_line, .line_data = &top.model, .done = on_look };
	top.deed = (struct asked){ .top = &top, .done = on_deed };
	top.history = (struct asked){ .top = &top, .line = history_line, .line_data = &top.history_asking,
				      .done = on_history };
	status = ask_socket(&options, top.socket);
	if (status == OPTIONS_GO_ON)
		status = first_look(&top, &options);
	return status == OPTIONS_GO_ON ? show(&top) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_terminal.h"

#include "base/text.h"
#include "cli/glyphs.h"
#include "cli/top_view.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Last, as its macros have common names. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

/* How long after an escape byte the rest of a key may come. */
#define ESCAPE_MS 25

static const int endings[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

static SCREEN *terminal;
static attr_t attributes[TOP_STYLES];
static short pairs[TOP_STYLES];
static bool plain; /* ASCII only */
static struct termios modes_before;

/* What is written then: ncurses may not be called in a handler. */
static char farewell[256];
static size_t farewell_size;

static int put_farewell(int byte)
{
	if (farewell_size < sizeof(farewell))
		farewell[farewell_size++] = (char)byte;
	return byte;
}

/* A terminal that Ctrl-S has stopped goes on: TCOON alone would only undo TCOOFF. One that nobody reads is not waited
 * for. */
static void give_back(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	tcflow(STDOUT_FILENO, TCOOFF);
	tcflow(STDOUT_FILENO, TCOON);
	fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
	(void)!write(STDOUT_FILENO, farewell, farewell_size);
	fcntl(STDOUT_FILENO, F_SETFL, flags);
	tcsetattr(STDIN_FILENO, TCSANOW, &modes_before);
}

/* In the background it is the shell's, and as it was. */
static bool is_ours(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground < 0 || foreground == getpgrp();
}

/* Comes also while ncurses waits for a terminal that does not read. */
static void on_ending(int signal_number)
{
	if (is_ours())
		give_back();
	/* The handler is gone by SA_RESETHAND; the signal waits until this returns. */
	raise(signal_number);
}

/* What is ignored, as by nohup(1), stays so. */
static void prepare_for_an_ending(void)
{
	static const char *const names[] = { "sgr0", "rmkx", "cnorm", "rmcup" };
	struct sigaction action = { .sa_handler = on_ending, .sa_flags = (int)SA_RESETHAND }, before;

	farewell_size = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = tigetstr(names[i]);

		if (text && text != (char *)-1)
			tputs(text, 1, put_farewell);
	}
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ENDINGS; i++)
		if (sigaction(endings[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(endings[i], &action, NULL);
}

static void forget_endings(void)
{
	struct sigaction before;

	for (size_t i = 0; i < ENDINGS; i++)
		if (sigaction(endings[i], NULL, &before) == 0 && before.sa_handler == on_ending)
			signal(endings[i], SIG_DFL);
}

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return has_colors() && (!no_colour || !*no_colour);
}

/* Without colours the same is told by bold, dim and reverse, and by the words in any case. */
static void choose_styles(void)
{
	static const struct {
		attr_t with_colour, without;
		short colour; /* -1: that of the terminal */
	} looks[TOP_STYLES] = {
		[TOP_PLAIN] = { A_NORMAL, A_NORMAL, -1 },
		[TOP_DIM] = { A_DIM, A_DIM, -1 },
		[TOP_STRONG] = { A_BOLD, A_BOLD, -1 },
		[TOP_ALARM] = { A_BOLD, A_BOLD, COLOR_RED },
		[TOP_WARNING] = { A_NORMAL, A_NORMAL, COLOR_YELLOW },
		[TOP_GOOD] = { A_NORMAL, A_NORMAL, COLOR_GREEN },
		[TOP_SELECTED] = { A_REVERSE, A_REVERSE, -1 },
		[TOP_TITLE] = { A_UNDERLINE, A_UNDERLINE, -1 },
		/* Amber, as plot has it: told apart from the red of the limit with every common colour blindness. */
		[TOP_CURVE] = { A_NORMAL, A_NORMAL, COLOR_YELLOW },
		[TOP_LIMIT] = { A_NORMAL, A_NORMAL, COLOR_RED },
	};
	bool colour = wants_colour();

	if (colour) {
		start_color();
		use_default_colors();
	}
	for (short i = 0; i < TOP_STYLES; i++) {
		attributes[i] = colour ? looks[i].with_colour : looks[i].without;
		pairs[i] = 0;
		if (colour && looks[i].colour >= 0 && init_pair((short)(i + 1), looks[i].colour, -1) == OK)
			pairs[i] = (short)(i + 1);
	}
}

static int refuse(const char *term, const char *why)
{
	char shown[80];

	fprintf(stderr, "wavebreak top: the terminal '%s' %s; wavebreak status tells the same once\n",
		text_escape(bytes_of(term), shown, sizeof(shown)), why);
	return -1;
}

/* Looked at by itself, since newterm does not say why it fails. */
static int check_terminal(const char *term)
{
	bool has_address;
	int error = 1;

	if (!*term) {
		fputs("wavebreak top: TERM is not set: it says what terminal this is; wavebreak status tells the same once\n",
		      stderr);
		return -1;
	}
	if (setupterm(term, STDOUT_FILENO, &error) != OK)
		return refuse(term, "is not known here");
	has_address = cursor_address;
	del_curterm(cur_term);
	if (!has_address)
		return refuse(term, "cannot put its cursor anywhere");
	return 0;
}

int top_terminal_open(void)
{
	const char *term = getenv("TERM");

	term = term ? term : "";
	plain = glyphs_are_plain(term);
	if (check_terminal(term) < 0)
		return -1;
	tcgetattr(STDIN_FILENO, &modes_before);
	terminal = newterm(term, stdout, stdin);
	if (!terminal)
		return refuse(term, "cannot be used");
	prepare_for_an_ending();
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	choose_styles();
	return 0;
}

void top_terminal_close(void)
{
	if (!terminal)
		return;
	endwin();
	forget_endings();
	delscreen(terminal);
	terminal = NULL;
}

void top_terminal_size(size_t *ret_width, size_t *ret_height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	*ret_width = COLS > 0 ? (size_t)COLS : 1;
	*ret_height = LINES > 0 ? (size_t)LINES : 1;
}

/* The last cell of a terminal is written last, and by ncurses without a scroll. */
void top_terminal_show(const struct top_screen *screen)
{
	for (size_t row = 0; row < screen->height; row++) {
		for (size_t column = 0; column < screen->width; column++) {
			const struct top_cell *cell = &screen->cells[row][column];
			wchar_t glyph[2] = { plain ? (unsigned char)glyph_plain(cell->glyph) : cell->glyph, 0 };
			cchar_t shown;

			setcchar(&shown, glyph, attributes[cell->style], pairs[cell->style], NULL);
			mvadd_wch((int)row, (int)column, &shown);
		}
	}
	refresh();
}

void top_terminal_repaint(void)
{
	redrawwin(curscr);
	refresh();
}

int top_terminal_key(void)
{
	int key = getch();

	switch (key) {
	case KEY_UP: return TOP_KEY_UP;
	case KEY_DOWN: return TOP_KEY_DOWN;
	case KEY_PPAGE: return TOP_KEY_PAGE_UP;
	case KEY_NPAGE: return TOP_KEY_PAGE_DOWN;
	case KEY_HOME: return TOP_KEY_HOME;
	case KEY_END: return TOP_KEY_END;
	case KEY_ENTER: case '\r': case '\n': return TOP_KEY_ENTER;
	case KEY_BACKSPACE: case '\b': case 0x7f: return TOP_KEY_BACKSPACE;
	case KEY_BTAB: return TOP_KEY_BACK_TAB;
	case '\t': return TOP_KEY_TAB;
	case 0x1b: return TOP_KEY_ESCAPE;
	case ERR: return -1;
	default: return key < 0x80 ? key : 0; /* of no meaning */
	}
}

void top_terminal_stop(void)
{
	sigset_t stop, before;

	endwin();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	/* What ncurses does with it is not wanted here, and it is blocked for the loop. */
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	top_terminal_repaint();
}

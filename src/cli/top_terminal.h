/* SPDX-License-Identifier: Apache-2.0 */
/* top_terminal - the terminal of `wavebreak top` (ncursesw): shows a screen, takes keys, and is left as it was.
 *
 * ncurses sends what has changed and nothing else. However the program ends, the modes of the terminal, its
 * cursor and what it showed before are put back: by top_terminal_close, and after a signal that ends it, or that it
 * crashes of, by a handler, before the signal does what it does. These are not to be blocked: what shows a screen waits
 * for a terminal that has stopped reading. Only SIGKILL is beyond that. One at a time in a process.
 */
#ifndef WAVEBREAK_CLI_TOP_TERMINAL_H
#define WAVEBREAK_CLI_TOP_TERMINAL_H

#include "cli/top_screen.h"

/* On standard input and output, which are terminals. Returns 0, or -1 after a sentence on standard error. */
int top_terminal_open(void);
/* Harmless when it is not open. */
void top_terminal_close(void);

/* The size now. */
void top_terminal_size(size_t *ret_width, size_t *ret_height);
void top_terminal_show(const struct top_screen *screen);
/* All of it again, as somebody else may have written there. */
void top_terminal_repaint(void);
/* A key (enum top_key, or a character), or -1 when there is none. */
int top_terminal_key(void);

/* Stops the process, as SIGTSTP does, with the terminal as it was; returns when it is continued. */
void top_terminal_stop(void);

#endif

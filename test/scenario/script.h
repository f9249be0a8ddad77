/* SPDX-License-Identifier: Apache-2.0 */
/* script - what all stories have in common: how they are read, and how they fail.
 *
 * A story is a text that a mail administrator can read. Its lines are
 *
 *	story: TITLE            once, first
 *	given  …                how things are, before anything happens
 *	when   PHRASE           something happens
 *	then   PHRASE           something is so
 *	and    …                the same as the line before
 *	# …                     a remark; also behind a phrase, after two blanks
 *
 * Each kind of story has a table of its phrases, and a world in which they are played. "it" is the
 * client that was named last; an IPv6 address with a port is [2001:db8::7]:4711. Whatever is not
 * understood is a mistake: FILE:LINE says where, and the exit status is 2; it is 1 when a `then` is
 * not so. With `--fails-at LINE` all is well when the first thing wrong is in that line.
 */
#ifndef WAVEBREAK_TEST_SCRIPT_H
#define WAVEBREAK_TEST_SCRIPT_H

#include "base/prefix.h"

struct client {
	struct addr addr;
	uint16_t port; /* 0: not said */
};

/* What a phrase has in its braces. */
struct details {
	struct client client; /* {client} */
	uint64_t times[2];    /* {time}, ms, as they come */
	size_t time_count;
	uint64_t count;       /* {count} */
	struct prefix prefix; /* {prefix} */
	struct bytes words[2]; /* {word}, as they come */
	size_t word_count;
	struct bytes rest;    /* {rest}: all to the end of the line, and not nothing */
};

struct story {
	const char *file;
	unsigned line;
	struct client it;
	struct world *world; /* of the kind that the program plays in */
};

enum mood { NOTHING, GIVEN, WHEN, THEN };

/* The first row that fits counts, so the longer of two that begin alike comes first. */
struct phrase {
	enum mood mood;
	const char *words;
	void (*play)(struct story *story, const struct details *details);
};

struct script {
	const struct phrase *phrases;
	size_t phrase_count;
	/* NULL: what is given is a phrase like the others. */
	void (*given)(struct story *story, struct bytes text);
	/* A line that has this within it has no remarks: what looks like one is the client's. May be NULL. */
	const char *without_remarks;
	struct world *(*begin)(void);
	void (*end)(struct story *story); /* checks what is left to be checked */
};

void story_fail(const struct story *story, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void story_expect(const struct story *story, bool well, const char *but);

/* The next word, which is taken off *text with the blanks around it. */
struct bytes story_take_word(struct bytes *text);

/* Exits 2 with a sentence when something that no story can be blamed for goes wrong. */
void story_must(bool well, const char *what);

/* Takes --fails-at LINE off the arguments. */
void story_options(int *argc, char ***argv);
/* Returns the exit status. */
int story_play(const struct script *script, char **files, int count);

#endif

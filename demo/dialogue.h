/* SPDX-License-Identifier: Apache-2.0 */
/* dialogue - the client's side of one SMTP conversation (RFC 5321), as honest senders and
 * as the zombies of 2009 held it.
 *
 * Pure: replies in, commands out. Both wait for each reply before they go on. An honest
 * sender delivers one mail and quits. A zombie gets as far as RCPT, and whatever it is
 * told there, says nothing more and keeps the connection; a mute one does not even say
 * HELO.
 */
#ifndef WAVEBREAK_DEMO_DIALOGUE_H
#define WAVEBREAK_DEMO_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads replies byte by byte and keeps only the code, so a reply needs no buffer,
 * whatever its length. */
struct reply_reader {
	uint16_t code;
	uint8_t column; /* in the line; stays at its highest value in a long one */
	bool last_line; /* "250 " and not "250-" (RFC 5321 section 4.2.1) */
	bool malformed;
};

/* Reads from data[0..size) up to the end of one reply; `*used` bytes are consumed in any
 * case. True when a reply is complete: its code, or 0 when it was not SMTP. */
bool reply_read(struct reply_reader *reader, const char *data, size_t size, size_t *used,
		uint16_t *ret_code);

enum step {
	STEP_GREETING, /* waits for 220 */
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_TEXT,
	STEP_QUIT,
	STEP_HOLD, /* says nothing more and stays */
	STEP_LEAVE, /* closes the connection */
};

enum manner { MANNER_HONEST, MANNER_ZOMBIE, MANNER_MUTE };

/* The step that follows when `step` was answered with `code`. */
enum step dialogue_next(enum manner manner, enum step step, uint16_t code);

struct dialogue_words {
	const char *sender; /* envelope sender's domain */
	const char *recipient;
	uint32_t number; /* distinguishes the mails */
	int64_t wall_s; /* for the Date field */
};

#define DIALOGUE_TEXT_SIZE 1024

/* What is sent on entering `step`, or nothing. Returns its length. */
size_t dialogue_text(enum step step, const struct dialogue_words *words,
		     char text[DIALOGUE_TEXT_SIZE]);

#endif

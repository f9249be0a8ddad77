/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue.h"

#include <stdio.h>
#include <time.h>

static void take_code_digit(struct reply_reader *reader, char c)
{
	if (c < '0' || c > '9') {
		reader->malformed = true;
		return;
	}
	reader->code = (uint16_t)((reader->column == 0 ? 0 : reader->code * 10) + (c - '0'));
}

bool reply_read(struct reply_reader *reader, const char *data, size_t size, size_t *used,
		uint16_t *ret_code)
{
	for (*used = 0; *used < size;) {
		char c = data[(*used)++];

		if (c == '\n') {
			bool complete = reader->last_line || reader->malformed ||
					reader->column <= 3;

			*ret_code = reader->malformed || reader->column < 3 ? 0 : reader->code;
			if (complete) {
				*reader = (struct reply_reader){ 0 };
				return true;
			}
			reader->column = 0;
			continue;
		}
		if (reader->column < 3)
			take_code_digit(reader, c);
		else if (reader->column == 3)
			reader->last_line = c != '-';
		if (reader->column < UINT8_MAX)
			reader->column++;
	}
	return false;
}

/* Which first digit leads on, and where to. */
static const struct {
	uint8_t wanted;
	enum step honest, zombie;
} steps[] = {
	[STEP_GREETING] = { 2, STEP_HELO, STEP_HELO },
	[STEP_HELO] = { 2, STEP_MAIL, STEP_MAIL },
	[STEP_MAIL] = { 2, STEP_RCPT, STEP_RCPT },
	[STEP_RCPT] = { 2, STEP_DATA, STEP_HOLD },
	[STEP_DATA] = { 3, STEP_TEXT, STEP_HOLD },
	[STEP_TEXT] = { 2, STEP_QUIT, STEP_HOLD },
	[STEP_QUIT] = { 2, STEP_LEAVE, STEP_HOLD },
	[STEP_HOLD] = { 0, STEP_LEAVE, STEP_HOLD },
	[STEP_LEAVE] = { 0, STEP_LEAVE, STEP_LEAVE },
};

enum step dialogue_next(enum manner manner, enum step step, uint16_t code)
{
	if (manner == MANNER_MUTE)
		return STEP_HOLD;
	if (code / 100 != steps[step].wanted)
		return manner == MANNER_HONEST ? STEP_LEAVE : STEP_HOLD;
	return manner == MANNER_HONEST ? steps[step].honest : steps[step].zombie;
}

/* RFC 5322 section 3.6: Date and From are the two fields that a message must have. */
static int mail_text(const struct dialogue_words *words, char text[DIALOGUE_TEXT_SIZE])
{
	time_t now = (time_t)words->wall_s;
	char date[64] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	return snprintf(text, DIALOGUE_TEXT_SIZE,
			"Date: %s\r\nFrom: <sender%u@%s>\r\nTo: <%s>\r\n"
			"Message-ID: <%u.%lld@%s>\r\nSubject: Minutes of meeting %u\r\n\r\n"
			"The minutes are as agreed.\r\n.\r\n",
			date, words->number, words->sender, words->recipient, words->number,
			(long long)words->wall_s, words->sender, words->number);
}

size_t dialogue_text(enum step step, const struct dialogue_words *words,
		     char text[DIALOGUE_TEXT_SIZE])
{
	int length = 0;

	switch (step) {
	case STEP_HELO:
		length = snprintf(text, DIALOGUE_TEXT_SIZE, "HELO mail%u.%s\r\n", words->number,
				  words->sender);
		break;
	case STEP_MAIL:
		length = snprintf(text, DIALOGUE_TEXT_SIZE, "MAIL FROM:<sender%u@%s>\r\n",
				  words->number, words->sender);
		break;
	case STEP_RCPT:
		length = snprintf(text, DIALOGUE_TEXT_SIZE, "RCPT TO:<%s>\r\n", words->recipient);
		break;
	case STEP_DATA:
		length = snprintf(text, DIALOGUE_TEXT_SIZE, "DATA\r\n");
		break;
	case STEP_TEXT:
		length = mail_text(words, text);
		break;
	case STEP_QUIT:
		length = snprintf(text, DIALOGUE_TEXT_SIZE, "QUIT\r\n");
		break;
	case STEP_GREETING:
	case STEP_HOLD:
	case STEP_LEAVE:
		break;
	}
	return length > 0 && length < DIALOGUE_TEXT_SIZE ? (size_t)length : 0;
}

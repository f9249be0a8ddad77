/* SPDX-License-Identifier: Apache-2.0 */
#include "complaint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define TAIL_BYTES 2000

int complain(struct complaint *complaint, int status, const char *format, ...)
{
	va_list arguments;

	if (complaint->status == 0) {
		complaint->status = status;
		va_start(arguments, format);
		vsnprintf(complaint->sentence, sizeof(complaint->sentence), format, arguments);
		va_end(arguments);
	}
	return -ECANCELED;
}

void complaint_see(struct complaint *complaint, const char *folder, const char *name)
{
	if (complaint->status == 0)
		snprintf(complaint->log_path, sizeof(complaint->log_path), "%s/%s", folder, name);
}

/* Whatever the programs wrote there, no control character of theirs reaches the terminal. */
static void print_tail(const char *path)
{
	FILE *log = fopen(path, "re");
	int c;

	if (!log)
		return;
	if (fseek(log, -TAIL_BYTES, SEEK_END) == 0) {
		while ((c = fgetc(log)) != EOF && c != '\n')
			;
	} else {
		rewind(log);
	}
	while ((c = fgetc(log)) != EOF)
		fputc((c < 0x20 && c != '\n' && c != '\t') || c >= 0x7F ? '?' : c, stderr);
	fclose(log);
}

void complaint_print(const struct complaint *complaint)
{
	fprintf(stderr, "wavebreak demo: %s\n", complaint->sentence);
	if (complaint->log_path[0])
		print_tail(complaint->log_path);
}

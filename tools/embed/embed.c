/* SPDX-License-Identifier: Apache-2.0 */
/* embed - writes files as C: the rows of observe/page.c. Runs while building and is not installed.
 *
 *   embed NAME FILE [NAME FILE ...]
 */
#include <stdio.h>
#include <stdlib.h>

static void write_bytes(FILE *in, FILE *out)
{
	int c, column = 0;

	while ((c = getc(in)) != EOF)
		fprintf(out, "%d,%s", c, ++column % 24 ? "" : "\n");
}

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		FILE *in = fopen(argv[i + 1], "rb");

		if (!in) {
			perror(argv[i + 1]);
			return EXIT_FAILURE;
		}
		printf("static const unsigned char file_%d[] = {\n", i / 2);
		write_bytes(in, stdout);
		puts("};");
		if (ferror(in) || fclose(in) != 0)
			return EXIT_FAILURE;
	}
	puts("static const struct page_file files[] = {");
	for (int i = 1; i + 1 < argc; i += 2)
		printf("\t{ \"/%s\", file_%d, sizeof(file_%d) },\n", argv[i], i / 2, i / 2);
	puts("};");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

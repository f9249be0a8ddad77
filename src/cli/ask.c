/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/configured.h"

#include <errno.h>
#include <stdlib.h>

int ask_socket(const struct options *options, char path[PLAN_SOCKET_SIZE])
{
	struct settings settings;
	int status;

	if (options->socket) {
		if (strlen(options->socket) >= PLAN_SOCKET_SIZE) {
			fprintf(stderr, "wavebreak: --socket: a socket's path has at most %d bytes\n",
				PLAN_SOCKET_SIZE - 1);
			return STATUS_WRONG;
		}
		strcpy(path, options->socket);
		return OPTIONS_GO_ON;
	}
	status = configured_settings(options->config, &settings);
	/* The daemon runs with what it read before; who wants to unban somebody now is not to mend a
	 * configuration first. */
	if (status != OPTIONS_GO_ON && !options->config && settings_usual(&settings) == 0) {
		plan_socket(&settings, path);
		settings_free(&settings);
		fprintf(stderr, "wavebreak: asking at the usual socket, %s, all the same\n", path);
		return OPTIONS_GO_ON;
	}
	if (status != OPTIONS_GO_ON) {
		fputs("wavebreak: without the configuration, --socket PATH finds the daemon\n", stderr);
		return status;
	}
	plan_socket(&settings, path);
	settings_free(&settings);
	return OPTIONS_GO_ON;
}

const char *ask_trouble(int error, const char *path, char text[ASK_TROUBLE_SIZE])
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		snprintf(text, ASK_TROUBLE_SIZE, "no socket at %s", path);
		break;
	case -ECONNREFUSED:
		snprintf(text, ASK_TROUBLE_SIZE, "nobody answers at %s", path);
		break;
	case -EACCES:
	case -EPERM:
		snprintf(text, ASK_TROUBLE_SIZE, "not permitted: root or a member of group wavebreak may use %s", path);
		break;
	case -ETIMEDOUT:
	case -EAGAIN:
		snprintf(text, ASK_TROUBLE_SIZE, "the daemon runs, but does not answer at %s", path);
		break;
	case -EPROTO:
		snprintf(text, ASK_TROUBLE_SIZE, "the daemon gave no whole answer at %s: it is ending, or busy", path);
		break;
	default:
		snprintf(text, ASK_TROUBLE_SIZE, "%s: %s", path, strerror(-error));
		break;
	}
	return text;
}

static int not_answered(const char *path, int error, char sentence[ASK_SENTENCE_SIZE])
{
	char trouble[ASK_TROUBLE_SIZE];

	ask_trouble(error, path, trouble);
	snprintf(sentence, ASK_SENTENCE_SIZE, "wavebreak: %s", trouble);
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -ECONNREFUSED:
		snprintf(sentence, ASK_SENTENCE_SIZE,
			 "wavebreak is not running (%s); start it with 'systemctl start wavebreak' or 'wavebreak run'",
			 trouble);
		return STATUS_NO;
	case -ETIMEDOUT:
	case -EAGAIN:
	case -EPROTO:
		return STATUS_NO;
	default:
		return STATUS_UNABLE;
	}
}

const char *ask_refusal(const json_t *answer, char text[ASK_TEXT_SIZE])
{
	return *ask_text(answer, "error", text) ? text : strcpy(text, "the daemon refused without a reason");
}

static int refused(const char *command, const json_t *answer, char sentence[ASK_SENTENCE_SIZE])
{
	uint64_t status = ask_number(answer, "status");
	char why[ASK_TEXT_SIZE];

	snprintf(sentence, ASK_SENTENCE_SIZE, "wavebreak %s: %s", command, ask_refusal(answer, why));
	return status == STATUS_WRONG || status == STATUS_UNABLE ? (int)status : STATUS_NO;
}

int ask_at(const char *path, const char *command, json_t *request, control_line_fn *line, void *data, json_t **ret,
	   char sentence[ASK_SENTENCE_SIZE])
{
	json_t *answer = NULL;
	int status, r;

	if (!request)
		request = json_object();
	json_object_set_new(request, "command", json_string(command));
	r = control_ask(path, request, ASK_PATIENCE_MS, line, data, &answer);
	if (r < 0)
		return not_answered(path, r, sentence);
	if (!ask_is_true(answer, "ok")) {
		status = refused(command, answer, sentence);
		json_decref(answer);
		return status;
	}
	*ret = answer;
	return STATUS_OK;
}

int ask_daemon(const struct options *options, const char *command, json_t *request,
	       control_line_fn *line, void *data, json_t **ret)
{
	char path[PLAN_SOCKET_SIZE], sentence[ASK_SENTENCE_SIZE];
	int status = ask_socket(options, path);

	if (status != OPTIONS_GO_ON) {
		json_decref(request);
		return status;
	}
	status = ask_at(path, command, request, line, data, ret, sentence);
	if (status != STATUS_OK)
		fprintf(stderr, "%s\n", sentence);
	return status;
}

int ask_about(const struct options *options, const char *command, const char *name, json_t **ret)
{
	json_t *request = json_object();

	json_object_set_new(request, name, ask_word(options->operands[0]));
	return ask_daemon(options, command, request, NULL, NULL, ret);
}

void ask_print_json(json_t *answer)
{
	json_object_del(answer, "ok");
	json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
}

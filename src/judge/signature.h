/* SPDX-License-Identifier: Apache-2.0 */
/* signature - what one kind of log line looks like, and what it says of a client.
 *
 * A set holds what the signature files say (judge/signature_file.h), compiled. It is filled,
 * then sealed, and never changes after that: a reload makes a new set. A matcher
 * (judge/matcher.h) reads it, any number of them at a time.
 *
 * A log line finds its signatures by the program that wrote it: the syslog tag gives a group,
 * which lists the signatures of all services with that tag, in the order in which the files
 * were read. Lines without a tag take the group of a service or a server by its name. Within
 * a group the first byte of the message leaves the few signatures that can match.
 */
#ifndef WAVEBREAK_JUDGE_SIGNATURE_H
#define WAVEBREAK_JUDGE_SIGNATURE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/addr.h"
#include "judge/outcome.h"

#include <pcre2.h>

#define SIGNATURES_MAX 1024
#define SERVICES_MAX 128
#define SERVICE_TAGS_MAX 64
#define SIGNATURE_NAME_MAX 40   /* of signatures, services, servers, tags */
#define SIGNATURE_TEXT_MAX 4096 /* of a line of a file, and of a pattern with its definitions */
#define SIGNATURE_SCORE_MAX 1000

/* Reply codes 0 to 639, one bit each. */
struct reply_codes {
	bool any;
	uint64_t bits[10];
};

static inline bool reply_codes_have(const struct reply_codes *codes, unsigned code)
{
	return codes->any || (code < 640 && (codes->bits[code / 64] >> (code % 64) & 1));
}

/* Signatures whose patterns read the same share one, so a matcher runs it once for a line. */
struct pattern {
	char *text;
	pcre2_code *code;
	struct bytes start; /* fixed text that every match begins with; may be empty */
	uint32_t addr_group, port_group, reply_group, id_group; /* 0: not in the pattern */
};

struct service {
	char *name;
	char *server; /* the mail server it is a part of: "courier"; else the same as name */
	char *tags[SERVICE_TAGS_MAX];
	size_t tag_count;
	size_t split_size; /* see `split` in wavebreak-signatures(5); 0: not given */
};

#define EXAMPLE_BEFORE_MAX 4
struct example {
	struct bytes line; /* of the set's copy of the file */
	struct bytes before[EXAMPLE_BEFORE_MAX]; /* messages that were read before it */
	size_t before_count;
	unsigned file_line;
	bool expected;
	struct addr client; /* ADDR_NONE: not given */
};

/* What becomes of the id in a line (judge/memory.h). */
enum signature_memory {
	SIGNATURE_KEEPS_NOTHING,
	SIGNATURE_REMEMBERS, /* that it stands for this line's client */
	SIGNATURE_RECALLS,   /* the client that it stands for; a later line may name it */
};

struct signature {
	char *name;
	const struct service *service;
	const char *file;
	unsigned file_line;
	size_t pattern;       /* an index of the set's patterns */
	struct bytes literal; /* has to be somewhere in the message; empty: nothing has to */
	struct reply_codes replies;
	enum outcome outcome;
	unsigned score; /* 0: no offence */
	enum signature_memory memory;
	bool forgets;   /* the id, after this line */
	bool replaced;  /* by one of the same name and service in a file read earlier */
	struct example *examples;
	size_t example_count;
};

/* What is wrong with a signature file, and where. */
#define SIGNATURE_MISTAKE_SIZE 320
struct signature_mistake {
	unsigned line, column;             /* from 1, the column in bytes */
	char text[SIGNATURE_MISTAKE_SIZE]; /* "'outcom' is no keyword; did you mean 'outcome'?" */
};

/* A signature of a group with what is asked first, side by side for the cache: a line looks at some
 * tens of these, and at one or two patterns. */
struct candidate {
	struct bytes start, literal; /* of the pattern; of the signature */
	size_t pattern;
	const struct signature *signature;
};

struct signature_group {
	struct bytes name;     /* a tag, a service or a server */
	const char *server;    /* of its first service */
	size_t split_size;     /* the smallest of its services */
	uint32_t id;           /* counts from 0 within the set */
	uint8_t class_of[256]; /* by the first byte of the message */
	/* Those of class c are order[first[c]] to order[first[c + 1] - 1]. */
	struct candidate *order;
	uint16_t *first;
};

struct group_index; /* names to groups */

struct signature_set {
	struct pattern *patterns;
	struct service **services;
	struct signature **signatures;
	char **texts; /* copies of the files, which the views point into */
	size_t pattern_count, service_count, signature_count, text_count;
	pcre2_compile_context *compile_context;
	struct signature_group *groups; /* by tag first, then by name */
	size_t group_count, tag_group_count;
	uint16_t *by_tag, *by_name; /* hash tables of index + 1 */
	size_t slots;               /* of each; a power of two */
};

/* All return 0, -ENOMEM, or what is said with them. */
int signature_set_create(struct signature_set **ret);
void signature_set_destroy(struct signature_set *set);

/* Keeps a copy as long as the set lives. */
int signature_set_keep_text(struct signature_set *set, struct bytes text, struct bytes *ret);

/* The service of that name, made when there is none. -ENOSPC at SERVICES_MAX. */
int signature_set_service(struct signature_set *set, struct bytes name, struct service **ret);
/* A tag that is there already stays once. -ENOSPC at SERVICE_TAGS_MAX. */
int service_add_tag(struct service *service, struct bytes tag);
int service_set_server(struct service *service, struct bytes server);

/* A new signature of the service, the last in order. -ENOSPC at SIGNATURES_MAX. */
int signature_set_add(struct signature_set *set, struct service *service, struct bytes name,
		      struct signature **ret);
const struct signature *signature_set_find(const struct signature_set *set,
					   const struct service *service, struct bytes name);
int signature_add_example(struct signature *signature, const struct example *example);

/* Compiles a pattern or finds the same one. -EINVAL: PCRE2 refuses it; the code for
 * pcre2_get_error_message and the offset in the pattern are in ret_error and ret_offset. */
int signature_set_pattern(struct signature_set *set, struct bytes text, size_t *ret, int *ret_error,
			  size_t *ret_offset);

struct candidate signature_candidate(const struct signature_set *set, const struct signature *signature);

/* Builds the groups. Nothing may be added afterwards. */
int signature_set_seal(struct signature_set *set);

/* NULL when no service has it. Only of a sealed set. */
const struct signature_group *signature_set_by_tag(const struct signature_set *set,
						   struct bytes tag);
/* By the name of a service or of a server. */
const struct signature_group *signature_set_by_name(const struct signature_set *set,
						    struct bytes name);

#endif

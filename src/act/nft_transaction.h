/* SPDX-License-Identifier: Apache-2.0 */
/* nft_transaction - carries batches and questions to nf_tables and fetches the answers.
 *
 * Netlink to the kernel is a function call in disguise: when the send returns, the work is
 * done and whatever there is to read is there. So nothing here waits, and a batch without
 * an answer has succeeded: the kernel says only what it refused, and a refusal that it had
 * no memory to say arrives as -ENOBUFS.
 */
#ifndef WAVEBREAK_ACT_NFT_TRANSACTION_H
#define WAVEBREAK_ACT_NFT_TRANSACTION_H

#include "act/nft_message.h"

/* A socket that takes batches of `most` bytes; closed on exec. Returns 0 or -errno. */
int nft_socket_open(size_t most, int *ret_fd);

/* Returns 0, or the first error of the kernel with the number of the message that it was
 * about, or of the socket with 0 for that number. */
int nft_transaction_run(int fd, const struct nft_batch *batch, uint32_t *ret_refused_sequence);

/* Sends all questions in one go and hands each answer to `fn`, in their order. At most
 * NFT_QUESTIONS_MOST, because the kernel keeps a page or two for each answer.
 * Returns 0 or -errno. */
#define NFT_QUESTIONS_MOST 128
typedef void nft_answer_fn(void *data, const struct nl_message *answer);
int nft_questions_run(int fd, const struct nl_writer *questions, nft_answer_fn *fn, void *data);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* crowd - zombies and honest senders, all from one process.
 *
 * Runs in the network namespace that demo/network calls the outside: there, any address
 * of these networks may be a source.
 *
 *	zombie number n	10.66.x.y, every seventh 2001:db8:66:n::1; where `unlisted`, 10.65 and 65
 *	honest number n	10.67.x.y, every seventh 2001:db8:67:n::1
 *
 * Each zombie has a fresh address until 65,536 have come, and so has each honest sender, but for
 * every third one, which comes from that of the one five before it: 10 s later, as they come
 * every 2 s. Some zombies never say HELO (mute_in_100). One in four comes back once, 5 s after its
 * connection was ended by the other side, from the same address. What they say is in dialogue.h.
 * The order of everything is the same in each run, so that two runs differ only in what they meet.
 *
 * Ends by itself: when the honest senders are through, or `drain_seconds` after the last
 * visitor came.
 */
#ifndef WAVEBREAK_DEMO_CROWD_H
#define WAVEBREAK_DEMO_CROWD_H

#include "visit.h"
#include "wave.h"

#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>

struct crowd_plan {
	struct sockaddr_in server4;
	struct sockaddr_in6 server6; /* sin6_family 0: nobody comes by IPv6 */
	double seconds; /* for how long visitors come */
	double drain_seconds; /* how long the last of them are waited for */
	const struct wave *wave; /* the shape of the arrivals; NULL: steady */
	double zombies_per_second; /* at the height of the wave; 0: none */
	unsigned int mute_in_100; /* zombies that never say HELO, so that nothing refuses them */
	bool unlisted; /* zombies come from addresses that no block list names */
	size_t zombies_at_most; /* 0: no bound but the other ones */
	double honest_every_seconds; /* 0: none */
	double honest_patience_seconds;
	size_t open_at_most; /* sockets; visitors beyond it are held back and counted */
	const char *zombie_domain, *honest_domain; /* of the envelope senders */
	const char *recipient;
};

/* A plan with everything but `server4`: 20 zombies a second for 40 s, an honest sender
 * every 2 s that waits for 120 s at most. */
extern const struct crowd_plan crowd_plan_default;

struct crowd_losses {
	size_t held_back; /* visitors that did not come because of open_at_most */
	size_t not_returned; /* second visits that were forgotten for the same reason */
};

/* Called for each phase of each visit, from within crowd_run. */
typedef void crowd_report(const struct visit *visit, void *owner);

/* Returns 0 when it ended by itself or because `*stop` became true, else -errno:
 * -EADDRNOTAVAIL when the sources are not local here, -EMFILE when open_at_most is more
 * than RLIMIT_NOFILE allows. */
int crowd_run(const struct crowd_plan *plan, crowd_report *report, void *owner,
	      const volatile sig_atomic_t *stop, struct crowd_losses *ret_losses);

#endif

# SPDX-License-Identifier: Apache-2.0
#
# MailScanner 4 and 5, which reads mail from the queue of an MTA. The language is in
# wavebreak-signatures(5).
#
# Written from its statement "Message ID from ADDR (FROM) to DOMAINS is REPORT", in English as it
# is by default (languages.conf), with LogSpam.
#
# Which part of a line MailScanner itself wrote: ID and ADDR, the address that the MTA noted. FROM
# is the envelope sender, perhaps without the quotes that it was sent with. DOMAINS are those of
# the recipients, joined by ','. A sender with blanks and parentheses could imitate what follows
# it; such a line, and one that says ") to " twice, does not count.
#
# ADDR is the last host that brought the message. Behind a relay of one's own it is that relay:
# it has to be on the list of those that are never banned.

define message ^Message [^ ]{1,60} from {addr} \((?!.*\) to .*\) to )[^ ()]{0,320}\) to [^ ]{1,1000} is\x20

service mailscanner
  server mailscanner
  tag    MailScanner

signature blacklisted
  literal is spam (blacklisted)
  pattern {message}spam \(blacklisted\)
  outcome policy-refused
  yes     Message 5ctN6m5yKmz5sU7 from 192.0.2.7 (a@b.example) to d.example is spam (blacklisted)
  client  192.0.2.7
  no      Message 5ctN6m5yKmz5sU7 from 192.0.2.7 (a) to d.example is spam (blacklisted)@b.example) to d.example is not spam, SpamAssassin (not cached, score=0.1, required 4)
  no      Message 5ctN6m5yKmz5sU7 from 192.0.2.7 ("a) to d.example is spam (blacklisted)"@b.example) to d.example is not spam, SpamAssassin (not cached, score=0.1, required 4)

# By two digits or more, as "High SpamAssassin Score" is by default. Lists that name the client
# or the sender's domain come before.
signature high-score
  literal SpamAssassin (
  pattern {message}spam,(?: [^ (),]{1,80},)* SpamAssassin \((?:(?:not )?cached, )?score=[1-9][0-9]
  outcome policy-refused
  yes     Message 6duO7n6zLna6tV8 from 192.0.2.7 (a@b.example) to d.example is spam, SpamAssassin (not cached, score=35.2, required 4, BAYES_99 8.5)
  client  192.0.2.7
  yes     Message 6duO7n6zLna6tV8 from 2001:db8::7 () to d.example,e.example is spam, ZEN, SpamAssassin (cached, score=10, required 4)
  client  2001:db8::7
  no      Message 6duO7n6zLna6tV8 from 192.0.2.7 (a@b.example) to d.example is spam, SpamAssassin (not cached, score=7.181, required 4, BAYES_40 -0.20)
  no      Message 6duO7n6zLna6tV8 from 192.0.2.7 (a@b.example) to d.example is not spam, SpamAssassin (not cached, score=35.2, required 40)

# Named by a list of "Spam Lists" or "Spam Domain Lists". Which of the two is not told, so it is
# not the same as a DNS list that names the client.
signature on-a-list
  pattern {message}spam,(?: [^ (),]{1,80}(?:,|$))+(?:$| SpamAssassin \()
  outcome policy-refused
  yes     Message 4bsM5k4xJmz4rT6 from 192.0.2.7 (a@b.example) to d.example is spam, spamhaus-ZEN
  client  192.0.2.7
  yes     Message 4bsM5k4xJmz4rT6 from 192.0.2.7 (a@b.example) to d.example is spam, spamhaus-ZEN, spamcop.net, SpamAssassin (not cached, score=7.181, required 4)
  no      Message 4bsM5k4xJmz4rT6 from 192.0.2.7 (a@b.example) to d.example is spam, SpamAssassin (not cached, score=7.181, required 4)

signature judged
  literal Message
  pattern {message}(?:not )?spam\b
  outcome other
  yes     Message 4bsM5k4xJmz4rT6 from 192.0.2.7 (a@b.example) to d.example is spam, SpamAssassin (not cached, score=7.181, required 4, BAYES_40 -0.20)
  yes     Message 4bsM5k4xJmz4rT6 from 192.0.2.7 (a@b.example) to d.example is not spam (whitelisted), SpamAssassin (not cached, score=35.2, required 4)

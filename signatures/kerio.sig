# SPDX-License-Identifier: Apache-2.0
#
# Kerio Connect (formerly Kerio MailServer): its security, mail and warning logs. The language is
# in wavebreak-signatures(5).
#
# Written from the messages of Kerio MailServer 6 to Kerio Connect 10 as its manual and its logs
# show them. By syslog they come with the tag kerio.
#
# Which part of a line the server itself wrote: mostly the address follows fixed words, and the
# client's text comes after it. Where a user or a recipient is named first, the address ends the
# line. An envelope address is at most 320 bytes, a login may be of any length: hence the bounds.

# Without the full stop that may end the sentence.
define ip     {addr}(?<!\.)
# doesn't: with whatever apostrophe.
define user   User .{1,300} doesn.{1,3}t exist\. Attempt from IP address
define wrong  Invalid password for user .{1,300}\. Attempt from IP address
define by     (?:(?:SMTP|POP3|IMAP|HTTP|HTTPS|LDAP|NNTP|XMPP|CalDAV|CardDAV)[A-Za-z/ ]{0,30}: )?

service kerio
  server kerio
  tag    kerio

signature unknown-recipient
  pattern ^Attempt to deliver to unknown recipient <.{0,350}>, from <.{0,350}>, IP address {ip}\.?$
  outcome unknown-recipient
  yes     Attempt to deliver to unknown recipient <c@d.example>, from <a@b.example>, IP address 192.0.2.7
  client  192.0.2.7
  yes     Attempt to deliver to unknown recipient <c@d.example>, from <x>, IP address 198.51.100.1, from <a@b.example>, IP address 2001:db8::7
  client  2001:db8::7
  no      Attempt to deliver to unknown recipient <c@d.example>, from <a@b.example>, IP address 198.51.100.1>
  no      Recv: Queue-ID: 5ddc, Subject: Attempt to deliver to unknown recipient <c@d.example>, from <a@b.example>, IP address 198.51.100.1

signature harvest
  pattern ^Directory harvest attack from (?:IP address )?{ip}(?:[ ,.]|$)
  outcome unknown-recipient
  yes     Directory harvest attack from IP address 192.0.2.7 detected
  client  192.0.2.7

# Logged whether the list refuses the message or only adds to its spam score. Either way the
# list names the client.
signature dnsbl-reject
  pattern ^IP address {ip} found in DNS blacklist [^,<>]{1,100}, mail from <
  outcome listed
  yes     IP address 192.0.2.7 found in DNS blacklist SpamCop, mail from <a@b.example> to <c@d.example> rejected
  client  192.0.2.7
  yes     IP address 192.0.2.7 found in DNS blacklist BarracudaCentral, mail from <IP address 198.51.100.1 found in DNS blacklist x> to <c@d.example>
  client  192.0.2.7

signature relay-denied
  pattern ^Relay attempt from IP address {ip}(?:[ ,.]|$)
  outcome relay-denied
  yes     Relay attempt from IP address 192.0.2.7, mail from <a@b.example> to <c@elsewhere.example> rejected
  client  192.0.2.7

signature auth-failure
  pattern ^Failed (?:SMTP|POP3|IMAP|LDAP|NNTP|XMPP|HTTPS?|[A-Za-z]{2,20}) login from {ip}(?:[ ,.]|$)
  outcome auth-failure
  yes     Failed IMAP login from 192.0.2.7, user anna
  client  192.0.2.7
  yes     Failed SMTP login from 192.0.2.7 with SASL method CRAM-MD5.
  client  192.0.2.7
  yes     Failed POP3 login from 2001:db8::7, user x. Attempt from IP address 198.51.100.1.
  client  2001:db8::7

signature unknown-user
  literal Attempt from IP address
  pattern ^{by}(?:{user}|{wrong}) {ip}\.?$
  outcome auth-failure
  yes     SMTP: User printer@d.example doesn't exist. Attempt from IP address 192.0.2.7.
  client  192.0.2.7
  yes     IMAP: Invalid password for user anna@d.example. Attempt from IP address 192.0.2.7.
  client  192.0.2.7
  yes     HTTP/WebMail: User x doesn't exist. Attempt from IP address 198.51.100.1. doesn't exist. Attempt from IP address 192.0.2.7.
  client  192.0.2.7
  no      SMTP: User x doesn't exist. Attempt from IP address 198.51.100.1. y

signature admin-login
  pattern ^Administration login into [A-Za-z ]{1,60} from {ip} failed(?:[ :.]|$)
  outcome auth-failure
  yes     Administration login into Web Administration from 192.0.2.7 failed: IP address not allowed
  client  192.0.2.7

# Before the greeting: talked too early, or came only to see who is there.
signature spam-attack
  pattern ^SMTP Spam attack detected from {ip}(?:[ ,.]|$)
  outcome protocol-abuse
  yes     SMTP Spam attack detected from 192.0.2.7, client closed connection before SMTP greeting
  client  192.0.2.7
  yes     SMTP Spam attack detected from 192.0.2.7, client sent data before SMTP greeting
  client  192.0.2.7

signature no-reverse-name
  pattern ^Client with IP address {ip} has no reverse DNS entry, connection rejected
  outcome policy-refused
  yes     Client with IP address 192.0.2.7 has no reverse DNS entry, connection rejected before SMTP greeting
  client  192.0.2.7

signature sender-refused
  pattern ^Message from IP address {ip}, sender <[^<>]{0,350}> rejected: sender domain does not exist\.?$
  outcome sender-refused
  yes     Message from IP address 192.0.2.7, sender <a@nowhere.example> rejected: sender domain does not exist
  client  192.0.2.7
  no      Message from IP address 192.0.2.7, sender <a> rejected: sender domain does not exist <b@c.example> accepted

signature message-refused
  pattern ^Message from IP address {ip}, sender <[^<>]{0,350}> rejected: [^<>]*$
  outcome policy-refused
  yes     Message from IP address 192.0.2.7, sender <a@b.example> rejected: the sender is in the custom blacklist
  client  192.0.2.7

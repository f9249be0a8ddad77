# SPDX-License-Identifier: Apache-2.0
#
# HCL (IBM, Lotus) Domino: its console log, written by CONSOLE_LOG_ENABLED=1 or by a syslog
# agent. The language is in wavebreak-signatures(5).
#
# Written from the messages of Domino 6 to 14 as its console shows them. In front of the text
# there may stand "[PROCESS:THREAD-ID] " (on Unix), and the time as the locale of the server has
# it: 27-07-2026, 27.07.2026, 2026-07-27, 07/27/2026 ... 03:05:01 PM.
#
# Which part of a line the server itself wrote: a login name stands before the address and may
# have blanks and brackets, so the address counts only at the end of the line. In front of a name
# nothing is to be believed but the task and the first words. A name of Domino's has at most 256
# bytes; a longer one may have pushed the end of the line out of some buffer.

define head  ^(?:\[[0-9A-Fa-f:-]{5,60}\]\x20+)?(?:[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}\x20+[0-9]{1,2}[:.][0-9]{2}[:.][0-9]{2})?\x20*(?:[AP]M\x20+)?
# "SMTP Server: " or, with more detail, "SMTP Server [000527:000013-0000001227564800] ".
define smtp  {head}SMTP Server(?::| \[[0-9A-Fa-f:-]{5,60}\])\x20
# A host as it is named: its address, perhaps in brackets, perhaps behind its name in the DNS.
define host  (?:[A-Za-z0-9._-]{1,255} )?[(\[]?{addr}(?<!\.)[)\]]?

service domino
  server domino

signature auth-failure
  literal authentication failure using internet password
  pattern {head}(?:smtp|http|imap|pop3|ldap): .{0,300} \[?{addr}\]? authentication failure using internet password(?:: [A-Za-z ]{1,60})?\.?\x20*$
  outcome auth-failure
  yes     smtp: postmaster [192.0.2.7] authentication failure using internet password
  client  192.0.2.7
  yes     [28325:00010-3735542592] 22-06-2014 09:56:12   smtp: postmaster [192.0.2.7] authentication failure using internet password
  client  192.0.2.7
  yes     07/27/2026 03:05:01 PM  http: user [2001:db8::7] authentication failure using internet password
  client  2001:db8::7
  yes     [007577:000017-00007F621246D700] 20.03.2022 07:36:43   http: IP Address [192.0.2.7] authentication failure using internet password: User is locked out
  client  192.0.2.7
  yes     smtp: x [198.51.100.1] authentication failure using internet password [192.0.2.7] authentication failure using internet password
  client  192.0.2.7
  yes     smtp: a name of many words 192.0.2.7 authentication failure using internet password
  client  192.0.2.7
  no      smtp: x [198.51.100.1] authentication failure using internet password [192.0.2.7]
  no      SMTP Server: Message 004E3D21 (MessageID: smtp: x [198.51.100.1] authentication failure using internet password

signature auth-failure-smtp
  literal Authentication failed for
  pattern {smtp}Authentication failed for (?:user )?.{0,300} ?; connecting host {host}\.?\x20*$
  outcome auth-failure
  yes     SMTP Server: Authentication failed for user postmaster ; connecting host 192.0.2.7
  client  192.0.2.7
  yes     SMTP Server: Authentication failed for user x ; connecting host 198.51.100.1 ; connecting host [192.0.2.7]
  client  192.0.2.7
  no      SMTP Server: Authentication failed for user x ; connecting host 198.51.100.1 and more

# Hosts without a name, and those of the administrator's lists.
signature connection-refused
  literal rejected for policy reasons
  pattern {smtp}Connection from {host} rejected for policy reasons\.
  outcome policy-refused
  yes     SMTP Server [000527:000013-0000001227564800] Connection from [192.0.2.7] rejected for policy reasons. IP address of connecting host not found in reverse DNS lookup.
  client  192.0.2.7
  yes     09/09/2020 01:37:38 AM  SMTP Server [1D44:0658-0C6C] Connection from [192.0.2.7] rejected for policy reasons.
  client  192.0.2.7
  no      SMTP Server: Mail from x Connection from [198.51.100.1] rejected for policy reasons. rejected for policy reasons.

# Which list names the host is told on a line of its own, whatever is done about it.
signature dnsbl-hit
  literal found in DNS
  pattern {smtp}(?:Remote host|Host|Connecting host|Remote system) {addr}(?: \([A-Za-z0-9._-]{0,255}\))? (?:was )?found in DNS [Bb]lacklist at [A-Za-z0-9._-]+\.?\x20*$
  outcome listed
  yes     SMTP Server: Remote host 192.0.2.7 (mail.example.com) found in DNS blacklist at bl.example
  client  192.0.2.7

# Refusals of senders and recipients name no address.
signature refused
  literal rejected for policy reasons
  pattern {smtp}(?:Attempt to relay mail to|Mail from|Mail to) .{1,600} rejected for policy reasons\.
  outcome other
  yes     SMTP Server: Attempt to relay mail to c@elsewhere.example rejected for policy reasons. Relays to recipient's domain denied in your configuration.

signature accepted
  pattern {head}(?:SMTP Server: Authentication succeeded for user .{0,300} ?; connecting host|POP3 Server: .{0,300} logged in; connecting host|IMAP Server: .{0,300} logged in from) {host}\.?\x20*$
  outcome accepted
  yes     SMTP Server: Authentication succeeded for user Anna Muster/Example ; connecting host 192.0.2.7
  client  192.0.2.7
  yes     [28325:00010-3735542592] 22-06-2014 09:56:12   POP3 Server: anna logged in; connecting host 192.0.2.7
  client  192.0.2.7
  yes     IMAP Server: anna logged in from 2001:db8::7
  client  2001:db8::7

signature connected
  literal  connected
  pattern {head}(?:SMTP|POP3|IMAP) Server: {host} connected\x20*$
  outcome connected
  yes     SMTP Server: mail.example.com (192.0.2.7) connected
  client  192.0.2.7
  yes     09/09/2020 01:37:38 AM  SMTP Server: 192.0.2.7 connected
  client  192.0.2.7
  no      SMTP Server: 192.0.2.7 disconnected. 0 message[s] received

# SPDX-License-Identifier: Apache-2.0
#
# maddy 0.2 to 0.8. The language is in wavebreak-signatures(5).
#
# Written from its log functions (framework/log) and the statements that name an address
# (internal/auth/sasl.go, internal/endpoint). A line is
#     NAME: TEXT<tab>{"key":"value",...}
# with the keys in the order of the alphabet. Values are JSON, so quotes and line feeds in them
# are escaped and one can always tell where a value ends.
#
# Which part of a line the server itself wrote: NAME, TEXT, and src_ip. Only these lines name an
# address; a refusal of a recipient or a message names its message, which has no address yet.
#
# Read it by the journal or by syslog: in a file of maddy's own the NAME "imap" or "smtp" looks
# like the tag of another server's program.

define value (?:"(?:[^"\\]++|\\.)*+"|[0-9.eE+-]+|true|false|null)
define from  \t\{(?:"(?!src_ip")[A-Za-z_0-9]+":{value},)*+"src_ip":"\[?{addr}\]?:{port}"
define name  ^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(?:Z|[+-][0-9:]{5}) )?[a-z0-9_./-]{1,60}:\x20

service maddy
  server maddy
  tag    maddy

signature auth-failure
  literal authentication failed
  pattern {name}authentication failed{from}
  outcome auth-failure
  yes     submission/sasl: authentication failed	{"reason":"invalid credentials","src_ip":"192.0.2.7:40112","username":"anna"}
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z imap: authentication failed	{"reason":"x \",\"src_ip\":\"198.51.100.1:1\"","src_ip":"[2001:db8::7]:40112","username":"\",\"src_ip\":\"198.51.100.1:1"}
  client  2001:db8::7
  no      smtp: incoming message	{"msg_id":"","sender":"smtp: authentication failed\t{\"src_ip\":\"198.51.100.1:1\"}@b.example","src_host":"x","src_ip":"192.0.2.7:40112"}

signature many-bad-recipients
  literal possible dictonary attack
  pattern {name}too many RCPT errors, possible dictonary attack{from}
  outcome unknown-recipient
  yes     smtp: too many RCPT errors, possible dictonary attack	{"msg_id":"0a1b2c3d","src_ip":"192.0.2.7:40112"}
  client  192.0.2.7

signature many-bad-senders
  literal possible dictonary attack
  pattern {name}MAIL FROM repeated error a lot of times, possible dictonary attack{from}
  outcome sender-refused
  yes     smtp: MAIL FROM repeated error a lot of times, possible dictonary attack	{"count":6,"src_ip":"192.0.2.7:40112"}
  client  192.0.2.7

# SPDX-License-Identifier: Apache-2.0
#
# hMailServer 4 to 5.7: its own log, with SMTP, IMAP, POP3 and TCP/IP logging switched on. The
# language is in wavebreak-signatures(5).
#
# Written from its log functions (Logger.cpp) and replies (SMTPConnection.cpp, POP3Connection.cpp).
# Columns are separated by tabs; line feeds in the text are "[nl]":
#     "SMTPD" THREAD SESSION "TIME" "ADDR" "SENT: 550 Unknown user"
#
# Which part of a line the server itself wrote: all up to "SENT: " or "RECEIVED: ". Only SENT: of
# SMTPD, POP3D and IMAPD is a reply to a client. SMTPC and POP3C are for mail that we send or
# fetch. In front of an IMAP reply stands the tag, which is the client's and has no blanks.

define head  ^"SMTPD"\t[0-9]{1,10}\t[0-9]{1,10}\t"[0-9: .-]{19,30}"\t"{addr}"\t"SENT:\x20
define mbox  ^"(?:POP3D|IMAPD)"\t[0-9]{1,10}\t[0-9]{1,10}\t"[0-9: .-]{19,30}"\t"{addr}"\t"SENT:\x20

service hmailserver
  server hmailserver

signature auth-failure
  literal SENT: 535
  pattern {head}{reply}[ -]
  reply   535
  outcome auth-failure
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 535 Authentication failed. Restarting authentication process."
  client  192.0.2.7
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"2001:db8::7"	"SENT: 535 Authentication failed. Too many invalid logon attempts."
  client  2001:db8::7
  no      "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"RECEIVED: "	"198.51.100.1"	"SENT: 535 Authentication failed."
  no      "SMTPC"	2980	35	"2026-07-27 15:05:01.214"	"198.51.100.1"	"SENT: 535 x"

signature mailbox-auth-failure
  literal Invalid user name or password
  pattern {mbox}(?:-ERR|[^ "]{1,60} NO) Invalid user name or password
  outcome auth-failure
  yes     "POP3D"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: -ERR Invalid user name or password."
  client  192.0.2.7
  yes     "IMAPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: A01 NO Invalid user name or password."
  client  192.0.2.7

signature unknown-recipient
  literal Unknown user
  pattern {head}{reply} Unknown user
  reply   550
  outcome unknown-recipient
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 550 Unknown user"
  client  192.0.2.7

signature relay-denied
  literal Delivery is not allowed
  pattern {head}{reply} Delivery is not allowed to this address
  reply   550
  outcome relay-denied
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 550 Delivery is not allowed to this address."
  client  192.0.2.7

signature bad-command
  literal SENT: 50
  pattern {head}{reply}[ -]
  reply   500-504
  outcome protocol-abuse
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 503 Bad sequence of commands"
  client  192.0.2.7

signature too-big
  literal SENT: 552
  pattern {head}{reply}[ -]
  reply   552
  outcome other
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 552 Message size exceeds fixed maximum message size."

# DNS lists, SPF, HELO and the administrator's rules answer with texts of their own.
signature policy-refused
  literal SENT: 5
  pattern {head}{reply}[ -]
  reply   530, 55x
  outcome policy-refused
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 530 SMTP authentication is required."
  client  192.0.2.7
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 554 Rejected by bl.example 198.51.100.1"
  client  192.0.2.7
  no      "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 451 Please try again later. 550"

signature accepted
  literal SENT: 235
  pattern {head}{reply}[ -]
  reply   235
  outcome accepted
  yes     "SMTPD"	2980	35	"2026-07-27 15:05:01.214"	"192.0.2.7"	"SENT: 235 authenticated."
  client  192.0.2.7

# SPDX-License-Identifier: Apache-2.0
#
# Stalwart, from 0.10 on, in the text format of its log file or console. The language is in
# wavebreak-signatures(5).
#
# Written from its tracing (crates/trc: the text serializer and the names of events). A line is
#     TIME LEVEL DESCRIPTION (EVENT) KEY = VALUE, KEY = VALUE, ...
#
# Which part of a line the server itself wrote: all up to EVENT, and the keys of the connection,
# which come first: listenerId, localPort, remoteIp, remotePort. In the values behind them a
# quote is written as it is, so nothing there is believed; line feeds are escaped. An event
# whose first keys are others names no address.
#
# By the journal a line keeps its own time, unless the console's is off. Colours (ansi) have to
# be off, and the event level at info or finer.

define head ^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(?:Z|[+-][0-9:]{5}) )?(?:INFO|WARN|ERROR|DEBUG|TRACE) [A-Za-z][A-Za-z0-9 /:'-]{1,80} \(
define from \) (?:listenerId = "[^"]{1,60}", )?(?:protocol = [A-Za-z0-9"]{1,12}, )?(?:localIp = [0-9A-Fa-f.:]{2,45}, )?(?:localPort = [0-9]{1,5}, )?remoteIp = {addr}(?=,|$)

service stalwart
  server stalwart
  tag    stalwart stalwart-mail

signature auth-failure
  literal remoteIp =
  pattern {head}(?:auth\.failed|auth\.too-many-attempts|smtp\.auth-not-allowed|security\.authentication-ban){from}
  outcome auth-failure
  yes     INFO Authentication failed (auth.failed) listenerId = "imaps", localPort = 993, remoteIp = 192.0.2.7, remotePort = 40112, accountName = "anna", id = "a"
  client  192.0.2.7
  yes     2026-07-27T13:05:01Z INFO Banned due to authentication errors (security.authentication-ban) listenerId = "smtp", localPort = 25, remoteIp = 2001:db8::7, remotePort = 40112
  client  2001:db8::7
  no      INFO SMTP EHLO command (smtp.ehlo) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112, domain = "x (auth.failed) listenerId = "smtp", localPort = 25, remoteIp = 198.51.100.1, y"
  no      INFO Authentication failed (auth.failed) accountName = "x", remoteIp = 198.51.100.1, y", remoteIp = 192.0.2.7

signature unknown-recipient
  literal remoteIp =
  pattern {head}smtp\.(?:mailbox-does-not-exist|too-many-invalid-rcpt){from}
  outcome unknown-recipient
  yes     INFO Mailbox does not exist (smtp.mailbox-does-not-exist) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112, to = "x@d.example"
  client  192.0.2.7

signature relay-denied
  literal remoteIp =
  pattern {head}smtp\.relay-not-allowed{from}
  outcome relay-denied
  yes     INFO Relay not allowed (smtp.relay-not-allowed) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112, to = "x@elsewhere.example"
  client  192.0.2.7

signature policy-refused
  literal remoteIp =
  pattern {head}(?:smtp\.mail-from-unauthenticated|security\.(?:abuse-ban|ip-blocked)){from}
  outcome policy-refused
  yes     INFO Blocked IP address (security.ip-blocked) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112
  client  192.0.2.7

signature protocol-abuse
  literal remoteIp =
  pattern {head}(?:smtp\.(?:invalid-command|command-not-implemented|syntax-error|invalid-ehlo|did-not-say-ehlo|request-too-large|auth-mechanism-not-supported|auth-exchange-too-long|invalid-recipient-address|invalid-parameter)|security\.(?:scan|loiter|brute-force)-ban){from}
  outcome protocol-abuse
  yes     INFO Invalid command (smtp.invalid-command) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112
  client  192.0.2.7
  yes     INFO Banned due to scan (security.scan-ban) listenerId = "https", localPort = 443, remoteIp = 192.0.2.7, remotePort = 40112, path = "/wp-login.php"
  client  192.0.2.7

signature sender-refused
  literal remoteIp =
  pattern {head}smtp\.invalid-sender-address{from}
  outcome sender-refused
  yes     INFO Invalid sender address (smtp.invalid-sender-address) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112
  client  192.0.2.7

signature accepted
  literal remoteIp =
  pattern {head}auth\.success{from}
  outcome accepted
  yes     INFO Authentication successful (auth.success) listenerId = "imaps", localPort = 993, remoteIp = 192.0.2.7, remotePort = 40112, accountName = "anna"
  client  192.0.2.7

# remoteIp of a delivery event is somebody else's server.
signature connected
  literal remoteIp =
  pattern {head}(?:smtp|imap|pop3)\.connection-start{from}
  outcome connected
  yes     INFO SMTP connection started (smtp.connection-start) listenerId = "smtp", localPort = 25, remoteIp = 192.0.2.7, remotePort = 40112
  client  192.0.2.7
  no      INFO SMTP authentication failed (delivery.auth-failed) remoteIp = 198.51.100.1, hostname = "mx.example.com"

# SPDX-License-Identifier: Apache-2.0
#
# Microsoft Exchange Server 2007 to 2019: the protocol log of its receive connectors, and events
# of its transport service as a forwarder sends them by syslog. The language is in
# wavebreak-signatures(5).
#
# Written from the description of protocol logging, the replies of the transport service, and
# event 1035 of MSExchangeTransport. A line of the protocol log is
#     TIME,CONNECTOR,SESSION,NUMBER,LOCAL,REMOTE,EVENT,DATA,CONTEXT
# with the connector's name in quotes where it has a comma. EVENT is '+' or '-' for the begin or
# end of a connection, '>' for what Exchange sent, '<' for what it got, '*' for its own remarks.
#
# Which part the server itself wrote: all up to EVENT, and DATA of '>'. The log of a send
# connector has the same columns, but there '>' are our commands, which begin with no number, and
# '<' are the other server's replies. So only '>' with a code is a reply to a client.
#
# A reply may quote the client behind its code.

define head  ^(?:\xef\xbb\xbf)?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}Z,(?:[^,"]{1,200}|"[^"]{1,200}"),[0-9A-F]{8,20},[0-9]{1,9},[][0-9A-Fa-f:.%]{3,60},\[?{addr}(?:%[0-9]+)?\]?:{port},
define said  {head}>,"?{reply}\x20

service exchange
  server exchange
  tag    MSExchangeTransport MSExchangeFrontEndTransport EdgeTransport

signature connected
  literal ,+,
  pattern {head}\+,
  outcome connected
  yes     2026-07-27T13:05:01.214Z,EX1\Default Frontend EX1,08DA4F7C11473A60,0,203.0.113.5:25,192.0.2.7:53722,+,,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,"EX1\Internet, all",08DA4F7C11473A60,0,[2001:db8::5]:25,[2001:db8::7]:53722,+,,
  client  2001:db8::7

signature auth-failure
  literal 535
  pattern {said}
  reply   535
  outcome auth-failure
  yes     2026-07-27T13:05:01.214Z,EX1\Default Frontend EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,535 5.7.3 Authentication unsuccessful,
  client  192.0.2.7
  no      2026-07-27T13:05:01.214Z,EX1\Default Frontend EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,<,"x,203.0.113.5:25,198.51.100.1:53722,>,535 5.7.3 Authentication unsuccessful",
  no      2026-07-27T13:05:01.214Z,Outbound,08DA4F7C11473A60,9,203.0.113.5:4711,192.0.2.7:25,<,535 5.7.3 Authentication unsuccessful,

signature accepted
  literal ,>,
  pattern {said}(?:2\.7\.0 Authentication successful|2\.6\.0 .{1,600} Queued mail for delivery)
  reply   235, 250
  outcome accepted
  yes     2026-07-27T13:05:01.214Z,EX1\Default Frontend EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,235 2.7.0 Authentication successful,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,19,203.0.113.5:25,192.0.2.7:53722,>,250 2.6.0 <x@a.example> [InternalId=1] Queued mail for delivery,

# The text of an IP block list provider, unless it has one of its own.
signature dnsbl-reject
  literal found on a block list
  pattern {said}5\.7\.1 Recipient not authorized, your IP has been found on a block list
  reply   550
  outcome listed
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,"550 5.7.1 Recipient not authorized, your IP has been found on a block list",
  client  192.0.2.7
  no      2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,<,RCPT TO:<550 5.7.1 found on a block list>,

signature unknown-recipient
  literal ,>,
  pattern {said}5\.(?:1\.1|1\.10|4\.1)\b
  reply   550
  outcome unknown-recipient
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.1.1 User unknown,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup,
  client  192.0.2.7

signature relay-denied
  literal Unable to relay
  pattern {said}5\.7\.[0-9]{1,2} (?:SMTP; )?Unable to relay
  reply   550
  outcome relay-denied
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.7.1 Unable to relay,

signature sender-refused
  literal ,>,
  pattern {said}5\.(?:1\.0|1\.8|7\.1) (?:SMTP; )?Sender\x20
  reply   550, 554
  outcome sender-refused
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,554 5.1.0 Sender denied,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.7.1 Sender ID (PRA) Not Permitted,

# Sizes and quotas, and a user that is logged in and writes as somebody else.
signature unavailable
  literal ,>,
  pattern {said}(?:5\.2\.[0-9]|5\.3\.[0-9]|5\.7\.(?:1|60) (?:SMTP; )?Client does not have permissions to send (?:as|on behalf))
  reply   55x
  outcome other
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,552 5.3.4 Message size exceeds fixed maximum message size,
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.7.60 SMTP; Client does not have permissions to send as this sender,

signature policy-refused
  literal ,>,
  pattern {head}>,"?{reply}\x20
  reply   530, 55x
  outcome policy-refused
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,550 5.7.1 External client with IP address 192.0.2.7 does not have permissions to submit to this server.,
  client  192.0.2.7
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM,
  no      2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,451 4.7.0 Temporary server error. Please try again later. 550,

signature bad-command
  literal ,>,
  pattern {said}
  reply   500-504
  outcome protocol-abuse
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,500 5.3.3 Unrecognized command 'GET',
  client  192.0.2.7

signature too-many-errors
  literal Too many errors
  pattern {said}4\.7\.0 Too many errors on this connection
  reply   421
  outcome protocol-abuse
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,"421 4.7.0 Too many errors on this connection, closing transmission channel",
  client  192.0.2.7

# Of one source; the sentence about the server's own limit says "server connections".
signature at-limit
  literal has exceeded
  pattern {said}4\.(?:3\.2 The maximum number of concurrent connections has exceeded a limit|4\.2 Message submission rate for this client has exceeded the configured limit)
  reply   421
  outcome at-limit
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,0,203.0.113.5:25,192.0.2.7:53722,>,"421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel",
  client  192.0.2.7
  no      2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,0,203.0.113.5:25,192.0.2.7:53722,>,"421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel",

signature server-full
  literal concurrent server connections has exceeded
  pattern ^[^,]{10,40}Z,(?:[^,"]{1,200}|"[^"]{1,200}"),[0-9A-F]{8,20},[0-9]{1,9},[^,]{3,60},[^,]{3,60},>,"?421 4\.3\.2 The maximum number of concurrent server connections has exceeded
  outcome server-full
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,0,203.0.113.5:25,192.0.2.7:53722,>,"421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel",

signature timed-out
  literal ,>,
  pattern {said}4\.(?:7\.0 Timeout waiting for client input|4\.1 Connection timed out)
  reply   421, 451
  outcome timed-out
  yes     2026-07-27T13:05:01.214Z,EX1\Default EX1,08DA4F7C11473A60,9,203.0.113.5:25,192.0.2.7:53722,>,451 4.7.0 Timeout waiting for client input,
  client  192.0.2.7

# Event 1035. The connector's name is the administrator's.
signature auth-failure-event
  pattern ^Inbound authentication failed with error [A-Za-z]{1,60} for Receive connector .{1,200}\. The authentication mechanism is [A-Za-z0-9-]{1,40}\. The source IP address of the client who tried to authenticate to Microsoft Exchange is \[{addr}\]
  outcome auth-failure
  yes     Inbound authentication failed with error LogonDenied for Receive connector Default Frontend EX1. The authentication mechanism is Login. The source IP address of the client who tried to authenticate to Microsoft Exchange is [192.0.2.7].
  client  192.0.2.7

# SPDX-License-Identifier: Apache-2.0
#
# Oracle Communications Messaging Server (iPlanet, Sun Java System): the connection entries of
# mail.log_current or connection.log_current. The language is in wavebreak-signatures(5).
#
# Written from the description of LOG_CONNECTION and LOG_FORMAT in the reference of Messaging
# Server 6 to 8. LOG_CONNECTION has to be set (7 or more: opens, closes, refusals; 128 adds
# logins). LOG_FORMAT=4 writes each entry as an XML element:
#     <co ts="..." [no="..."] pi="..." sc="..." dr="+" ac="U" tr="TCP|LOCAL|PORT|ADDR|PORT" ap="..." mi="..." us="..." di="..."/>
# and the default format as columns.
#
# Which part of an entry the server itself wrote: all up to ap=. tr= has our address and port,
# then the client's; dr="+" means that the other side connected to us, "-" that we did. us= is
# the login name and di= the reply, which may quote it.

define co   ^<co (?:ts|no|pi)="[^"]{0,80}" (?:(?:no|pi)="[^"]{0,80}" ){0,2}sc="[^"]{0,80}" dr="\+"\x20
define from tr="TCP\|[0-9A-Fa-f.:]{2,45}\|[0-9]{1,5}\|{addr}\|{port}"
define old  ^\x20?[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}(?:\.[0-9]+)?\x20+(?:[0-9a-f]+\.[0-9a-f.]+\x20+)?[a-z0-9_-]+\x20+\+\x20+
define went TCP\|[0-9A-Fa-f.:]{2,45}\|[0-9]{1,5}\|{addr}\|{port}

service oracleims
  server oracleims

signature auth-failure
  literal ac="U
  pattern {co}ac="U[A-Z]{0,3}" {from} ap="[^"]{0,200}" mi="(?:Bad password|No such user|Unknown user|User not found|Authentication failed|Bad user name)[^"]{0,100}"
  outcome auth-failure
  yes     <co ts="2026-07-27T15:05:01.99" pi="72aa.17f0.25622" sc="tcp_local" dr="+" ac="U" tr="TCP|203.0.113.5|25|192.0.2.7|4299" ap="SMTP" mi="Bad password" us="anna@d.example" di="535 5.7.8 Bad username or password (Authentication failed)."/>
  client  192.0.2.7
  yes     <co ts="2026-07-27T15:05:01.99" pi="1.2.3" sc="tcp_submit" dr="+" ac="US" tr="TCP|2001:db8::5|465|2001:db8::7|4299" ap="SMTP/TLS-128-RC4" mi="Bad password" us="x&quot; tr=&quot;TCP|203.0.113.5|25|198.51.100.1|1&quot;" di="535 5.7.8 no"/>
  client  2001:db8::7
  yes     <co ts="2026-07-27T15:05:01.99" pi="1.2.3" sc="tcp_local" dr="+" ac="U" tr="TCP|203.0.113.5|25|192.0.2.7|4299" ap="SMTP" mi="Bad password" us="x" tr="TCP|203.0.113.5|25|198.51.100.1|1" di="535 5.7.8 no"/>
  client  192.0.2.7
  no      <co ts="2026-07-27T15:05:01.99" pi="1.2.3" sc="tcp_local" dr="-" ac="U" tr="TCP|203.0.113.5|25|198.51.100.1|4299" ap="SMTP" mi="Bad password" us="x" di="535 5.7.8 no"/>

# Whatever else the server says of a login that it answered with 535.
signature auth-refused
  literal ac="U
  pattern {co}ac="U[A-Z]{0,3}" {from} ap="[^"]{0,200}" mi="(?!Authentication successful)[^"]{0,200}"(?: us="[^"]{0,500}")? di="{reply}\b
  reply   535
  outcome auth-failure
  yes     <co ts="2026-07-27T15:05:01.99" pi="1.2.3" sc="tcp_local" dr="+" ac="U" tr="TCP|203.0.113.5|25|192.0.2.7|4299" ap="SMTP" mi="Account disabled" us="x" di="535 5.7.8 no"/>
  client  192.0.2.7
  no      <co ts="2026-07-27T15:05:01.99" pi="1.2.3" sc="tcp_local" dr="+" ac="U" tr="TCP|203.0.113.5|25|192.0.2.7|4299" ap="SMTP" mi="Error contacting authentication server" us="x" di="454 4.7.0 535 later"/>

signature accepted
  literal ac="U
  pattern {co}ac="U[A-Z]{0,3}" {from} ap="[^"]{0,200}" mi="Authentication successful
  outcome accepted
  yes     <co ts="2026-07-27T15:05:01.94" pi="72a9.3b4.3774" sc="tcp_submit" dr="+" ac="U" tr="TCP|203.0.113.5|465|192.0.2.7|60766" ap="SMTP/TLS-128-RC4" mi="Authentication successful - switched to channel tcp_submit" us="anna@d.example" di="235 2.7.0 LOGIN authentication successful."/>
  client  192.0.2.7

# PORT_ACCESS and the like, before the greeting.
signature connection-refused
  literal ac="X
  pattern {co}ac="X[A-Z]{0,3}" {from}
  outcome policy-refused
  yes     <co ts="2026-07-27T15:05:01.94" pi="1.2.3" sc="tcp_local" dr="+" ac="X" tr="TCP|203.0.113.5|25|192.0.2.7|60766" ap="SMTP" di="554 5.7.1 Not allowed"/>
  client  192.0.2.7

signature connected
  literal ac="O
  pattern {co}ac="O[A-Z]{0,3}" {from}
  outcome connected
  yes     <co ts="2026-07-27T15:05:01.94" pi="1.2.3" sc="tcp_local" dr="+" ac="O" tr="TCP|203.0.113.5|25|192.0.2.7|60766" ap="SMTP"/>
  client  192.0.2.7

# The default format.
signature connection-refused-columns
  literal  TCP|
  pattern {old}X[A-Z]{0,3}\x20+{went}
  outcome policy-refused
  yes     19-Feb-2026 17:02:08.70 1e488.0 tcp_local    +            X TCP|203.0.113.5|25|192.0.2.7|1244 SMTP
  client  192.0.2.7

signature connected-columns
  literal  TCP|
  pattern {old}O[A-Z]{0,3}\x20+{went}
  outcome connected
  yes     19-Feb-2026 17:02:08.70 tcp_local    +            O TCP|203.0.113.5|25|192.0.2.7|1244 SMTP
  client  192.0.2.7
  no      19-Feb-2026 17:02:08.70 tcp_local    -            O TCP|203.0.113.5|1244|192.0.2.7|25 SMTP

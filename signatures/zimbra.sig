# SPDX-License-Identifier: Apache-2.0
#
# Zimbra Collaboration: mailbox.log and audit.log of its mailbox server. Its Postfix, nginx and
# saslauthd write logs of their own. The language is in wavebreak-signatures(5).
#
# Written from what Zimbra 6 to 10 can write (SoapEngine, ZimbraLog, RemoteIP, the handlers of
# IMAP and POP3, ZimbraInvalidLoginFilter). A line is
#     TIME LEVEL  [THREAD] [KEY=VALUE;KEY=VALUE;...] CATEGORY - TEXT
#
# Which part of a line the server itself wrote:
# - THREAD may end in the URL of a request, which has no blanks.
# - KEY=VALUE: a ';' in a value is doubled and line feeds are blanks, so one can always tell
#   where a value ends. First come, in this order, name, aname, mid and ip, then all the others;
#   name, ua and via are the client's.
# - ip is the peer. oip is the client as another server of Zimbra's or a proxy told it. With HTTP
#   it is taken from trusted peers only, and is a header that each proxy has added to: the last
#   address is what the trusted one has seen. With IMAP and POP3 (ID, XOIP) it is taken from
#   anybody, so it is believed only when the peer is on this host or in a private network.
# - TEXT begins with the server's words.
#
# A failed login over HTTP is told by two or three lines of mailbox.log, by categories account,
# SoapEngine or soap, and one of audit.log. The one of SoapEngine and that of audit.log count.

define thread ^(?:INFO|WARN|ERROR)\x20+\[[^ ]+\] \[
define value  (?:[^;]++|;;)*+;(?!;)
define names  (?:(?!o?ip=)[A-Za-z]+={value})*+
define rest   (?:[A-Za-z]+={value})*+\]\x20
# An address as Java writes it.
define java   \[?{addr}\]?(?:%[A-Za-z0-9]+)?
# HTTP: the last address of oip, or ip where there is no oip.
define http   ^(?:INFO|WARN|ERROR)\x20+\[(?!Imap|Pop3)[^ ]+\] \[{names}(?|(?:ip={value}{names})?oip=(?:(?:[^;]|;;)*, ?)?{java};(?!;)|ip={java};(?!(?:[A-Za-z]+={value})*?oip=)){rest}
# IMAP and POP3: oip behind a peer of our own, or ip where there is no oip.
define own    \[?(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|0:0:0:0:0:0:0:1\b|::1\b|[fF][cCdD][0-9a-fA-F]{2}:)[^;]*
define line   ^(?:INFO|WARN|ERROR)\x20+\[(?:Imap|Pop3)[^ ]+\] \[{names}(?|ip={own};{names}oip={java};(?!;)|ip={java};(?!(?:[A-Za-z]+={value})*?oip=)){rest}
define audit  security - cmd=(?:Admin)?Auth; account={value} protocol=[a-z0-9_]+;

service zimbra
  server zimbra

signature auth-failure
  literal authentication failed for [
  pattern {http}(?:SoapEngine - handler exception: |soap - SoapEngine: (?:handler exception - )?)authentication failed for \[
  outcome auth-failure
  yes     INFO  [qtp93314457-137:https://mail.example.com:7071/service/admin/soap/AuthRequest] [name=anna@d.example;oip=192.0.2.7;port=52016;ua=ZimbraWebClient - GC88 (Linux);soapId=9fd8101;] SoapEngine - handler exception: authentication failed for [anna@d.example], invalid password
  client  192.0.2.7
  yes     INFO  [qtp93314457-324:smtp://smtp.example.com:7073/service/admin/soap/] [oip=192.0.2.7;oport=57752;oproto=smtp;soapId=688cb579;] SoapEngine - handler exception: authentication failed for [x], account not found
  client  192.0.2.7
  yes     INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [name=x;;oip=198.51.100.1;;;oip=192.0.2.7;ua=a;;ip=198.51.100.2;;] SoapEngine - handler exception: authentication failed for [y;] SoapEngine - handler exception: authentication failed for [x], account not found;] SoapEngine - handler exception: authentication failed for [z], invalid password
  client  192.0.2.7
  yes     INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [oip=198.51.100.1, 192.0.2.7;ua=x;] SoapEngine - handler exception: authentication failed for [y], account not found
  client  192.0.2.7
  yes     INFO  [btpool0-3://mail.example.com/service/soap/AuthRequest] [ip=2001:db8:0:0:0:0:0:7;ua=ZimbraWebClient;] SoapEngine - handler exception: authentication failed for [y], account not found
  client  2001:db8::7
  no      INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [ua=x;;oip=198.51.100.1;;ip=198.51.100.1;] SoapEngine - SoapEngine - handler exception: authentication failed for [y], account not found

# What the mailbox server could not do, without a reason: an exception of the SMTP login of an
# account that it has found. Mostly the account is locked or its login is not allowed, but the
# directory may be out of order as well, so it weighs little.
signature smtp-login-exception
  literal SoapEngine - handler exception
  pattern ^WARN\x20+\[[^ ]+:smtp://[^ ]+\] \[name={value}oip={java};(?!;)oport=[0-9]+;oproto=smtp;(?:soapId=[0-9a-f]+;)?\] SoapEngine - handler exception$
  outcome auth-failure
  score   5
  yes     WARN  [qtp93314457-589:smtp://smtp.example.com:7073/service/admin/soap/] [name=anna@d.example;oip=192.0.2.7;oport=41496;oproto=smtp;soapId=688cb582;] SoapEngine - handler exception
  client  192.0.2.7
  no      WARN  [qtp93314457-589:https://mail.example.com/service/soap/] [name=anna@d.example;oip=192.0.2.7;ua=x;soapId=688cb582;] SoapEngine - handler exception

signature audit-failure
  literal security - cmd=
  pattern {http}{audit} error=authentication failed for \[
  outcome auth-failure
  yes     WARN  [qtp1-2:https://mail.example.com:443/service/soap/AuthRequest] [name=anna@d.example;oip=192.0.2.7;ua=zclient/8.8.15_GA_3869;soapId=1;] security - cmd=Auth; account=anna@d.example; protocol=soap; error=authentication failed for [anna@d.example], invalid password;
  client  192.0.2.7
  yes     WARN  [qtp1-2:https://mail.example.com:7071/service/admin/soap/AuthRequest] [name=admin@d.example;ip=10.0.0.2;oip=192.0.2.7;ua=ZimbraWebClient;] security - cmd=AdminAuth; account=admin@d.example;; x; protocol=soap; error=authentication failed for [admin@d.example], invalid password;
  client  192.0.2.7
  no      INFO  [qtp1-2:https://mail.example.com:443/service/soap/AuthRequest] [oip=192.0.2.7;ua=x;] security - cmd=Auth; account=x;; protocol=soap;; error=authentication failed for [; protocol=soap;

signature audit-failure-line
  literal security - cmd=
  pattern {line}{audit} error=authentication failed for \[
  outcome auth-failure
  yes     WARN  [ImapSSLServer-57] [ip=10.0.0.1;oip=192.0.2.7;via=10.0.0.1(nginx/1.20.0);ua=Zimbra/8.8.15;cid=91;] security - cmd=Auth; account=anna@d.example; protocol=imap; error=authentication failed for [anna@d.example], invalid password;
  client  192.0.2.7
  yes     WARN  [Pop3SSLServer-5] [ip=192.0.2.7;] security - cmd=Auth; account=anna@d.example; protocol=pop3; error=authentication failed for [anna@d.example], invalid password;
  client  192.0.2.7
  no      WARN  [Pop3SSLServer-5] [ip=192.0.2.7;oip=198.51.100.1;] security - cmd=Auth; account=anna@d.example; protocol=pop3; error=authentication failed for [anna@d.example], invalid password;

# Which of the two addresses is the client's is not known.
signature audit-failure-unclear
  literal security - cmd=
  pattern {thread}{names}ip={value}(?:[A-Za-z]+={value})*+\] {audit} error=authentication failed for \[
  outcome other
  yes     WARN  [Pop3SSLServer-5] [ip=192.0.2.7;oip=198.51.100.1;] security - cmd=Auth; account=anna@d.example; protocol=pop3; error=authentication failed for [anna@d.example], invalid password;

signature accepted
  literal security - cmd=
  pattern {http}{audit}$
  outcome accepted
  yes     INFO  [qtp1-2:https://mail.example.com:443/service/soap/AuthRequest] [name=anna@d.example;oip=192.0.2.7;ua=zclient/8.8.15_GA_3869;] security - cmd=Auth; account=anna@d.example; protocol=soap;
  client  192.0.2.7

signature accepted-line
  literal security - cmd=
  pattern {line}{audit}$
  outcome accepted
  yes     INFO  [Pop3Server-13] [ip=172.16.0.3;oip=192.0.2.7;] security - cmd=Auth; account=anna@d.example; protocol=pop3;
  client  192.0.2.7

# mailbox.log has one line of a failed IMAP or POP3 login.
signature account-failure-line
  literal authentication failed for
  pattern {line}account - (?:Error occurred during authentication: )?authentication failed for \[
  outcome auth-failure
  yes     INFO  [ImapServer-3] [ip=127.0.0.1;oip=192.0.2.7;via=127.0.0.1(nginx/1.20.0);ua=Zimbra/8.8.15;cid=91;] account - Error occurred during authentication: authentication failed for [x]. Reason: account not found.
  client  192.0.2.7
  no      INFO  [ImapServer-3] [ip=203.0.113.1;oip=198.51.100.1;] account - authentication failed for [x] (account lockout)

signature account-failure
  literal authentication failed for
  pattern {http}account - (?:Error occurred during authentication: )?authentication failed for \[
  outcome other
  yes     INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [oip=192.0.2.7;ua=x;] account - Error occurred during authentication: authentication failed for [x]. Reason: account not found.

# The filter against repeated failures, since 8.5; the address is that of RemoteIP above.
signature suspended
  literal for repeated failed login
  pattern {thread}{rest}misc - Access (?:from|to) IP (?:[0-9A-Fa-f.:, ]*, ?)?{java} ?suspended, for repeated failed login\.$
  outcome at-limit
  yes     INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [] misc - Access from IP 192.0.2.7 suspended, for repeated failed login.
  client  192.0.2.7
  no      INFO  [qtp1-2:https://mail.example.com/service/soap/AuthRequest] [ua=x] misc - Access from IP 198.51.100.1 suspended, for repeated failed login.;] soap - AuthRequest

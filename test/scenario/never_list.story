story: the backup MX is never banned, whatever the log says of it

given  ban.never 192.0.2.0/24, ban.never 2001:db8:1::/48
when   192.0.2.25:4711 connects
and    the log says 10 times in 1m  courieresmtpd: error,relay=::ffff:192.0.2.25,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.25 is not banned
and    192.0.2.25:4711 is still connected
and    192.0.2.25 is protected by 192.0.2.0/24
and    explain 192.0.2.25 says  It is never banned: 192.0.2.0/24 is on the never-list (ban.never).
and    explain 192.0.2.25 says  added 100: score 100
and    the administrator cannot ban 192.0.2.25
when   the log says  courieresmtpd: error,relay=2001:db8:1:7::25,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   2001:db8:1:7::25 is not banned
when   the log says  courieresmtpd: error,relay=192.0.3.25,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.3.25 is banned
when   the administrator allows 192.0.3.0/24
then   192.0.3.25 is not banned                # its ban was lifted at once
and    192.0.3.25 is protected by 192.0.3.0/24

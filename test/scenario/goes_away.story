story: a zombie that gives up is forgotten after ban.for

given  ban.for 10m, ban.at_most 1h
when   192.0.2.7:4711 connects
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
and    3m pass and it tries again              # the kernel slides the ban, and tells nobody
then   192.0.2.7 is banned for 10m
when   9m pass
then   192.0.2.7 is banned for 1m
and    explain 192.0.2.7 says  banned since 2026-07-27 19:12:17
when   2m pass
then   192.0.2.7 is not banned
and    explain 192.0.2.7 says  192.0.2.7 is not banned.
and    192.0.2.7 gets in

story: a hundred refusals in one connection are one ban

given  ban.for 10m, ban.at_most 1h
when   192.0.2.7:4711 connects
and    the log says 100 times in 10s  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 is banned for 10m
and    explain 192.0.2.7 says  banned since 2026-07-27 19:12:17
and    explain 192.0.2.7 says  Of 100 offences, the latest events:

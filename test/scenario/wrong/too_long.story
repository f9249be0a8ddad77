story: a ban that is said to last longer than it does

given  ban.for 9m
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 is banned for 10m

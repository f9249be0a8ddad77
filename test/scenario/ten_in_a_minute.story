story: ten unknown recipients in a minute are a dictionary

given  ban.score 100, judge.half_life 10m
when   198.51.100.9:25000 connects
and    the log says 5 times in 30s  courieresmtpd: error,relay=::ffff:198.51.100.9,port=25000,from=<a@b.example>,to=<alice@d.example>: 550 User unknown.
then   198.51.100.9 is not banned              # the first of the five has begun to fade
when   the log says 5 times in 30s  courieresmtpd: error,relay=::ffff:198.51.100.9,port=25000,from=<a@b.example>,to=<bob@d.example>: 550 User unknown.
then   198.51.100.9 is banned
and    198.51.100.9:25000 is evicted

story: an honest server that is listed by mistake gets through once an hour to be told so

given  ban.for 10m, ban.at_most 1h
when   198.51.100.9:25000 connects
and    the log says  courieresmtpd: error,relay=::ffff:198.51.100.9,port=25000,from=<a@b.example>,to=<c@d.example>: 511 listed
then   198.51.100.9 is banned
when   it tries every 5m until 1h has passed
then   198.51.100.9 is not banned              # though its retries slid the ban eleven times
and    198.51.100.9 got in 1 times
when   it connects
then   198.51.100.9 got in 2 times
when   the log says  courieresmtpd: error,relay=::ffff:198.51.100.9,port=25000,from=<a@b.example>,to=<c@d.example>: 511 listed
then   198.51.100.9 is banned for 10m          # a new ban, with an hour of its own
when   it tries every 5m for 59m
then   198.51.100.9 is banned
when   2m pass                                 # delisted meanwhile: this time nobody complains
then   198.51.100.9 gets in
when   30m pass
then   198.51.100.9 is not banned

story: ten unknown recipients over a day are a mailing list that got old

given  ban.score 100, judge.half_life 10m
when   the log says 10 times in 1d  courieresmtpd: error,relay=::ffff:198.51.100.9,port=25000,from=<list@b.example>,to=<gone@d.example>: 550 User unknown.
then   198.51.100.9 is not banned
and    the score of 198.51.100.9 is 0          # 2h24m after the last of them
and    explain 198.51.100.9 says  Of 10 offences, the latest events:

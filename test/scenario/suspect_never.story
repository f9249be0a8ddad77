story: who is never banned is never led to the gate

given  ban.never 192.0.2.0/24, suspect.score 20
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   the score of 192.0.2.7 is 40
and    192.0.2.7 comes to the mail server directly
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 511 listed
then   192.0.2.7 comes to the mail server directly

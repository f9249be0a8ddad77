story: who is clean at the gate, or was let in by hand, has the short way again

given  suspect.score 20, suspect.for 1h
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the gate finds 192.0.2.7 clean
then   192.0.2.7 comes to the mail server directly
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.7 is led to the gate             # a new offence is a new suspicion
when   the administrator unbans 192.0.2.7
then   192.0.2.7 comes to the mail server directly
and    the score of 192.0.2.7 is 0
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
and    the administrator allows 192.0.2.0/24
then   192.0.2.7 comes to the mail server directly
when   the log says  courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,from=<a@b.example>,to=<c@d.example>: 550 User unknown.
then   192.0.2.7 comes to the mail server directly

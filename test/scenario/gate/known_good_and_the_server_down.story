story: a known client that the server does not take hears a 421 in the place of a greeting

when   192.0.2.7 connects
and    6s pass
then   it is let in
and    it hears  220-mx.example.test ESMTP
when   the mail server is down
and    192.0.2.7:4712 connects
then   it hears  421 4.3.2 …
and    it is closed
and    it is remembered as good

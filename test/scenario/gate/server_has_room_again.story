story: a client that waits for a full server is let in when it has room, with all that it said

given  gate.full_wait 30s
and    the mail server is full
when   192.0.2.7 connects
and    6s pass
and    it says  EHLO sender.example
and    20s pass
then   it still waits
when   the mail server has room
then   it is let in
and    it hears  220-mx.example.test ESMTP
and    the mail server hears of it  EHLO sender.example\r\n

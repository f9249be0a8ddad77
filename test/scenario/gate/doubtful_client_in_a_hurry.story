story: a doubtful client that does not wait adds a point, and what it said is not lost when it is let in

given  gate.server 2525
and    gate.handoff transparent
and    gate.helo 2
and    192.0.2.0/24 has no reverse name
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it sends  EHLO sender.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.exam
then   it is let in
and    the mail server hears of it  EHLO sender.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.exam
and    gate_pipelining counts 1

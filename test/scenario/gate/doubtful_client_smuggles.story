story: what is no command never comes to the mail server behind a name

given  gate.server 2525
and    gate.handoff transparent
and    gate.helo 2
and    192.0.2.0/24 has no reverse name
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it sends  EHLO sender.example\r\nNOOP\nMAIL FROM:<a@b.example>\r\n
then   it hears  421 4.7.0 Commands only, one at a time, closing
and    it is closed

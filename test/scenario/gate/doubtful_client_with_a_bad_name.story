story: a client that is a little suspect and calls itself by our name is rejected for both

given  gate.server 127.0.0.1:2525
and    gate.handoff proxy
and    zone bl.example weight 2
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  EHLO mx.example.test
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it is answered 250
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; it calls itself by a name that cannot be its own; ask …
and    it is remembered as bad

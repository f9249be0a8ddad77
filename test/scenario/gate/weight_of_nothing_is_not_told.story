story: what the administrator gives no weight is not said to be a reason

given  gate.no_reverse 0
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
and    192.0.2.0/24 has no reverse name
when   192.0.2.7 connects
and    it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask …

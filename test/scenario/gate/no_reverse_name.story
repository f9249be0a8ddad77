story: an address without a name adds a point, and decides nothing alone

given  192.0.2.0/24 has no reverse name
and    zone bl.example weight 2
and    bl.example lists 192.0.2.8 as 127.0.0.2
when   192.0.2.7 connects
and    192.0.2.8 connects
and    6s pass
then   192.0.2.7 is let in
and    it hears  220-mx.example.test ESMTP
and    192.0.2.8 talks to the gate
when   it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.8] is refused: bl.example names it; its address has no name in the DNS; ask …
and    gate_no_reverse counts 2

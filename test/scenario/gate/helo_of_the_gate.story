story: a refused client that calls itself by the gate's own name is told so

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  HELO MX.Example.TEST
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; it calls itself by a name that cannot be its own; ask …
and    gate_helo counts 1

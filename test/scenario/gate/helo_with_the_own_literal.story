story: an address literal that is the client's own is a sensible EHLO, of IPv6 as well

given  zone bl.example weight 3
and    bl.example lists 2001:db8::/32 as 127.0.0.2
when   2001:db8::7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  HELO [IPv6:2001:db8::7]
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [2001:db8::7] is refused: bl.example names it; ask the postmaster …
and    gate_helo counts 0

story: of three lists one is down; what the other two say is enough

given  zone one.example weight 2
and    zone two.example weight 2
and    zone down.example weight 2
and    one.example lists 192.0.2.0/24 as 127.0.0.2
and    two.example lists 192.0.2.0/24 as 127.0.0.3
and    down.example never answers
when   192.0.2.7 connects
and    5s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says at once  EHLO zombie.example + RCPT TO:<c@d.example>
then   it hears  250-mx.example.test
and    it hears  250-PIPELINING
and    it hears  250-SIZE 0
and    it hears  250-8BITMIME
and    it hears  250 ENHANCEDSTATUSCODES
and    it hears  550 5.7.1 [192.0.2.7] is refused: one.example names it; two.example names it, too; it did not wait …

story: two lists of usual weight decide, and both are named

given  zone one.example replies 127.0.0.2
and    zone two.example replies 127.0.0.4
and    one.example lists 192.0.2.0/24 as 127.0.0.2
and    two.example lists 192.0.2.0/24 as 127.0.0.4
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  HELO zombie.example
then   it hears  250 mx.example.test
when   it says  MAIL FROM:<>
then   it hears  250 2.1.0 …
when   it says  RCPT TO:<c@d.example>
then   it hears  550 5.7.1 [192.0.2.7] is refused: one.example names it; two.example names it, too; ask the postmaster of mx.example.test by another way

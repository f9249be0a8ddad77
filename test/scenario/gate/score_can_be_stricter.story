story: an administrator who wants it stricter refuses from one point on

given  gate.reject_at 1
and    192.0.2.0/24 has no reverse name
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  HELO [192.0.2.7]
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it is answered 250
and    it is answered 250
and    it hears  550 5.7.1 [192.0.2.7] is refused: its address has no name in the DNS; ask …

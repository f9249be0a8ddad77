story: the administrator's own words for a list, with the client's address in them

given  gate.contact "postmaster@example.org"
and    zone bl.example weight 3
and    zone bl.example text "look at https://bl.example/?ip=%a for the reason"
and    bl.example explains  What the list itself says is not needed then.
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it (look at https://bl.example/?ip=192.0.2.7 for the reason); ask postmaster@example.org

story: with the server down a clean client is told 421 at once, and a refused one its 550 all the same

given  zone bl.example weight 3
and    bl.example lists 192.0.2.66 as 127.0.0.2
and    the mail server is down
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  421 4.3.2 …
and    it is closed
when   192.0.2.66 connects
then   it is greeted
when   it says  HELO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it is answered 250
and    it is answered 250
and    it is answered 550

story: a client that an allow list names as well is refused all the same, and only told what speaks against it

given  zone white.example weight -2
and    zone bl.example weight 5
and    bl.example lists 192.0.2.7 as 127.0.0.2
and    white.example lists 192.0.2.7 as 127.0.5.1
when   192.0.2.7 connects
then   it is greeted
when   it says  HELO sender.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it is answered 250
and    it is answered 250
and    it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask …

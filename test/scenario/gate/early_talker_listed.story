story: an early talker that a list names as well is refused, in one greeting of one code

given  zone bl.example weight 1
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   it says  HELO zombie.example
then   it hears  220 mx.example.test ESMTP          # the same code as that of the first line
and    it hears  250 mx.example.test
when   it says  MAIL FROM:<a@b.example>
then   it hears  250 2.1.0 …
when   it says  RCPT TO:<c@d.example>
then   it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; it spoke before our greeting; ask …

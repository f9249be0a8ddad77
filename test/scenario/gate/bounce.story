story: a bounce, from nobody, is told as well: the postmaster of the other side will read it

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<>
then   it hears  250 2.1.0 …
when   it says  RCPT TO:<Postmaster>
then   it hears  550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask …
and    the administrator reads of it  EHLO sender.example, MAIL FROM:<>, RCPT TO:<Postmaster>: 550 …

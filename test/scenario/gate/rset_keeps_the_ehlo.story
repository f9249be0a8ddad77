story: RSET forgets the sender and not the EHLO, and may come at any time

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  RSET
then   it hears  250 2.0.0 …
when   it says  MAIL FROM:<a@b.example>
then   it hears  503 5.5.1 Say EHLO or HELO first
when   it says  EHLO sender.example
then   it is answered 250
when   it says  RSET
then   it hears  250 2.0.0 …
when   it says  MAIL FROM:<a@b.example>
then   it hears  250 2.1.0 …

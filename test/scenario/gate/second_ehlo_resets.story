story: a second EHLO forgets the sender, as RSET does

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  EHLO sender.example
then   it is answered 250
when   it says  RCPT TO:<c@d.example>
then   it hears  503 5.5.1 Name the sender first, by MAIL
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250

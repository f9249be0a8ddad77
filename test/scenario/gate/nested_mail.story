story: a second MAIL within a transaction is out of order, and after RSET it is not

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  HELO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  MAIL FROM:<other@b.example>
then   it hears  503 5.5.1 There is a sender already
when   it says  RCPT TO:<c@d.example>
then   it is answered 550
when   it says  RSET
then   it hears  250 2.0.0 …
when   it says  RCPT TO:<c@d.example>
then   it hears  503 5.5.1 Name the sender first, by MAIL
when   it says  MAIL FROM:<other@b.example>
then   it is answered 250

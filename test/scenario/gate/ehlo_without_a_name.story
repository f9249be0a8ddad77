story: EHLO without a name is a mistake, and changes nothing

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  HELO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  EHLO
then   it hears  501 5.5.4 …
when   it says  RCPT TO:<c@d.example>                 # the sender still stands (RFC 5321 section 4.1.4)
then   it hears  550 5.7.1 …

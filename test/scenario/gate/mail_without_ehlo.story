story: MAIL before EHLO or HELO is out of order

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  MAIL FROM:<a@b.example>
then   it hears  503 5.5.1 Say EHLO or HELO first
when   it says  RCPT TO:<c@d.example>
then   it hears  503 5.5.1 Name the sender first, by MAIL
when   it says  DATA
then   it hears  503 5.5.1 …
when   it says  NOOP                                  # needs no EHLO (RFC 5321 section 4.1.4)
then   it hears  250 2.0.0 …
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it hears  250 2.1.0 …

story: beyond gate.recipients a recipient is refused for now, and each transaction counts anew

given  gate.recipients 100
and    gate.errors 1
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says 120 times  RCPT TO:<c@d.example>
then   it hears 100 times  550 5.7.1 …
and    it hears 20 times  452 4.5.3 Too many recipients
and    gate_recipients_over counts 20
when   it says  RSET
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  RCPT TO:<c@d.example>
then   it hears  550 5.7.1 …

story: DATA after refused recipients is told 554, and the dialogue goes on

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  RCPT TO:<c@d.example>
then   it is answered 550
when   it says  DATA
then   it hears  554 5.5.1 No valid recipients
and    it talks to the gate
when   it says  RSET
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says  RCPT TO:<e@f.example>
then   it is answered 550
and    gate_recipients_refused counts 2
and    gate_sessions_rejected counts 1

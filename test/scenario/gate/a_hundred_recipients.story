story: each of a hundred and fifty recipients has its own 550, and no limit ends that

given  gate.errors 1
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it is answered 250
when   it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   it says 150 times  RCPT TO:<c@d.example>
then   it hears 150 times  550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask the postmaster of mx.example.test by another way
and    it talks to the gate
and    gate_recipients_refused counts 150

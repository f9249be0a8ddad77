story: who has had its 550 has nothing left to wait for, and less time for it

given  gate.command_time 60s
and    gate.told_time 20s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO zombie.example
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it is answered 250
and    it is answered 250
and    it is answered 550
when   19999ms pass
then   it talks to the gate
when   1ms pass
then   it hears  421 4.4.2 mx.example.test waited too long for a command, closing
and    it is closed

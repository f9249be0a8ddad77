story: each command has its own time

given  gate.command_time 60s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   59s pass
and    it says  EHLO sender.example
then   it is answered 250
when   59s pass
and    it says  MAIL FROM:<a@b.example>
then   it is answered 250
when   59s pass
then   it talks to the gate
when   1s pass
then   it hears  421 4.4.2 …
and    it is closed

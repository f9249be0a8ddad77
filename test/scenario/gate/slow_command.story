story: a client that takes too long for a command is told 421, however many bytes it sent of it

given  gate.command_time 60s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   50s pass
and    it sends  EHLO sen
and    9999ms pass
then   it hears nothing
and    it talks to the gate
when   it sends  der.exam
and    1ms pass
then   it hears  421 4.4.2 mx.example.test waited too long for a command, closing
and    it is closed
and    gate_timeouts counts 1

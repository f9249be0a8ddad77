story: at gate.commands commands the session is ended with 421, though none of them was wrong

given  gate.commands 10
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says 9 times  NOOP
then   it hears 9 times  250 2.0.0 …
and    it talks to the gate
when   it says  NOOP
then   it hears  250 2.0.0 …
and    it hears  421 4.7.0 Too many commands, closing
and    it is closed
and    gate_commands_over counts 1

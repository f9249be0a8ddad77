story: at gate.errors wrong commands the session is ended with 421, and told why

given  gate.errors 3
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  FOO
and    it says  BAR
then   it hears 2 times  500 5.5.1 …
and    it talks to the gate
when   it says at once  RCPT TO:<c@d.example> + NOOP
then   it hears  503 5.5.1 …
and    it hears  421 4.7.0 Too many errors, closing
and    it is closed
and    gate_errors_over counts 1

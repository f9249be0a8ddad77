story: what looks like HTTP after a HELO is a wrong command, no more

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    it says  HELO zombie.example
and    it says  GET / HTTP/1.1
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it hears  250 mx.example.test
and    it hears  500 5.5.1 The command is not known
and    it talks to the gate

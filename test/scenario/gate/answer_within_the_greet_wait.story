story: an answer that comes during the greet wait is acted on when it comes

given  gate.greet_wait 6s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.0/24 as 127.0.0.2
and    bl.example answers after 3s
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   2999ms pass
then   it still waits
and    it hears nothing
when   1ms pass
then   it hears  220 mx.example.test ESMTP
and    it talks to the gate

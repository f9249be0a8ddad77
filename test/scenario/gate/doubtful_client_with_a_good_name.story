story: a client that is a little suspect and calls itself sensibly comes to the mail server, which hears its name

given  gate.server 2525
and    gate.handoff transparent
and    zone bl.example weight 2
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
and    6s pass
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
and    it talks to the gate
when   it says  EHLO sender.example
then   it is let in
and    the mail server hears of it  EHLO sender.example\r\n
and    it is remembered as good
and    gate_helo counts 0

story: lists that need longer than the greet wait are waited for, up to gate.dns_wait

given  gate.greet_wait 2s
and    gate.dns_wait 10s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
and    bl.example answers after 8s
when   192.0.2.7 connects
and    192.0.2.8 connects
and    7999ms pass
then   192.0.2.7 still waits
and    it hears  220-mx.example.test ESMTP
and    192.0.2.8 still waits
and    it hears  220-mx.example.test ESMTP
when   1ms pass
then   192.0.2.8 is let in
and    192.0.2.7 talks to the gate
and    it hears  220 mx.example.test ESMTP

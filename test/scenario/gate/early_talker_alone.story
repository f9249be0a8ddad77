story: an early talker that no list knows is let in, and the server hears what it said

given  gate.greet_wait 6s
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   1s pass
and    it says  EHLO impatient.example
then   it is let in                                 # it has shown what the wait was for
and    the mail server hears of it  EHLO impatient.example\r\n
and    it hears nothing
and    gate_early_talker counts 1

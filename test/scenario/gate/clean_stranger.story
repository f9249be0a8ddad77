story: a clean stranger waits once, and its greeting is finished by the mail server

given  gate.greet_wait 6s
and    zone bl.example weight 3
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   5999ms pass
then   it still waits
when   1ms pass
then   it is let in
and    it hears nothing
and    it is remembered as good
and    gate_sessions_rejected counts 0

story: a clean client waits for a full server, and is told 421 when gate.full_wait is over

given  gate.greet_wait 6s
and    gate.full_wait 30s
and    the mail server is full
when   192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   35999ms pass
then   it still waits
and    it hears nothing
when   1ms pass
then   it hears  220 mx.example.test ESMTP           # one greeting of one code, and then the 421
and    it hears  421 4.3.2 The mail server takes no connection now, try again later
and    it is closed
and    it is a stranger                               # it did not pass, and did not fail
and    gate_server_unavailable counts 1

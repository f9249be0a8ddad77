story: a clean client that stayed away for gate.remember_pass is a stranger again

given  gate.remember_pass 7d
when   192.0.2.7 connects
and    6s pass
then   it is let in
and    it hears  220-mx…
when   it hangs up
and    7d pass
then   it is a stranger
when   it connects
then   it still waits
and    it hears  220-mx.example.test ESMTP

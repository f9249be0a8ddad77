story: a wave makes nobody wait less than gate.greet_wait

given  gate.greet_wait 20s
and    zone bl.example weight 3
when   a wave begins
and    192.0.2.7 connects
then   it hears  220-mx.example.test ESMTP
when   19999ms pass
then   it still waits
when   1ms pass
then   it is let in

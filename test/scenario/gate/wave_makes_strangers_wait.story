story: who comes in a wave waits longer for its greeting, and who is known or was here before does not

given  gate.greet_wait 6s
and    zone bl.example weight 3
when   192.0.2.7 connects
then   192.0.2.7 may hear anything
when   1s pass
and    a wave begins                               # wave.greet_wait is 12s
and    198.51.100.7 connects
then   it hears  220-mx.example.test ESMTP
when   4999ms pass
then   192.0.2.7 still waits
when   1ms pass
then   192.0.2.7 is let in
when   6999ms pass
then   198.51.100.7 still waits
when   1ms pass
then   198.51.100.7 is let in
and    198.51.100.7 hears nothing
when   192.0.2.7 connects
then   it is let in                                # it is remembered
when   the wave is over
and    203.0.113.7 connects
then   it hears  220-mx.example.test ESMTP
when   5999ms pass
then   it still waits
when   1ms pass
then   it is let in

story: a value that is none

given  gate.dns_wait 5s
and    gate.greet_wait soon
when   192.0.2.7 connects
then   it still waits

story: a counter that is none

when   192.0.2.7 connects
then   gate_zombies counts 1

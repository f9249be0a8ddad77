story: a setting that the gate has not

given  gate.greet_weight 6s
when   192.0.2.7 connects
then   it still waits

story: a counter that says something else

when   192.0.2.7 connects
then   it hears  220-…
and    gate_early_talker counts 1

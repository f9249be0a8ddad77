story: a list that the gate does not ask

given  zone bl.example weight 3
and    lb.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it still waits

story: a client that did nothing is led to the gate

given  suspect.score 20
when   1m pass
then   192.0.2.7 comes to the mail server directly
and    192.0.2.7 is led to the gate

story: a session that is kept alive with NOOP ends at gate.session, and is told that it was the whole

given  gate.session 100s
and    gate.command_time 60s
and    zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   50s pass
and    it says  NOOP
then   it is answered 250
when   49s pass
and    it says  NOOP
then   it is answered 250
when   999ms pass
then   it talks to the gate
when   1ms pass
then   it hears  421 4.4.2 mx.example.test has no more time for this session, closing
and    it is closed
and    gate_timeouts counts 1

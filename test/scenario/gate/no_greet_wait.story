story: with a greet wait of nothing a clean client is let in as soon as the lists have answered

given  gate.greet_wait 0s
and    zone bl.example weight 3
and    bl.example answers after 300ms
when   192.0.2.7 connects
then   it hears nothing                            # the whole greeting is the mail server's
when   299ms pass
then   it still waits
when   1ms pass
then   it is let in
and    it hears nothing

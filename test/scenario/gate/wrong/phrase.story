story: a phrase that nobody knows

when   192.0.2.7 connects
and    it is sorry
then   it hears nothing

story: an escape that is none

when   192.0.2.7 connects
and    it sends  EHLO\q
then   it hears nothing

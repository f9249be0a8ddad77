story: a client that never came

when   192.0.2.7 connects
then   192.0.2.8 hears nothing

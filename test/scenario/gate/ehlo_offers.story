story: EHLO is answered with what the gate can do, and no more: neither STARTTLS nor AUTH

given  zone bl.example weight 3
and    bl.example lists 192.0.2.7 as 127.0.0.2
when   192.0.2.7 connects
then   it is greeted
when   it says  EHLO sender.example
then   it hears  250-mx.example.test
and    it hears  250-PIPELINING
and    it hears  250-SIZE 0
and    it hears  250-8BITMIME
and    it hears  250 ENHANCEDSTATUSCODES
when   it says  STARTTLS
then   it hears  502 5.5.1 The command is not offered here
when   it says  AUTH PLAIN AGEAYg==
then   it hears  502 5.5.1 The command is not offered here
when   it says  AUTH
then   it hears  502 5.5.1 The command is not offered here
when   it says  BDAT 12 LAST
then   it hears  502 5.5.1 The command is not offered here
when   it says  ETRN example.org
then   it hears  502 5.5.1 The command is not offered here
and    it talks to the gate

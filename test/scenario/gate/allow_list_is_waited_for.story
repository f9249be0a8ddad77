story: an early talker is not refused before the allow list has answered

given  gate.early_talker 3
and    zone white.example weight -2
and    white.example lists 192.0.2.7 as 127.0.5.1
and    white.example answers after 2s
when   192.0.2.7 connects
and    it says  EHLO impatient.example
then   it still waits
when   2s pass
then   it is let in
and    it hears  220-mx.example.test ESMTP
and    the mail server hears of it  EHLO impatient.example\r\n

story: who is banned does not connect

when   the administrator bans 192.0.2.7 for 1h
and    59m pass
and    192.0.2.7 connects
then   192.0.2.7 is banned

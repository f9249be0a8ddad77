story: an hour by hand is an hour, even when the client hammers at the door

given  ban.for 10m, ban.at_most 30m
when   192.0.2.7:4711 connects
and    the administrator bans 192.0.2.7 for 1h because told 511 all night
then   192.0.2.7 is banned for 1h
and    192.0.2.7:4711 is evicted
when   1s pass and it tries again              # the kernel's slide cuts the hour to ban.for …
then   192.0.2.7 is banned for 10m
when   it tries every 20s until 59m has passed
then   192.0.2.7 is banned                     # … and the hour is written again each time
and    explain 192.0.2.7 says  It ends then, whatever the client does.
and    explain 192.0.2.7 says  It was banned by hand: told 511 all night
when   it tries every 20s for 2m
then   192.0.2.7 is not banned

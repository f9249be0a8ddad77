story: an hour by hand is an hour for a client that tries once, and an unban ends it

given  ban.for 10m, ban.at_most 30m
when   the administrator bans 192.0.2.7 for 1h
and    1m pass and 192.0.2.7 tries again
and    30m pass
then   192.0.2.7 is banned
when   25m pass
then   192.0.2.7 is banned
when   6m pass
then   192.0.2.7 is not banned
when   the administrator bans 192.0.2.7 for 1h
and    the administrator unbans 192.0.2.7
then   192.0.2.7 gets in

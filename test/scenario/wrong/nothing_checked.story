story: nothing comes of it

when   192.0.2.7 connects

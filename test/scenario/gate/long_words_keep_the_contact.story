story: however long a list talks, the client learns which list it is and whom to ask

given  gate.contact "the people of the help desk, Monday to Friday from 8 to 18 hours, by telephone at +49 30 12345678 or 12345679"
and    zone a-list-with-a-name-of-some-length-of-the-first-kind.example weight 3
and    zone a-list-with-a-name-of-some-length-of-the-second-kind.example weight 2
and    a-list-with-a-name-of-some-length-of-the-first-kind.example explains  This address is known to us for very many messages of a kind that nobody asked for; before you write to us read our page of questions and answers, and the one after it, and then wait for a week, please
and    a-list-with-a-name-of-some-length-of-the-first-kind.example lists 2001:db8:1234:5678:9abc:def0:1234:5678 as 127.0.0.2
and    a-list-with-a-name-of-some-length-of-the-second-kind.example lists 2001:db8:1234:5678:9abc:def0:1234:5678 as 127.0.0.2
and    2001:db8:1234::/48 has no reverse name
when   2001:db8:1234:5678:9abc:def0:1234:5678 connects
then   it hears  220-mx.example.test ESMTP
and    it hears  220 mx.example.test ESMTP
when   it says  HELO localhost
and    it says  MAIL FROM:<a@b.example>
and    it says  RCPT TO:<c@d.example>
then   it hears  250 mx.example.test
and    it hears  250 2.1.0 …
and    it hears  550 5.7.1 [2001:db8:1234:5678:9abc:def0:1234:5678] is refused: a-list-with-a-name-of-some-length-of-the-first-kind.example names it (This address is known …...); a-list-with-a-name-of-some-length-of-the-second-kind.example names it, too; its address has no name in the DNS; it calls itself by a name that cannot be its own; ask the people of the help desk, Monday to Friday from 8 to 18 hours, by telephone at +49 30 12345678 or 12345679

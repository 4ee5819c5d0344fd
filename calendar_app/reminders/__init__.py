"""Who is told of which date when: subscribers, planning, the outbox, the mails."""

"""Who is told: public notices, mail and inboxes (Điều 8.2–8.4)."""

"""How figures travel: assigned, filled in, approved, sent, reviewed, consolidated (Điều 6, 7)."""

"""What is reported: regimes on a legal basis, their forms, lead agencies, working days (Điều 5)."""

"""What happened: organization life, dated."""

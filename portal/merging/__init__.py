"""Two records that are the same one: found, compared, made into one, and taken back."""

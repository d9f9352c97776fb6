"""Who exists in the parks, and who may see and write it."""

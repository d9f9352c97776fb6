"""The only place that compares the ledger of enterprises with lists from outside, and acts on what differs."""

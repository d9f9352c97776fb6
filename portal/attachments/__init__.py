"""Files beside records: what a file is (kinds), where its bytes lie (store), what is taken in and let go (keeping)."""

"""The only place where workbooks of others come in: inspected, read in a child process, turned into values."""

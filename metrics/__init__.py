"""What the facts mean on a day: coverage, indicators, statements, reports, workbooks."""

"""The only place that measures at national size: a nation in a database of its own, rivals, times, the report."""

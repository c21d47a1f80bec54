"""The anomaly at every point: an operation dies, or its database fails, at each of its statements in turn."""

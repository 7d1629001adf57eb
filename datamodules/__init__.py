"""Files to clips."""

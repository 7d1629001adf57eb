"""Tested runs side by side: a table, a plot, a page."""

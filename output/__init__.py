"""What every room writes files with."""

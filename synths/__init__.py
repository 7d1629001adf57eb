"""Sound and numbers: signal functions, synthesiser parts, timbre descriptors."""

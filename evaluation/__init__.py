"""How good a model is: resynthesis, control, disentanglement, transformation."""

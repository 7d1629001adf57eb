"""A trained model as an instrument: block by block, as ONNX, and whole files rendered."""

"""A recording taken apart into its own partials and noise, turned, and put together again, without a model."""

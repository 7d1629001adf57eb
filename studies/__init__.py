"""What is known of trained models, without torch: run folders, their figures, sweeps, comparison, dashboard."""

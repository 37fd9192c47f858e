"""What is true whatever the framework: studies, geometry, predictions and metrics."""

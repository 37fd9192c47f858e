"""What a model has to beat: answers that look at next to nothing."""

"""What a trained network reads and says of itself."""

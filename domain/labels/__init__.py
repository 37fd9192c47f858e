"""What a mask means: tissues by integer, and the regions that they make up."""

"""What is made of runs for readers: what they share, the comparison, and the cases to look at."""

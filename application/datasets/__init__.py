"""What is done with datasets: verify, describe, split, and settle what their labels mean."""
